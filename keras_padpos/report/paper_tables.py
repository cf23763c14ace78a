"""Which of the papers' numbers have one of ours beside."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.report._position_rows import HEAD
from keras_padpos.report._position_rows import NETWORK
from keras_padpos.report.cells import score_words
from keras_padpos.report.identity import network_identity
from keras_padpos.report.names import head_words
from keras_padpos.report.names import set_words
from keras_padpos.report.names import unique_network_words
from keras_padpos.report.seeds import fit_preference
from keras_padpos.report.seeds import merge_seeds

_Row = Mapping[str, Any]


def paper_difference_tables(
    differences: Sequence[_Row],
) -> dict[str, dict[str, Any]]:
    """Lay out what `paper_differences` found, cells without a number left out.

    Example:

    >>> row = {"name": "t1", "table": "Table 1", "model": "VGG16",
    ...        "target": "gaussian", "stages": "all", "kernel_size": 3,
    ...        "head_layers": 1, "head_padding": 0, "bare": False,
    ...        "paper_test_set": "PASCAL-S", "paper_spearman": 0.8,
    ...        "paper_mae": 0.1, "network": "vgg16 (HED)", "images": 60,
    ...        "test_set": "photos", "train_images": 120, "seeds": [0],
    ...        "solver": "exact", "spearman": 0.9, "spearman_ci95": None,
    ...        "mae": 0.09, "spearman_difference": 0.1,
    ...        "mae_difference": -0.01, "mae_factor": 1}
    >>> paper_difference_tables([row])["t1"]["rows"][0]["spearman_difference"]
    '+0.100'

    Args:
        differences: As `paper_differences` returns them.

    Returns:
        From the name of each published table that has one of our numbers to
        arguments of `print_table`.
    """
    tables = {}
    for name in dict.fromkeys(row["name"] for row in differences):
        mine = [
            row
            for row in differences
            if row["name"] == name and row["network"] is not None
        ]
        if not mine:
            continue
        lines = [_line(row) for row in mine]
        heads = {line["head"] for line in lines}
        tables[name] = {
            "title": f"{mine[0]['table']}: ours less the paper's, cell by cell"
            + (f", head {lines[0]['head']}" if len(heads) == 1 else ""),
            "columns": [
                ("target_words", "target"),
                *(["head"] if len(heads) > 1 else []),
                ("pictures", "scored on"),
                ("model", "paper"),
                ("network", "ours"),
                ("paper_spearman", "SPC, paper"),
                ("spearman", "SPC, ours"),
                ("spearman_ci95", "95 %"),
                ("spearman_difference", "ours − paper"),
                ("paper_mae", "MAE, paper"),
                ("mae", "MAE, ours"),
                ("mae_difference", "ours − paper"),
                ("seeds", "seeds"),
                ("fitted", "fitted"),
            ],
            "rows": lines,
            "notes": _notes(mine),
        }
    return tables


def _line(row: _Row) -> dict[str, Any]:
    bare = ", network without padding" if row["bare"] else ""
    return {
        **row,
        "network": row["network"].removesuffix(", zeros padding"),
        "target_words": row["target"].replace("_", " "),
        "head": head_words(row) + bare,
        "pictures": f"{set_words(row['test_set'])} ({row['images']})",
        "spearman": _score(row, "spearman"),
        "spearman_difference": f"{row['spearman_difference']:+.3f}",
        "mae": _score(row, "mae"),
        "mae_difference": f"{row['mae_difference']:+.3f}"
        + (" *" if row["mae_factor"] != 1 else ""),
        "seeds": len(row["seeds"]),
        "fitted": f"{row['solver']}, {row['train_images']} pictures",
    }


def _score(row: _Row, metric: str) -> float | str:
    """A number as it is, so that it stands on the right; seeds in words."""
    if len(row["seeds"]) == 1:
        return row[metric]
    return score_words(row, metric, count=False)


def _notes(rows: Sequence[_Row]) -> list[str]:
    notes = [
        "Paper: ImageNet weights, SGD, trained on DUT-S; photographs of "
        "PASCAL-S, for which any of ours stand. 95 %: of our SPC, over "
        "pictures; the paper tells no intervals."
    ]
    if any(len(row["seeds"]) > 1 for row in rows):
        notes.append("±: standard deviation over seeds.")
    if any(row["mae_factor"] != 1 for row in rows):
        notes.append(
            "* The paper's stripes lie in [-1, 1], ours in [0, 1]: our MAE is "
            "doubled before the paper's is taken from it."
        )
    return notes


def paper_place(row: _Row) -> tuple:
    """What a published cell measured, but for its network and pictures.

    Example:

    >>> paper_place({"target": "gaussian", "padding_mode": "none",
    ...              "stages": None, "kernel_size": 3, "head_layers": 1,
    ...              "head_padding": 0})
    ('gaussian', True, 'all', 3, 1, 0)

    Args:
        row: A row of `published.read_out_tables`.

    Returns:
        The target, whether the network has no padding, and the fields `HEAD`.
    """
    stages = row["stages"] or "all"
    head = [stages, *(row[name] for name in HEAD if name != "stages")]
    return (row["target"], is_bare(row), *head)


def is_at_place(row: _Row, place: tuple) -> bool:
    """Whether a row of ours measured the same.

    Example:

    >>> row = {"target": "gaussian", "backbone": "vgg16", "stages": "all",
    ...        "padding_mode": "zeros", "kernel_size": 3, "head_layers": 1,
    ...        "head_padding": 0}
    >>> is_at_place(row, ("gaussian", False, "all", 3, 1, 0))
    True
    >>> is_at_place(row, ("gaussian", True, "all", 3, 1, 0))
    False

    Args:
        row: As `position_rows` returns it.
        place: As `paper_place` returns it.

    Returns:
        Whether target, head and removed padding are the same. The bare
        picture has no padding to remove.
    """
    target, bare, *head = place
    return (
        row["target"] == target
        and [row[name] for name in HEAD] == head
        and (not bare if row["backbone"] == "rgb" else is_bare(row) == bare)
    )


def is_bare(row: _Row) -> bool:
    """Whether a row is of a network without padding.

    Example:

    >>> is_bare({"padding_mode": "none"})
    True

    Args:
        row: Holds `padding_mode`.

    Returns:
        Whether it is `"none"`.
    """
    return row["padding_mode"] == "none"


def paper_differences(rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """Set each cell of Islam et al.'s tables against what stands for it.

    Which networks of ours stand for which of the paper's is told by
    `published.load_orderings`: VGG16 with any trained weights, say. Any
    photographs stand for PASCAL-S, each set of them on a line of its own.

    Args:
        rows: As `position_rows` returns them.

    Returns:
        In the order of print one row or more for each published cell, with
        `table`, `name` (see `published.load_table`), `model`, `target`, the
        head's fields, `paper_test_set`, `paper_spearman` and `paper_mae`;
        and, `None` where no row of ours stands for it, `network`, in words,
        and its fields; `test_set`, `images`, `train_images`, `solver`,
        `seeds`; `spearman`, `spearman_seed_sd`, `spearman_ci95` over pictures
        (`None` if seeds have other pictures), `mae`, `mae_seed_sd`;
        `spearman_difference` and `mae_difference`, ours less the paper's; and
        `mae_factor`, what our MAE is multiplied by for that: 2 for stripes in
        [0, 1], since the paper's lie in [-1, 1]. Of several fits of one
        read-out the exact one is taken, then the one that saw most positions
        (see `fit_preference`), then most pictures.
    """
    from keras_padpos import published

    ours = merge_seeds(rows, same_pictures=False)
    words = unique_network_words({**row, "seed": None} for row in ours)
    stand_ins = {
        model: about["fits"]
        for model, about in published.load_orderings().models.items()
    }
    found = []
    for table in published.read_out_tables().values():
        for cell in table.rows:
            about = {
                "name": table.name,
                "table": table.table,
                **{
                    key: cell[key]
                    for key in (
                        "model",
                        "target",
                        "stages",
                        "kernel_size",
                        "head_layers",
                        "head_padding",
                    )
                },
                "bare": is_bare(cell),
                "paper_test_set": cell["test_set"],
                "paper_spearman": cell["spearman"],
                "paper_mae": cell["mae"],
            }
            fitting = _fitting(cell, ours, stand_ins.get(cell["model"]))
            found += [
                {
                    **about,
                    **_ours(row),
                    **_differences(cell, row),
                    "network": words[network_identity(row)],
                }
                for row in fitting
            ] or [{**about, **dict.fromkeys(_OURS)}]
    return found


_COPIED = (
    *NETWORK,
    "test_set",
    "images",
    "train_images",
    "solver",
    "seeds",
    "spearman",
    "spearman_seed_sd",
    "spearman_ci95",
    "mae",
    "mae_seed_sd",
)
_OURS = (
    *_COPIED,
    "network",
    "spearman_difference",
    "mae_difference",
    "mae_factor",
)


def _fitting(cell: _Row, ours: Sequence[_Row], fits: _Row | None):
    """The rows that stand for a cell: for each network and set the best."""
    from keras_padpos import published

    if fits is None:
        return []
    place = paper_place(cell)
    # Whether padding was removed is part of the place.
    fits = {key: fits[key] for key in fits if key != "padding_mode"}
    padded = "rgb" not in fits.values() and not is_bare(cell)
    best: dict[tuple, _Row] = {}
    for row in ours:
        pictures = row["test_set"] if row["test_set"] in CONTROLS else None
        wanted = cell["test_set"] if cell["test_set"] in CONTROLS else None
        if (
            pictures != wanted
            or not is_at_place(row, place)
            or not published.row_fits(row, fits)
            or (padded and row["padding_mode"] != cell["padding_mode"])
        ):
            continue
        key = network_identity(row), row["test_set"]
        best[key] = min(best.get(key, row), row, key=_preference)
    return list(best.values())


def _preference(row: _Row) -> tuple:
    return *fit_preference(row), -row["train_images"]


def _ours(row: _Row) -> dict[str, Any]:
    return {name: row.get(name) for name in _COPIED}


def _differences(cell: _Row, row: _Row) -> dict[str, Any]:
    halved = (
        row["target"].endswith("stripes") and row["target_range"] != "paper"
    )
    factor = 2 if halved else 1
    return {
        "spearman_difference": row["spearman"] - cell["spearman"],
        "mae_difference": factor * row["mae"] - cell["mae"],
        "mae_factor": factor,
    }


FCONV_KEYS = {
    "red_green": ("splits", "convolution", "padding_mode", "test_set"),
    "four_quadrants": (
        "backbone",
        "weights",
        "train",
        "padding_mode",
        "splits",
        "border",
    ),
}
"""From each test to the fields that tell its cells apart, but for seeds."""


def fconv_counterpart(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find Kayhan and van Gemert's number for a row of `fconv_tests`.

    Example:

    >>> found = fconv_counterpart({
    ...     "test": "red_green", "splits": "released", "convolution": "full",
    ...     "padding_mode": "zeros", "test_set": "similar"})
    >>> found["accuracy_percent"]
    89.7

    Args:
        row: A row as `fconv_tests` writes it. What Keras' networks pad with
            on their own is zeros.

    Returns:
        The published row, or `None` where the paper measured no such thing.
    """
    from keras_padpos import published

    test = row["test"]
    ours = {name: row[name] for name in FCONV_KEYS[test]}
    if ours["padding_mode"] == "own":
        ours["padding_mode"] = "zeros"
    for theirs in published.load_table(f"fconv2020_{test}").rows:
        if all(theirs[name] == value for name, value in ours.items()):
            return theirs
    return None


