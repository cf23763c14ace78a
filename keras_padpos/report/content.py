"""What a report over runs says, before it is Markdown or HTML."""

import dataclasses
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos import published
from keras_padpos.errors import error_text
from keras_padpos.report import _paper_differences as differences
from keras_padpos.report import cells
from keras_padpos.report import orderings
from keras_padpos.report._paper_tables import paper_tables
from keras_padpos.report.missing import missing_parts
from keras_padpos.report.provenance import start_text
from keras_padpos.report.read_runs import FINISHED
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import differing_flags
from keras_padpos.report.read_runs import run_groups
from keras_padpos.report.seeds import position_rows

Table = dict[str, Any]
"""Arguments of `print_table`."""


MOST_ROWS = 1000
"""Rows of a table; what is beyond is left to CSV."""

# Where the arrays of a row lie in arrays.npz: nothing to read.
_POINTERS = ("arrays", "reference")


def plain_rows(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """The rows of runs as they stand in results.json."""
    return [row for run in runs for row in run.rows]


@dataclasses.dataclass(frozen=True)
class Layout:
    """The tables of an experiment.

    Args:
        tables: From rows to arguments of `print_table`.
        notes: From rows to what holds for all tables.
        key: Flags and fields in which runs may differ and still share their
            tables, because these tell rows apart by them.
        rows: From runs to the rows that `tables` takes; if not given, those
            of results.json.
        conclusion: From rows to one or two sentences of numbers.
    """

    tables: Callable[[Sequence[Any]], list[Table]]
    notes: Callable[[Sequence[Any]], Sequence[str]] = lambda rows: ()
    key: frozenset[str] = frozenset()
    rows: Callable[[Sequence[RunRecord]], list[dict[str, Any]]] = plain_rows
    conclusion: Callable[[Sequence[Any]], Sequence[str]] = lambda rows: ()


@dataclasses.dataclass(frozen=True)
class RunGroup:
    """Runs that share their tables, with the conclusion and the notes."""

    runs: tuple[RunRecord, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    conclusion: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class ReportContent:
    """All that a report says."""

    title: str
    runs: tuple[RunRecord, ...]
    overview: Table
    missing: dict[str, list[str]]
    coverage: Table
    sources: tuple[dict[str, Any], ...]
    papers: tuple[dict[str, Any], ...]
    orderings: tuple[Table, ...]
    experiments: dict[str, tuple[RunGroup, ...]]


def report_content(
    runs: Sequence[RunRecord],
    layouts: Mapping[str, Layout],
    title: str | None = None,
) -> ReportContent:
    """Lay out what runs measured, in the order of `runs`."""
    refused: dict[str, list[str]] = {}
    experiments = {
        name: tuple(_groups(runs, name, layouts, refused))
        for name in dict.fromkeys(run.experiment for run in runs)
    }

    def whole(experiment: str) -> list[RunRecord]:
        """Runs whose rows are what the experiment's layout needs."""
        return [
            run
            for group in experiments.get(experiment, ())
            for run in group.runs
            if experiment in layouts
            and run.state == FINISHED
            and run.name not in refused
        ]

    papers, tested, compared = (), (), []
    if probes := whole("position_probe"):
        try:
            papers, tested, compared = _papers(position_rows(probes))
        # The rows are anybody's, and the page is to be made all the same.
        except Exception as error:
            reason = error_text(error)
            refused["The papers' tables of position probes"] = [reason]
    coverage = differences.paper_coverage(
        compared, plain_rows(whole("fconv_tests"))
    )
    sources = [published.load_table(line["name"]).paper for line in coverage]
    return ReportContent(
        title or _title(runs, list(experiments)),
        tuple(runs),
        _overview_table(runs),
        missing_parts(runs, experiments, coverage, refused),
        _coverage_table(coverage),
        tuple({paper["cite"]: paper for paper in sources}.values()),
        papers,
        tested,
        experiments,
    )


def _groups(runs, experiment, layouts, refused) -> Iterable[RunGroup]:
    """Runs with the tables that they share, then those without results."""
    runs = [run for run in runs if run.experiment == experiment]
    plain = [run for run in runs if run.state == FINISHED]
    if layout := layouts.get(experiment):
        finished, plain = plain, []
        for group in run_groups(finished, layout.key):
            for part in _parts(layout, group, refused):
                if part.tables:
                    yield part
                else:
                    plain += part.runs
    if plain:
        yield RunGroup(tuple(plain), tuple(row_tables(plain)))
    if rest := [run for run in runs if run.state != FINISHED]:
        yield RunGroup(tuple(rest))


def row_tables(runs: Sequence[RunRecord]) -> list[Table]:
    """Lay out rows as they are, a table for all that have the same fields."""
    fields = {name for run in runs for row in run.rows for name in row}
    flags = [name for name in differing_flags(runs) if name not in fields]
    kinds: dict[frozenset, list[dict[str, Any]]] = {}
    for run in runs:
        about: dict[str, Any] = {}
        if len(runs) > 1:
            about = {"run": run.name} | {
                f"--{name}": cells.config_text(run.config.get(name))
                for name in flags
            }
        for row in run.rows:
            line = about | {
                f"row: {name}" if name in about else name: cells.short_value(
                    value
                )
                for name, value in row.items()
                if name not in _POINTERS
            }
            kinds.setdefault(frozenset(line), []).append(line)
    return [
        {
            "title": f"{runs[0].experiment}: {cells.counted(len(rows), 'row')}"
            + (f" of {len(runs)} runs" if len(runs) > 1 else ""),
            "columns": [
                (name, name if name[:2] == "--" else name.replace("_", " "))
                for name in rows[0]
            ],
            "rows": rows[:MOST_ROWS],
            "notes": [
                f"These are the first {MOST_ROWS} of {len(rows)} rows; "
                "--format=csv writes all."
            ]
            * (len(rows) > MOST_ROWS),
        }
        for fields, rows in kinds.items()
        if fields
    ]


def _parts(layout, runs, refused):
    """The group, or its runs one by one if their tables cannot be drawn."""
    try:
        rows = layout.rows(runs)
        yield RunGroup(
            tuple(runs),
            *(
                tuple(part(rows))
                for part in (layout.tables, layout.notes, layout.conclusion)
            ),
        )
    # Rows of later versions, or of nobody knows what, have other fields; the
    # page is made all the same, and says so.
    except Exception as error:
        if len(runs) > 1:
            for run in runs:
                yield from _parts(layout, [run], refused)
        else:
            refused.setdefault(runs[0].name, []).append(
                f"Shown row by row, without the tables of "
                f"{runs[0].experiment}: {error_text(error)}"
            )
            yield RunGroup(tuple(runs))


def _papers(rows):
    """The papers' tables and orderings beside ours; and cell by cell."""
    lines = differences.paper_differences(rows)
    compared = differences.paper_difference_tables(lines)
    tables = published.probe_tables().values()
    wholes = paper_tables(rows, intervals=True)
    papers = tuple(
        {"published": table, "compared": compared[table.name], "whole": whole}
        for table, whole in zip(tables, wholes, strict=True)
        if table.name in compared
    )
    tested = orderings.evaluate_orderings(rows)
    return papers, tuple(orderings.orderings_tables(tested)), lines


def _title(runs, experiments):
    names = cells.listed(experiments, 3, ", ", " and {} more")
    return f"{names}: {cells.counted(len(runs), 'run')}"


def run_anchor(runs: Sequence[RunRecord], run: RunRecord) -> str:
    """The `id` on the page of one of its runs."""
    return f"run-{[each.path for each in runs].index(run.path) + 1}"


def _overview_table(runs: Sequence[RunRecord]) -> Table:
    """A line for each run; a machine that made all of them stands below."""
    lines = []
    for run in runs:
        about = run.provenance
        machine, commit = about.get("machine"), str(about.get("commit") or "")
        dirty = "-dirty" * commit.endswith("-dirty")
        line = machine.get("line") if isinstance(machine, dict) else None
        lines.append(
            {
                "run": cells.RichText(run.name, anchor=run_anchor(runs, run)),
                "experiment": run.experiment,
                "state": run.state,
                "results": len(run.rows) if run.state == FINISHED else None,
                "seed": about.get("seed", run.config.get("seed")),
                "started": start_text(about.get("start")),
                "took": cells.duration_text(about.get("wall_seconds")),
                "commit": commit[:7] + dirty or None,
                "machine": line or None,
            }
        )
    machines = {str(line["machine"]) for line in lines if line["machine"]}
    return {
        "title": "Runs",
        "columns": [
            "run",
            "experiment",
            "state",
            ("results", "rows"),
            "seed",
            ("started", "started (UTC)"),
            "took",
            "commit",
            *(["machine"] if len(machines) > 1 else []),
        ],
        "rows": lines,
        "notes": [f"All on: {each}." for each in machines if len(machines) < 2],
    }


def _coverage_table(coverage: Sequence[Mapping[str, Any]]) -> Table:
    texts = {None: "not compared", 0: "all"}
    return {
        "title": "How many of the papers' numbers have one of these runs' "
        "beside",
        "columns": [
            ("cite", "paper"),
            "table",
            ("cells", "numbers"),
            ("covered", "with ours"),
            "without",
        ],
        "rows": [
            {
                **line,
                "without": texts.get(line["covered"], line["without"] or None),
            }
            # What can be compared comes first, then what is.
            for line in sorted(
                coverage,
                key=lambda line: (line["covered"] is None, not line["covered"]),
            )
        ],
        "notes": [
            "Not compared: no experiment of ours measures the same, or this "
            "report does not know it."
        ],
    }
