"""Our numbers less the papers', as tables."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.position_words import head_words
from keras_padpos.runs.position_words import set_words
from keras_padpos.runs.score_words import score_words

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
