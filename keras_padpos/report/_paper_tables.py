"""The papers' tables, drawn again with our numbers beside."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.report._position_rows import HEAD
from keras_padpos.report.cells import score_text
from keras_padpos.report.names import head_label
from keras_padpos.report.names import network_identity
from keras_padpos.report.names import network_labels
from keras_padpos.report.names import set_label
from keras_padpos.report.seeds import fit_preference
from keras_padpos.report.seeds import merge_seeds

_Row = Mapping[str, Any]


def paper_tables(
    rows: Sequence[_Row], *, intervals: bool = False
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
    from keras_padpos import published

    ours = merge_seeds(rows, same_pictures=False)
    return [
        _Redrawn(table, ours, intervals).arguments()
        for table in published.probe_tables().values()
    ]


class _Redrawn:
    """One table of the paper."""

    def __init__(self, table, ours, intervals):
        self._table = table
        self._ours = ours
        self._intervals = intervals
        self._photographs = _unique(
            row["test_set"] for row in ours if row["test_set"] not in CONTROLS
        )
        self._labels = network_labels(map(_padded, ours))
        # Of many runs there are many rows, and every cell asks for its own.
        self._at: dict[tuple, list[tuple[str, _Row]]] = {}
        for row in ours:
            key = *paper_place(row, ours=True), row["test_set"]
            self._at.setdefault(key, []).append((self._column(row), row))
        self._footnotes: list[str] = []
        self._shown: list[_Row] = []

    def arguments(self):
        lines: dict[tuple, dict[str, Any]] = {}
        models = {}
        for row in self._table.rows:
            models[row["model"]] = None
            for test_set in self._test_sets(row):
                key = (*paper_place(row), test_set)
                line = lines.setdefault(key, _line(row, test_set))
                line[f"paper: {row['model']}"] = (
                    f"{row['spearman']:.3f} / {row['mae']:.3f}"
                )
        networks = _unique(
            self._column(row)
            for row in self._ours
            if row["backbone"] != "rgb" or "PosENet" in models
        )
        for key, line in lines.items():
            for network in networks:
                line[f"ours: {network}"] = self._cell(network, key)
        several = len(self._photographs) > 1
        return {
            "title": f"{self._table.table}: {self._table.caption}",
            "columns": [
                "target",
                "head",
                ("test_set", "test set"),
                *([("ours_on", "ours on")] if several else []),
                *(f"paper: {model}" for model in models),
                *(
                    f"ours: {network}"
                    for network in networks
                    if any(line[f"ours: {network}"] for line in lines.values())
                ),
            ],
            "rows": list(lines.values()),
            "notes": list(self._notes()),
        }

    def _test_sets(self, row):
        """Our test sets that stand for a published row's."""
        if row["test_set"] in CONTROLS:
            return [row["test_set"]]
        # What only the paper measured is one line all the same.
        return [
            test_set
            for test_set in self._photographs
            if (*paper_place(row), test_set) in self._at
        ] or [None]

    def _cell(self, network, key):
        rows = [
            row for column, row in self._at.get(key, ()) if column == network
        ]
        if not rows:
            return None
        row = min(rows, key=fit_preference)
        self._shown.append(row)
        marks = "".join(f"[{self._number(why)}]" for why in _deviations(row))
        spearman = score_text(row, "spearman", count=False)
        if self._intervals and row["spearman_ci95"]:
            low, high = row["spearman_ci95"]
            spearman += f" [{low:.3f}, {high:.3f}]"
        mae = score_text(row, "mae", count=False)
        return f"{spearman} / {mae} {marks}".strip()

    def _column(self, row):
        label = self._labels[network_identity(_padded(row))]
        return label.removesuffix(", zeros padding")

    def _number(self, footnote):
        if footnote not in self._footnotes:
            self._footnotes.append(footnote)
        return self._footnotes.index(footnote) + 1

    def _notes(self):
        yield (
            "SPC / MAE. Paper: Islam et al. (ICLR 2020), ImageNet weights, "
            "SGD, trained on DUT-S, tested on PASCAL-S."
        ) + (
            " Ours: SPC [95 % interval over pictures] / MAE."
            if self._intervals
            else ""
        )
        shown = self._shown
        if shown:
            fitted = _joined(
                f"{row['train_images']} of {set_label(row['train_set'])}"
                for row in shown
            )
            scored = _joined(
                f"{row['images']} of {set_label(row['test_set'])}"
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
        seeds = _joined(
            f"{len(row['seeds'])} seeds" for row in shown if row["seed"] is None
        )
        if seeds:
            yield f"±: standard deviation over seeds ({seeds})."
        if any(
            row["target"].endswith("stripes") and row["target_range"] != "paper"
            for row in shown
        ):
            yield (
                "The paper's stripes lie in [-1, 1], ours in [0, 1]: double "
                "our MAE of stripes to compare."
            )
        for row in self._table.rows:
            if "note" in row:
                yield (
                    f"{row['model']}, {row['target'].replace('_', ' ')}, "
                    f"{head_label(row)}: {row['note']}"
                )
        for number, footnote in enumerate(self._footnotes, start=1):
            yield f"[{number}] {footnote}"


def paper_place(row: _Row, *, ours: bool = False) -> tuple:
    """What a row measured, but for its network and pictures.

    The target, whether the network has no padding, and the fields `HEAD`. The
    bare picture has no padding to remove, whatever mode `ours` says.
    """
    stages = row["stages"] or "all"
    head = [stages, *(row[name] for name in HEAD if name != "stages")]
    bare = is_bare(row) and not (ours and row["backbone"] == "rgb")
    return (row["target"], bare, *head)


def is_bare(row: _Row) -> bool:
    """Whether a row is of a network without padding."""
    return row["padding_mode"] == "none"


def head_line(row: _Row, *, bare: bool) -> str:
    """The head of a line, and whether the network's padding was removed."""
    return head_label(row) + (", network without padding" if bare else "")


def _line(row: _Row, test_set: str | None) -> dict[str, Any]:
    return {
        "target": row["target"].replace("_", " "),
        "head": head_line(row, bare=is_bare(row)),
        "test_set": row["test_set"],
        "ours_on": test_set and set_label(test_set),
    }


def _padded(row: _Row) -> dict[str, Any]:
    """The network whose column a row stands in: the one with its padding."""
    mode = "zeros" if is_bare(row) else row["padding_mode"]
    return {**row, "padding_mode": mode, "seed": None}


def _deviations(row: _Row) -> Iterable[str]:
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


def _unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
