"""The papers' tables, drawn again with our numbers beside."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.published import CONTROLS
from keras_padpos.report._position_rows import HEAD
from keras_padpos.report._position_rows import position_rows
from keras_padpos.report.cells import print_table
from keras_padpos.report.cells import score_words
from keras_padpos.report.cells import table_markdown
from keras_padpos.report.identity import network_identity
from keras_padpos.report.names import head_words
from keras_padpos.report.names import set_words
from keras_padpos.report.names import unique_network_words
from keras_padpos.report.paper_tables import is_at_place
from keras_padpos.report.paper_tables import is_bare
from keras_padpos.report.paper_tables import paper_place
from keras_padpos.report.seeds import fit_preference
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.runs.work_directory import WorkDirectory

_Row = Mapping[str, Any]


def print_paper_tables(works: Sequence[WorkDirectory]) -> None:
    """Print Islam et al.'s tables with our numbers beside.

    Args:
        works: Directories of finished runs of `position_probe`.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    for table in paper_tables(position_rows(works)):
        print_table(**table)


def paper_tables_markdown(works: Sequence[WorkDirectory]) -> str:
    """What `print_paper_tables` prints, as Markdown, with our intervals.

    A note that holds for several tables stands under the first of them.

    Args:
        works: Directories of finished runs of `position_probe`.

    Returns:
        The text, without a line break at its end.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    tables = paper_tables(position_rows(works), intervals=True)
    said: set[str] = set()
    for table in tables:
        # Footnotes are a table's own.
        table["notes"] = [
            note
            for note in table["notes"]
            if note.startswith("[") or note not in said
        ]
        said.update(table["notes"])
    return "\n\n".join(table_markdown(**table) for table in tables)


def paper_tables(
    rows: Sequence[_Row], *, intervals: bool = False
) -> list[dict[str, Any]]:
    """Lay out Islam et al.'s Tables 1, 2a, 2b, 3, 4 and 6, ours beside.

    A line is a target, a head and a test set; the paper's networks are columns,
    and so are ours. A network of ours whose padding is removed fills the lines
    "network without padding" in the column of the padded one. Any photographs
    stand for PASCAL-S, a line for each set. Where a read-out was fitted in
    several ways, the exact one is shown, then the one that saw most positions.

    Args:
        rows: As `position_rows` returns them.
        intervals: Whether to tell the 95 % interval of SPC over pictures.

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
        for table in published.read_out_tables().values()
    ]


