"""Which of the papers' numbers have one of ours beside."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from keras_padpos import published
from keras_padpos.published import CONTROLS
from keras_padpos.report import _paper_tables as tables
from keras_padpos.report import names
from keras_padpos.report import seeds
from keras_padpos.report.table import Row
from keras_padpos.report.table import Rows
from keras_padpos.report.table import grouped

# What identifies a published cell.
_CELL = ("model", "target", *seeds.HEAD)

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


def paper_differences(rows: Rows) -> list[dict[str, Any]]:
    """Set each cell of Islam et al.'s tables against what stands for it."""
    ours = seeds.merge_seeds(rows, same_pictures=False)
    labels = names.network_labels({**row, "seed": None} for row in ours)
    models = published.load_orderings().models
    differences = []
    for table in published.probe_tables().values():
        for cell in table.rows:
            published_cell = {
                "name": table.name,
                "table": table.table,
                **{key: cell[key] for key in _CELL},
                "bare": tables.is_bare(cell),
                "paper_test_set": cell["test_set"],
                "paper_spearman": cell["spearman"],
                "paper_mae": cell["mae"],
                "network": None,
            }
            fits = models.get(cell["model"], {}).get("fits")
            differences += [
                {
                    **row,
                    **published_cell,
                    "network": labels[names.network_identity(row)],
                    "mae_factor": (factor := 1 + tables.halved_stripes(row)),
                    "mae_difference": factor * row["mae"] - cell["mae"],
                    "spearman_difference": row["spearman"] - cell["spearman"],
                }
                for row in _stand_ins(cell, ours, fits)
            ] or [published_cell]
    return differences


def _stand_ins(cell: Row, ours: Rows, fits: Row | None) -> Iterable[Row]:
    """The rows that stand for a cell: for each network and set the best."""
    if fits is None:
        return []
    place = tables.paper_place(cell)
    # Whether padding was removed is part of the place.
    fits = {key: fits[key] for key in fits if key != "padding_mode"}
    padded = "rgb" not in fits.values() and not tables.is_bare(cell)
    best: dict[tuple, Row] = {}

    def control(row):
        return row["test_set"] if row["test_set"] in CONTROLS else None

    def preference(row):
        return *seeds.fit_preference(row), -row["train_images"]

    for row in ours:
        if (
            control(row) == control(cell)
            and tables.paper_place(row, ours=True) == place
            and published.row_fits(row, fits)
            and not (padded and row["padding_mode"] != cell["padding_mode"])
        ):
            key = names.network_identity(row), row["test_set"]
            best[key] = min(best.get(key, row), row, key=preference)
    return best.values()


def paper_difference_tables(differences: Rows) -> dict[str, Any]:
    """From each published table's name to `paper_differences`, laid out."""
    ours = [row for row in differences if row["network"] is not None]
    laid_out = {}
    for (name,), rows in grouped(ours, ["name"]).items():
        lines = [_line(row) for row in rows]
        heads = {line["head"] for line in lines}
        laid_out[name] = {
            "title": f"{rows[0]['table']}: ours less the paper's, cell by cell"
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
                "seeds",
                "fitted",
            ],
            "rows": lines,
            "notes": list(_notes(rows)),
        }
    return laid_out


def _line(row: Row) -> dict[str, Any]:
    return {
        **row,
        "network": row["network"].removesuffix(", zeros padding"),
        "target_words": row["target"].replace("_", " "),
        "head": tables.head_line(row, bare=row["bare"]),
        "pictures": f"{names.set_label(row['test_set'])} ({row['images']})",
        "spearman": seeds.score_cell(row, "spearman"),
        "spearman_difference": f"{row['spearman_difference']:+.3f}",
        "mae": seeds.score_cell(row, "mae"),
        "mae_difference": f"{row['mae_difference']:+.3f}"
        + (" *" if row["mae_factor"] != 1 else ""),
        "seeds": len(row["seeds"]),
        "fitted": f"{row['solver']}, {row['train_images']} pictures",
    }


def _notes(rows: Rows) -> Iterable[str]:
    yield (
        "Paper: ImageNet weights, SGD, trained on DUT-S; photographs of "
        "PASCAL-S, for which any of ours stand. 95 %: of our SPC, over "
        "pictures; the paper tells no intervals."
    )
    if any(len(row["seeds"]) > 1 for row in rows):
        yield "±: standard deviation over seeds."
    if any(row["mae_factor"] != 1 for row in rows):
        yield (
            "* The paper's stripes lie in [-1, 1], ours in [0, 1]: our MAE is "
            "doubled before the paper's is taken from it."
        )


def fconv_counterpart(row: Row) -> dict[str, Any] | None:
    """Kayhan and van Gemert's number for a row of `fconv_tests`, if any."""
    test = row["test"]
    ours = {name: row[name] for name in FCONV_KEYS[test]}
    if ours["padding_mode"] == "own":
        ours["padding_mode"] = "zeros"
    for theirs in published.load_table(f"fconv2020_{test}").rows:
        if all(theirs[name] == value for name, value in ours.items()):
            return theirs
    return None


def paper_coverage(differences: Rows, fconv_rows: Rows) -> list[dict[str, Any]]:
    """Count the cells of each published table that runs measured too."""
    cells = {
        table.name: [(_probe_label(row), False) for row in table.rows]
        for table in published.probe_tables().values()
    }
    cell = (*_CELL, "bare", "paper_test_set")
    for (name,), rows in grouped(differences, ["name"]).items():
        cells[name] = [
            (_probe_label(own[0]), own[0]["network"] is not None)
            for own in grouped(rows, cell).values()
        ]
    for test, layer in (
        ("red_green", "convolution"),
        ("four_quadrants", "train"),
    ):
        name = f"fconv2020_{test}"
        ours = [fconv_counterpart(r) for r in fconv_rows if r["test"] == test]
        cells[name] = [
            (
                f"{row['model']}, {row[layer]}, {row['padding_mode']}",
                row in ours,
            )
            for row in published.load_table(name).rows
        ]
    coverage = []
    for name in published.list_tables():
        table, own = published.load_table(name), cells.get(name, ())
        missing = Counter(label for label, covered in own if not covered)
        coverage.append(
            {
                "name": name,
                "cite": table.paper["cite"],
                "table": table.table,
                "cells": len(table.rows),
                "covered": len(own) - missing.total() if own else None,
                "without": "; ".join(
                    f"{label}: {count}" for label, count in missing.items()
                ),
            }
        )
    return coverage


def _probe_label(row: Row) -> str:
    bare = row["bare"] if "bare" in row else tables.is_bare(row)
    head = names.head_label(row)
    return f"{row['model']}{', no padding' if bare else ''}, {head}"
