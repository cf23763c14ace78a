"""The papers' tables, drawn again with our numbers beside."""

from collections.abc import Iterable
from typing import Any

from keras_padpos import published
from keras_padpos.published import CONTROLS
from keras_padpos.report import names
from keras_padpos.report import seeds
from keras_padpos.report.table import Row
from keras_padpos.report.table import Rows
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of


def paper_tables(
    rows: Rows, *, intervals: bool = False
) -> list[dict[str, Any]]:
    """Lay out Islam et al.'s Tables 1, 2a, 2b, 3, 4 and 6, ours beside.

    A line is a target, a head and a test set; the paper's networks are columns,
    and so are ours. A network of ours whose padding is removed fills the lines
    "network without padding" in the column of the padded one. Any photographs
    stand for PASCAL-S, a line for each set. Where a probe was fitted in
    several ways, the exact one is shown, then the one that saw most positions.

    Args:
        rows: As `position_rows` returns them.
        intervals: Whether to show the 95 % interval of SPC over pictures.

    Returns:
        For each table, arguments of `print_table`. A cell is SPC / MAE, with
        several seeds their mean ± standard deviation, or SPC [interval] / MAE;
        footnotes mark what was not fitted exactly, on all positions, and with
        hidden layers as wide as the paper's. A network that measured nothing
        of a table has no column.
    """
    ours = seeds.merge_seeds(rows, same_pictures=False)
    labels = names.network_labels(map(_padded, ours))
    for row in ours:
        label = labels[names.network_identity(_padded(row))]
        row["column"] = label.removesuffix(", zeros padding")
        row["place"] = paper_place(row, ours=True)
    return [
        _redrawn(table, ours, intervals)
        for table in published.probe_tables().values()
    ]


def _redrawn(table, ours, intervals):
    cells = grouped(ours, ["place", "test_set", "column"])
    photographs = [
        name for name in values_of(ours, "test_set") if name not in CONTROLS
    ]
    measured = {key[:2] for key in cells}
    models = values_of(table.rows, "model")
    lines: dict[tuple, dict[str, Any]] = {}
    for row in table.rows:
        place, test_sets = paper_place(row), [row["test_set"]]
        if row["test_set"] not in CONTROLS:
            # What only the paper measured is one line all the same.
            test_sets = [
                name for name in photographs if (place, name) in measured
            ] or [None]
        for name in test_sets:
            line = lines.setdefault(
                (place, name),
                {
                    "target": row["target"].replace("_", " "),
                    "head": head_line(row, bare=is_bare(row)),
                    "test_set": row["test_set"],
                    "ours_on": name and names.set_label(name),
                },
            )
            line[f"paper: {row['model']}"] = seeds.scores_text(row)
    shown: list[Row] = []
    footnotes: dict[str, int] = {}
    networks = values_of(
        (r for r in ours if r["backbone"] != "rgb" or "PosENet" in models),
        "column",
    )
    for key, line in lines.items():
        for network in networks:
            line[f"ours: {network}"] = None
            if rows := cells.get((*key, network)):
                row = min(rows, key=seeds.fit_preference)
                shown.append(row)
                marks = "".join(
                    f"[{footnotes.setdefault(reason, len(footnotes) + 1)}]"
                    for reason in _deviations(row)
                )
                line[f"ours: {network}"] = _cell(row, intervals, marks)
    return {
        "title": f"{table.table}: {table.caption}",
        "columns": [
            "target",
            "head",
            ("test_set", "test set"),
            *([("ours_on", "ours on")] if len(photographs) > 1 else []),
            *(f"paper: {model}" for model in models),
            *(
                f"ours: {network}"
                for network in networks
                if any(line[f"ours: {network}"] for line in lines.values())
            ),
        ],
        "rows": list(lines.values()),
        "notes": [
            *_notes(table, shown, intervals),
            *(f"[{number}] {text}" for text, number in footnotes.items()),
        ],
    }


def _cell(row, intervals, marks):
    spearman = seeds.score_text(row, "spearman")
    if intervals and row["spearman_ci95"]:
        spearman += " [{:.3f}, {:.3f}]".format(*row["spearman_ci95"])
    return f"{spearman} / {seeds.score_text(row, 'mae')} {marks}".strip()


def _notes(table, shown, intervals):
    yield (
        "SPC / MAE. Paper: Islam et al. (ICLR 2020), ImageNet weights, SGD, "
        "trained on DUT-S, tested on PASCAL-S."
    ) + (" Ours: SPC [95 % interval over pictures] / MAE." if intervals else "")
    if shown:
        fitted = _joined(
            f"{row['train_images']} of {names.set_label(row['train_set'])}"
            for row in shown
        )
        scored = _joined(
            f"{row['images']} of {names.set_label(row['test_set'])}"
            for row in shown
            if row["test_set"] not in CONTROLS
        )
        ridges = _joined(
            row["ridge_asked"] for row in shown if row["ridge_asked"]
        )
        yield (
            f"Ours: fitted on pictures, {fitted}"
            + (f", in closed form (ridge {ridges})" if ridges else "")
            + (f"; for PASCAL-S stand {scored}." if scored else ".")
        )
    counts = _joined(
        f"{len(row['seeds'])} seeds" for row in shown if row["seed"] is None
    )
    if counts:
        yield f"±: standard deviation over seeds ({counts})."
    if any(map(halved_stripes, shown)):
        yield (
            "The paper's stripes lie in [-1, 1], ours in [0, 1]: double our "
            "MAE of stripes to compare."
        )
    for row in table.rows:
        if "note" in row:
            head, target = (
                names.head_label(row),
                row["target"].replace("_", " "),
            )
            yield f"{row['model']}, {target}, {head}: {row['note']}"


def paper_place(row: Row, *, ours: bool = False) -> tuple:
    """What a row measured, but for its network and pictures."""
    stages = row["stages"] or "all"
    head = [stages, *(row[name] for name in seeds.HEAD if name != "stages")]
    bare = is_bare(row) and not (ours and row["backbone"] == "rgb")
    return (row["target"], bare, *head)


def is_bare(row: Row) -> bool:
    """Whether a row is of a network without padding."""
    return row["padding_mode"] == "none"


def halved_stripes(row: Row) -> bool:
    """Whether a row's target spans half of what the paper's does."""
    return row["target"].endswith("stripes") and row["target_range"] != "paper"


def head_line(row: Row, *, bare: bool) -> str:
    """The head of a line, and whether the network's padding was removed."""
    return names.head_label(row) + (", network without padding" if bare else "")


def _padded(row: Row) -> dict[str, Any]:
    """The network whose column a row stands in: the one with its padding."""
    mode = "zeros" if is_bare(row) else row["padding_mode"]
    return {**row, "padding_mode": mode, "seed": None}


def _deviations(row: Row) -> Iterable[str]:
    """In which ways a row was not fitted as well as could be."""
    if row["solver"] != "exact":
        yield f"fitted by {row['solver']}, {row['head_output']} output."
    sampled, cells = row.get("positions_per_image"), row.get("cells")
    if sampled and cells and sampled < cells:
        yield f"fitted on {sampled} of the {cells} positions of each picture."
    if row.get("head_width"):
        yield (
            f"hidden layers of {row['head_width']} channels; the paper's are "
            "as wide as the features."
        )


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