def paper_coverage(
    differences: Sequence[_Row], fconv_rows: Sequence[_Row]
) -> list[dict[str, Any]]:
    """Count the cells of each published table that runs measured too.

    Example:

    >>> row = {"test": "red_green", "splits": "released", "seed": 0,
    ...        "convolution": "full", "padding_mode": "zeros",
    ...        "test_set": "similar", "accuracy": 0.9}
    >>> for line in paper_coverage([], [row]):
    ...     if line["table"] == "red-green table":
    ...         print(line["cells"], line["covered"], line["without"][:34])
    8 1 red-green net, valid, none: 2; red

    Args:
        differences: As `paper_differences` returns them; empty where no run
            measured read-outs.
        fconv_rows: Rows of `fconv_tests`.

    Returns:
        A row for each published table, in order of name: `name`, `cite`,
        `arxiv`, `table`, `caption`, `cells`, how many numbers it has,
        `covered`, how many of them have one of ours, `None` where no
        experiment of ours measures such a thing, and `without`, the others in
        words.
    """
    from keras_padpos import published

    ours: dict[str, list[tuple[str, bool]]] = {
        name: [(_read_out_words(row), False) for row in table.rows]
        for table in published.read_out_tables().values()
        for name in [table.name]
    }
    if differences:
        ours |= _read_outs(differences)
    ours |= {
        f"fconv2020_{test}": _fconv(test, fconv_rows) for test in FCONV_KEYS
    }
    found = []
    for name in published.list_tables():
        table = published.load_table(name)
        cells = ours.get(name)
        missing = Counter(
            words for words, covered in cells or [] if not covered
        )
        found.append(
            {
                "name": name,
                "cite": table.paper["cite"],
                "arxiv": table.paper["arxiv"],
                "table": table.table,
                "caption": table.caption,
                "cells": len(table.rows),
                "covered": cells and len(cells) - missing.total(),
                "without": "; ".join(
                    f"{words}: {count}" for words, count in missing.items()
                ),
            }
        )
    return found


def _read_outs(differences):
    """From each table's name to its cells: what was read, and whether here."""
    cells: dict[str, dict[tuple, tuple[str, bool]]] = {}
    for row in differences:
        place = tuple(
            row[name]
            for name in (
                "model",
                "target",
                "stages",
                "kernel_size",
                "head_layers",
                "head_padding",
                "bare",
                "paper_test_set",
            )
        )
        cells.setdefault(row["name"], {})[place] = (
            _read_out_words({**row, "padding_mode": row["bare"] and "none"}),
            row["network"] is not None,
        )
    return {name: list(mine.values()) for name, mine in cells.items()}


def _read_out_words(row: _Row) -> str:
    bare = ", no padding" if row["padding_mode"] == "none" else ""
    return f"{row['model']}{bare}, {head_words(row)}"


def _fconv(test, rows):
    from keras_padpos import published

    mine = [fconv_counterpart(row) for row in rows if row["test"] == test]
    words = (
        ("model", "convolution", "padding_mode")
        if test == "red_green"
        else ("model", "train", "padding_mode")
    )
    return [
        (", ".join(str(cell[name]) for name in words), cell in mine)
        for cell in published.load_table(f"fconv2020_{test}").rows
    ]
