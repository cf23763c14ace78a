"""What a run of `semantic_head` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import mean_sd
from keras_padpos.report.names import distinct_parts
from keras_padpos.report.names import path_end
from keras_padpos.report.seeds import scored_seeds
from keras_padpos.report.seeds import unscored_notes
from keras_padpos.report.table import is_scored
from keras_padpos.runs._print_run import print_run
from keras_padpos.runs.work_directory import WorkDirectory

SEMANTIC_KEYS = ("task", "backbone", "weights", "stages", "head", "enlarge")
"""What rows of one figure have in common; then come padding and seed."""

_SCORES = {
    "segmentation": {
        "mean_iou": "mIoU",
        "pixel_accuracy": "pixel accuracy",
    },
    "saliency": {
        "max_f": "max F",
        "mean_f": "mean F",
        "mae": "MAE",
        "s_measure": "S-measure",
        "mean_e": "mean E-measure",
    },
}
_INVARIANCE = {
    "mean_entropy": "entropy (meanE), bits",
    "disagreement": "disR",
}
_TITLES = {
    "segmentation": "Semantic segmentation",
    "saliency": "Salient objects",
}
_NETWORK = [
    "backbone",
    "weights",
    "stages",
    "head",
    "enlarge",
    ("padding_mode", "padding"),
]


def print_semantic_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    print_run(work, semantic_tables)


def semantic_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay out scores of all pixels, of each class, and of each band.

    Args:
        rows: Rows of `semantic_head`, of one or more runs of one task.

    Returns:
        Arguments of `print_table`, for each table.
    """
    tables = [semantic_table(rows)]
    if rows[0]["task"] == "segmentation":
        tables.append(class_table(rows))
    return [*tables, band_table(rows)]


def semantic_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay overall scores out, seeds together.

    Example:

    >>> row = {"task": "segmentation", "backbone": "vgg16", "weights": "random",
    ...        "stages": "all", "head": "fcn", "enlarge": "places",
    ...        "padding_mode": "zeros", "band": "overall", "mean_iou": 0.231,
    ...        "pixel_accuracy": 0.7,
    ...        "train_images": 9, "test_images": 2, "steps": 5}
    >>> table = semantic_table([{**row, "seed": 0}, {**row, "seed": 1}])
    >>> (line,) = table["rows"]
    >>> line["seeds"], line["mean_iou"]
    (2, '23.1 ± 0.0')

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        Arguments of `print_table`.
    """
    scores = _SCORES[rows[0]["task"]]
    words = network_columns(rows)
    # A network that diverged has none, whatever the others have.
    patches = {each.get("invariance_images") for each in rows} - {None}
    lines = []
    for key, group in semantic_groups(rows).items():
        found = [row for row in group if row["band"] == "overall"]
        lines.append(
            {
                **words[key],
                "seeds": _seeds(found),
                **{
                    name: _percent(row.get(name) for row in found)
                    for name in (*scores, "disagreement")
                },
                "mean_entropy": _bits(row.get("mean_entropy") for row in found),
                **{
                    name: found[0][name]
                    for name in ("train_images", "test_images", "steps")
                },
            }
        )
    notes = [
        "Percent, mean ± standard deviation over seeds. majority, prior: what "
        "knowing the training masks alone scores, the most frequent class "
        "everywhere and that of each place.",
    ]
    names = [name for name, _ in map(_pair, _NETWORK)]
    lost = [row for row in rows if not is_scored(row)]
    notes += unscored_notes(
        [{**row, **words[_key(row)]} for row in lost], names
    )
    if "mae" in scores:
        notes.append(
            "Means over pictures, by pysodmetrics. prior: the share of "
            "training masks that are salient at each place."
        )
    if patches:
        notes.append(
            "meanE, disR: entropy of the answers that one pixel gets in "
            "overlapping patches of an enlarged picture, and the share of "
            f"pixels that get more than one; pictures: {max(patches)}."
        )
    return {
        "title": f"{_TITLES[rows[0]['task']]}: "
        + ("means over pictures" if "mae" in scores else "all pixels"),
        "columns": [
            *_NETWORK,
            "seeds",
            *scores.items(),
            *(_INVARIANCE.items() if patches else ()),
            ("train_images", "trained on"),
            ("test_images", "tested on"),
            "steps",
        ],
        "rows": lines,
        "notes": notes,
    }


def class_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay the IoU of each class out, a line a class.

    Example:

    >>> row = {"task": "segmentation", "backbone": "vgg16", "weights": "random",
    ...        "stages": "all", "head": "fcn", "enlarge": "places",
    ...        "padding_mode": "zeros", "band": "overall",
    ...        "class_iou": [0.25, None], "class_names": ["sky", "road"]}
    >>> table = class_table([{**row, "seed": 0}, {**row, "seed": 1}])
    >>> table["rows"]
    [{'class': 'sky', 'zeros': '25.0 ± 0.0'}, {'class': 'road', 'zeros': None}]
    >>> table["columns"]
    ['class', 'zeros']

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        Arguments of `print_table`.
    """
    scored = [
        row for row in rows if row["band"] == "overall" and row.get("class_iou")
    ]
    count = max((len(row["class_iou"]) for row in scored), default=0)
    names = next(
        (row["class_names"] for row in scored if row.get("class_names")),
        range(count),
    )
    lines = [{"class": str(name)} for name in names]
    groups = semantic_groups(scored)
    words = network_columns(scored)
    # What is the same in all networks need not be said of each.
    told = [
        name
        for name, _ in map(_pair, _NETWORK)
        if len({words[key][name] for key in groups if key[-1]}) > 1
    ] or ["padding_mode"]
    columns = []
    for key, group in groups.items():
        trained = [words[key][name] for name in told if words[key][name]]
        column = " ".join(trained) or words[key]["backbone"]
        columns.append(column)
        for place, line in enumerate(lines):
            line[column] = _percent(row["class_iou"][place] for row in group)
    return {
        "title": f"{_TITLES['segmentation']}: IoU of each class",
        "columns": ["class", *columns],
        "rows": lines,
        "notes": (
            "Percent. -: neither in a mask nor in an answer; such classes do "
            "not count in mIoU, which then is a mean over fewer.",
        ),
    }


