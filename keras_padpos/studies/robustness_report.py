"""What a run of `robustness` prints."""

import itertools
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import mean_sd
from keras_padpos.report.cells import number_text
from keras_padpos.report.cells import percent_interval
from keras_padpos.report.seeds import scored_seeds
from keras_padpos.report.seeds import unscored_notes
from keras_padpos.report.table import is_scored
from keras_padpos.runs._print_run import print_run
from keras_padpos.runs.work_directory import WorkDirectory

ROBUSTNESS_KEYS = ("model", "padding_mode", "cutout")
"""What rows of one network have in common, but for its seed."""

_CELLS = ("attack", "fill", "region", "share", "epsilon")
_CLEAN = ("none", None, None, None, None)


def print_robustness_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    print_run(work, robustness_tables)


def robustness_tables(
    rows: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Lay out accuracies with squares cut out, and under attack.

    Args:
        rows: Rows of `robustness`, of one or more runs.

    Returns:
        Arguments of `print_table`, for each table that has a number; the
        first one if none has.
    """
    tables = [attack_table(rows)] if _attacked(rows) else []
    if not tables or any(row.get("fill") for row in rows):
        tables.insert(0, cutout_table(rows))
    # Rows of earlier versions have no differences.
    if any(row.get("border_minus_interior") is not None for row in rows):
        tables.append(border_table(rows))
    return tables


def cutout_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out accuracies with squares cut out of test pictures.

    Example:

    >>> row = {"model": "vgg5", "padding_mode": "zeros", "cutout": "off",
    ...        "attack": "none", "fill": None, "region": None, "share": None,
    ...        "epsilon": None, "accuracy": 0.5, "train_images": 9,
    ...        "test_images": 4, "steps": 1}
    >>> cut = {**row, "attack": "cutout", "fill": "mean", "accuracy": 0.25}
    >>> (line,) = cutout_table([row, cut])["rows"]
    >>> line["clean"], line["mean"]
    ('50.0', '25.0')

    Args:
        rows: Rows of `robustness`.

    Returns:
        Arguments of `print_table`.
    """
    fills = list(dict.fromkeys(row["fill"] for row in rows if row.get("fill")))
    lines = []
    for key, group in robustness_networks(rows).items():
        cells = robustness_cells(group)
        lines.append(
            {
                **dict(zip(ROBUSTNESS_KEYS, key, strict=True)),
                **_clean(group, cells),
                **{
                    fill: mean_sd(
                        cells.get(("cutout", fill, None, None, None), ()),
                        factor=100,
                    )
                    for fill in fills
                },
                **_ends(group),
            }
        )
    title = "Accuracy in percent, clean"
    if fills:
        title += " and with squares cut out of test pictures"
    return {
        "title": title,
        "columns": [*_network_columns(rows), *fills, *_END_COLUMNS],
        "rows": lines,
        "notes": _notes(rows),
    }


def attack_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out accuracies under attack, of the border and of the interior.

    Example:

    >>> row = {"model": "vgg5", "padding_mode": "zeros", "cutout": "off",
    ...        "attack": "pgd", "fill": None, "region": "whole",
    ...        "share": None, "epsilon": 2.0, "fraction": 1.0,
    ...        "accuracy": 0.5, "train_images": 9, "test_images": 4,
    ...        "steps": 1}
    >>> border = {**row, "region": "border", "share": 0.1, "fraction": 0.4,
    ...           "accuracy": 0.75}
    >>> (line,) = attack_table([row, border])["rows"]
    >>> line["pixels"], line["pgd border"], line["pgd interior"]
    ('40.0', '75.0', None)

    Args:
        rows: Rows of `robustness`.

    Returns:
        Arguments of `print_table`: a line for each size of the attacks and
        each width of the border.
    """
    attacks = dict.fromkeys(row["attack"] for row in _attacked(rows))
    columns = {
        f"{attack} {region}": (attack, region)
        for attack in attacks
        for region in ("whole", "border", "interior")
    }
    lines = []
    for key, group in robustness_networks(rows).items():
        cells = robustness_cells(group)
        attacked = _attacked(group)
        sizes = dict.fromkeys(row["epsilon"] for row in attacked)
        fractions = {
            row["share"]: row["fraction"] for row in attacked if row["share"]
        }
        # One that has no scores has a line, too.
        for size, share in itertools.product(
            sizes or [None], fractions or [None]
        ):
            line = {
                **dict(zip(ROBUSTNESS_KEYS, key, strict=True)),
                "epsilon": None if size is None else number_text(size),
                "pixels": mean_sd(
                    [] if share is None else [fractions[share]], factor=100
                ),
                **_clean(group, cells),
                **_ends(group),
            }
            for name, (attack, region) in columns.items():
                width = None if region == "whole" else share
                line[name] = mean_sd(
                    cells.get((attack, None, region, width, size), ()),
                    factor=100,
                )
            lines.append(line)
    return {
        "title": "Accuracy in percent under attack",
        "columns": [
            *_network_columns(rows),
            "epsilon",
            ("pixels", "border, % of pixels"),
            *columns,
            *_END_COLUMNS,
        ],
        "rows": lines,
        "notes": (
            "Border and interior have as many pixels. noise: random signs of "
            "the same size, which is what an attack has to beat.",
            *_notes(rows),
        ),
    }


def border_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out by how much attacks on the border do less than on the interior.

    Example:

    >>> row = {"model": "vgg5", "padding_mode": "zeros", "cutout": "off",
    ...        "attack": "pgd", "region": "interior", "share": 0.1,
    ...        "epsilon": 2.0, "fraction": 0.4, "seed": 0,
    ...        "border_minus_interior": 0.25,
    ...        "border_minus_interior_ci95": [-0.125, 0.5]}
    >>> (line,) = border_table([row])["rows"]
    >>> line["pixels"], line["pgd"]
    ('40.0', '+25.0 (-12.5 to +50.0)')

    Args:
        rows: Rows of `robustness`.

    Returns:
        Arguments of `print_table`: a line for each size of the attacks and
        each width of the border.
    """
    found = [
        row for row in rows if row.get("border_minus_interior") is not None
    ]
    attacks = list(dict.fromkeys(row["attack"] for row in found))
    lines: dict[tuple, dict[str, list]] = {}
    for row in found:
        names = (*ROBUSTNESS_KEYS, "epsilon", "fraction")
        key = tuple(row[name] for name in names)
        lines.setdefault(key, {}).setdefault(row["attack"], []).append(row)
    return {
        "title": "Accuracy under attack of the border less that of the "
        "interior, in percent points",
        "columns": [
            "model",
            ("padding_mode", "padding"),
            ("cutout", "trained with"),
            "epsilon",
            ("pixels", "border, % of pixels"),
            "seeds",
            *attacks,
        ],
        "rows": [
            {
                **dict(zip(ROBUSTNESS_KEYS, network, strict=True)),
                "epsilon": number_text(size),
                "pixels": mean_sd([fraction], factor=100),
                "seeds": max(map(len, cells.values())),
                **{
                    attack: _difference(cells.get(attack, ()))
                    for attack in attacks
                },
            }
            for (*network, size, fraction), cells in lines.items()
        ],
        "notes": (
            "Below 0 the border is the weaker place. Mean ± standard deviation "
            "over seeds; of one seed (the paired bootstrap interval over test "
            "pictures, 95 %).",
        ),
    }


def _difference(rows):
    words = mean_sd((row["border_minus_interior"] for row in rows), "+.1f", 100)
    if len(rows) == 1 and rows[0].get("border_minus_interior_ci95"):
        ends = rows[0]["border_minus_interior_ci95"]
        words += " ({:+.1f} to {:+.1f})".format(*(100 * end for end in ends))
    return words


_END_COLUMNS = (
    "seeds",
    ("train_images", "trained on"),
    ("test_images", "tested on"),
    "steps",
)


def robustness_cells(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[float]]:
    """Accuracies of one network, those of its seeds together.

    Args:
        rows: Rows of `robustness`.

    Returns:
        From attack, fill, region, share and epsilon to accuracies; what has
        no scores is left out.
    """
    cells: dict[tuple, list[float]] = {}
    for row in filter(is_scored, rows):
        key = tuple(row[name] for name in _CELLS)
        cells.setdefault(key, []).append(row["accuracy"])
    return cells


def robustness_networks(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[Mapping[str, Any]]]:
    """Rows of one network, those of its seeds together.

    Args:
        rows: Rows of `robustness`.

    Returns:
        From values of `ROBUSTNESS_KEYS` to rows, in their order.
    """
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in ROBUSTNESS_KEYS)
        groups.setdefault(key, []).append(row)
    return groups