class _Redrawn:
    """One table of the paper."""

    def __init__(self, table, ours, intervals):
        self._table = table
        self._ours = ours
        self._intervals = intervals
        self._photographs = list(
            dict.fromkeys(
                row["test_set"]
                for row in ours
                if row["test_set"] not in CONTROLS
            )
        )
        self._words = unique_network_words(map(_padded, ours))
        # Of many runs there are many rows, and every cell asks for its own.
        self._at: dict[tuple, list[tuple[str, _Row]]] = {}
        for row in ours:
            place = row["target"], tuple(row[name] for name in HEAD)
            self._at.setdefault((*place, row["test_set"]), []).append(
                (self._column(row), row)
            )
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
        networks = dict.fromkeys(
            self._column(row)
            for row in self._ours
            if row["backbone"] != "rgb" or "PosENet" in models
        )
        for key, line in lines.items():
            for network in networks:
                line[f"ours: {network}"] = self._cell(network, *key)
        measured = [
            network
            for network in networks
            if any(line[f"ours: {network}"] for line in lines.values())
        ]
        several = len(self._photographs) > 1
        return {
            "title": f"{self._table.table}: {self._table.caption}",
            "columns": [
                "target",
                "head",
                ("test_set", "test set"),
                *([("ours_on", "ours on")] if several else []),
                *(f"paper: {model}" for model in models),
                *(f"ours: {network}" for network in measured),
            ],
            "rows": list(lines.values()),
            "notes": self._notes(),
        }

    def _test_sets(self, row):
        """Our test sets that stand for a published row's."""
        if row["test_set"] in CONTROLS:
            return [row["test_set"]]
        # What only the paper measured is one line all the same.
        return [
            test_set
            for test_set in self._photographs
            if self._fitting(*paper_place(row), test_set)
        ] or [None]

    def _cell(self, network, *key):
        found = [
            row for column, row in self._fitting(*key) if column == network
        ]
        if not found:
            return None
        row = min(found, key=fit_preference)
        self._shown.append(row)
        marks = "".join(f"[{self._number(why)}]" for why in _deviations(row))
        spearman = score_words(row, "spearman", count=False)
        if self._intervals and row["spearman_ci95"]:
            low, high = row["spearman_ci95"]
            spearman += f" [{low:.3f}, {high:.3f}]"
        mae = score_words(row, "mae", count=False)
        return f"{spearman} / {mae} {marks}".strip()

    def _fitting(self, *key):
        """Our rows on a line, each with its column."""
        *place, test_set = key
        target, _, *head = place
        return [
            (column, row)
            for column, row in self._at.get((target, tuple(head), test_set), ())
            if is_at_place(row, tuple(place))
        ]

    def _column(self, row):
        words = self._words[network_identity(_padded(row))]
        return words.removesuffix(", zeros padding")

    def _number(self, footnote):
        if footnote not in self._footnotes:
            self._footnotes.append(footnote)
        return self._footnotes.index(footnote) + 1

    def _notes(self):
        notes = [
            "SPC / MAE. Paper: Islam et al. (ICLR 2020), ImageNet weights, "
            "SGD, trained on DUT-S, tested on PASCAL-S."
            + (
                " Ours: SPC [95 % interval over pictures] / MAE."
                if self._intervals
                else ""
            )
        ]
        if self._shown:
            fitted = _joined(
                f"{row['train_images']} of {set_words(row['train_set'])}"
                for row in self._shown
            )
            scored = _joined(
                f"{row['images']} of {set_words(row['test_set'])}"
                for row in self._shown
                if row["test_set"] not in CONTROLS
            )
            ridges = _joined(
                row["ridge_asked"] for row in self._shown if row["ridge_asked"]
            )
            notes.append(
                f"Ours: fitted on pictures, {fitted}"
                + (f", in closed form (ridge {ridges})" if ridges else "")
                + (f"; for PASCAL-S stand {scored}." if scored else ".")
            )
        if any(row["seed"] is None for row in self._shown):
            notes.append(
                "±: standard deviation over seeds ("
                + _joined(
                    f"{len(row['seeds'])} seeds"
                    for row in self._shown
                    if row["seed"] is None
                )
                + ")."
            )
        stripes = {
            row["target_range"]
            for row in self._shown
            if row["target"].endswith("stripes")
        }
        if stripes - {"paper"}:
            notes.append(
                "The paper's stripes lie in [-1, 1], ours in [0, 1]: double "
                "our MAE of stripes to compare."
            )
        notes.extend(
            f"{row['model']}, {row['target'].replace('_', ' ')}, "
            f"{head_words(row)}: {row['note']}"
            for row in self._table.rows
            if "note" in row
        )
        notes.extend(
            f"[{number}] {footnote}"
            for number, footnote in enumerate(self._footnotes, start=1)
        )
        return notes


def _line(row: _Row, test_set: str | None) -> dict[str, Any]:
    bare = ", network without padding" if is_bare(row) else ""
    return {
        "target": row["target"].replace("_", " "),
        "head": head_words(row) + bare,
        "test_set": row["test_set"],
        "ours_on": test_set and set_words(test_set),
    }


def _padded(row: _Row) -> dict[str, Any]:
    """The network whose column a row stands in: the one with its padding."""
    mode = "zeros" if is_bare(row) else row["padding_mode"]
    return {**row, "padding_mode": mode, "seed": None}


def _deviations(row: _Row) -> list[str]:
    """In which ways a row was not fitted as well as could be."""
    found = []
    if row["solver"] != "exact":
        found.append(f"fitted by {row['solver']}, {row['head_output']} output.")
    sampled, cells = row.get("positions_per_image"), row.get("cells")
    if sampled and cells and sampled < cells:
        found.append(
            f"fitted on {sampled} of the {cells} positions of each picture."
        )
    if row.get("head_width"):
        found.append(
            f"hidden layers of {row['head_width']} channels; the paper's are "
            "as wide as the features."
        )
    return found


def _joined(words) -> str:
    return ", ".join(dict.fromkeys(words))