def band_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay scores out by distance to the border, seeds together.

    Example:

    >>> row = {"task": "saliency", "backbone": "vgg16", "weights": "random",
    ...        "stages": "all", "head": "fcn", "enlarge": "places",
    ...        "padding_mode": "zeros", "seed": 0}
    >>> table = band_table(
    ...     [{**row, "band": "overall", "max_f": 0.5},
    ...      {**row, "band": "pooled", "max_f": 0.6},
    ...      {**row, "band": "0-5 %", "max_f": None},
    ...      {**row, "band": "interior", "max_f": 0.7}]
    ... )
    >>> (line,) = table["rows"]
    >>> line["pooled"], line["0-5 %"], line["interior"]
    ('60.0', None, '70.0')

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        Arguments of `print_table`.
    """
    score, title = band_score(rows[0]["task"])
    bands = semantic_bands(rows)
    words = network_columns(rows)
    whole = "pooled" if rows[0]["task"] == "saliency" else "overall"
    lines = []
    for key, group in semantic_groups(rows).items():
        found = [row for row in group if row["band"] == "overall"]
        line = {**words[key], "seeds": _seeds(found)}
        for band in (whole, *bands):
            line[band] = _percent(
                row.get(score) for row in group if row["band"] == band
            )
        lines.append(line)
    return {
        "title": f"{_TITLES[rows[0]['task']]}: {title} by distance to the "
        "border, as a share of the smaller side",
        "columns": [*_NETWORK, "seeds", (whole, "all pixels"), *bands],
        "rows": lines,
        "notes": (
            "Percent. Pixels of all pictures together; a band's score is that "
            "of its own pixels, and its classes or thresholds are its own.",
        ),
    }


def band_score(task: str) -> tuple[str, str]:
    """The score that bands are compared by: its column and its name.

    Example:

    >>> band_score("segmentation")
    ('mean_iou', 'mIoU')

    Args:
        task: `"segmentation"` or `"saliency"`.
    """
    return next(iter(_SCORES[task].items()))


def semantic_bands(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The bands of a run, from the border inwards.

    Args:
        rows: Rows of `semantic_head`.
    """
    found = dict.fromkeys(row["band"] for row in rows)
    return [band for band in found if band not in ("overall", "pooled")]


def semantic_groups(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[Mapping[str, Any]]]:
    """Rows that differ in their seed and band alone, together.

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        From values of `SEMANTIC_KEYS` and the padding mode to rows, in their
        order.
    """
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_key(row), []).append(row)
    return groups


def network_columns(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, dict[str, Any]]:
    """What tables and figures say of each network.

    Files have as many of their folders before them as tell them apart.

    Example:

    >>> row = {"task": "saliency", "stages": "all", "head": "fcn",
    ...        "enlarge": "places", "padding_mode": "zeros", "weights": "file"}
    >>> rows = [{**row, "backbone": f"{name}/net.keras"} for name in "ab"]
    >>> for columns in network_columns(rows).values():
    ...     print(columns["backbone"])
    a/net.keras
    b/net.keras

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        From each key of `semantic_groups` to a value for each column.
    """
    groups = semantic_groups(rows)
    parts = {
        name: distinct_parts(
            row[name] for group in groups.values() for row in group if row[name]
        )
        for name in ("backbone", "weights")
    }
    names = [name for name, _ in map(_pair, _NETWORK)]
    return {
        key: {
            **{name: group[0].get(name) for name in names},
            **{
                name: path_end(group[0][name], count) or None
                for name, count in parts.items()
            },
        }
        for key, group in groups.items()
    }


def _key(row):
    return tuple(row.get(name) for name in (*SEMANTIC_KEYS, "padding_mode"))


def _pair(column):
    return (column, column) if isinstance(column, str) else column


def _seeds(rows):
    return None if rows[0]["seed"] is None else scored_seeds(rows)


def _percent(values):
    return mean_sd(values, factor=100)


def _bits(values):
    return mean_sd(values, ".3f")