def _attacked(rows):
    return [row for row in rows if is_scored(row) and row["region"]]


def _clean(group, cells):
    found = [row for row in group if is_scored(row) and row["attack"] == "none"]
    return {
        "clean": mean_sd(cells.get(_CLEAN, ()), factor=100),
        "interval": percent_interval(found),
    }


def _network_columns(rows):
    columns = [
        "model",
        ("padding_mode", "padding"),
        ("cutout", "trained with"),
        "clean",
    ]
    if _has_intervals(rows):
        columns.append(("interval", "95 %"))
    return columns


def _has_intervals(rows):
    """Rows of earlier versions have none."""
    return any(row.get("accuracy_ci95") for row in rows)


def _ends(group):
    first = next(filter(is_scored, group), group[0])
    return {
        "seeds": scored_seeds(group),
        **{
            name: first.get(name)
            for name in ("train_images", "test_images", "steps")
        },
    }


def _notes(rows):
    words = "Mean ± standard deviation over seeds"
    if _has_intervals(rows):
        words += (
            "; 95 %: of one seed the bootstrap interval over test pictures, "
            "clean"
        )
    return (
        f"{words}.",
        *unscored_notes(rows, ROBUSTNESS_KEYS),
        "No number of the paper's could be read: there is none beside.",
    )
