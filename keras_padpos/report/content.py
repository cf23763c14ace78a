"""What a report over runs says, before it is Markdown or HTML."""

import dataclasses
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos import published
from keras_padpos.errors import error_text
from keras_padpos.report._paper_differences import paper_coverage
from keras_padpos.report._paper_differences import paper_difference_tables
from keras_padpos.report._paper_differences import paper_differences
from keras_padpos.report._paper_tables import paper_tables
from keras_padpos.report._position_rows import position_rows
from keras_padpos.report._row_tables import row_tables
from keras_padpos.report.cells import RichText
from keras_padpos.report.cells import counted
from keras_padpos.report.cells import duration_text
from keras_padpos.report.missing import missing_parts
from keras_padpos.report.orderings import evaluate_orderings
from keras_padpos.report.orderings import orderings_tables
from keras_padpos.report.provenance import start_text
from keras_padpos.report.read_runs import FINISHED
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import run_groups

Table = dict[str, Any]
"""Arguments of `print_table`."""


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
    """

    tables: Callable[[Sequence[Any]], list[Table]]
    notes: Callable[[Sequence[Any]], Sequence[str]] = lambda rows: ()
    key: frozenset[str] = frozenset()
    rows: Callable[[Sequence[RunRecord]], list[dict[str, Any]]] = plain_rows


@dataclasses.dataclass(frozen=True)
class RunGroup:
    """Runs that share their tables, and the notes for all of these."""

    runs: tuple[RunRecord, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


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
        name: tuple(
            _groups(
                [run for run in runs if run.experiment == name],
                layouts.get(name),
                refused,
            )
        )
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

    papers, orderings, differences = (), (), []
    if probes := whole("position_probe"):
        try:
            papers, orderings, differences = _papers(position_rows(probes))
        # The rows are anybody's, and the page is to be made all the same.
        except Exception as error:
            reason = error_text(error)
            refused["The papers' tables of position probes"] = [reason]
    coverage = paper_coverage(differences, plain_rows(whole("fconv_tests")))
    sources = [published.load_table(line["name"]).paper for line in coverage]
    return ReportContent(
        title or _title(runs, list(experiments)),
        tuple(runs),
        _overview_table(runs),
        missing_parts(
            runs,
            {
                name: [group.runs for group in groups]
                for name, groups in experiments.items()
            },
            coverage,
            refused,
        ),
        _coverage_table(coverage),
        tuple({paper["cite"]: paper for paper in sources}.values()),
        papers,
        orderings,
        experiments,
    )


def _groups(runs, layout, refused) -> Iterable[RunGroup]:
    """Runs with the tables that they share, then those without results."""
    plain = [run for run in runs if run.state == FINISHED]
    if layout:
        finished, plain = plain, []
        for group in run_groups(finished, layout.key):
            for part in _parts(layout, group, refused):
                if part.tables:
                    yield part
                else:
                    plain += part.runs
    if plain:
        yield RunGroup(tuple(plain), tuple(row_tables(plain)))
    rest = [run for run in runs if run.state != FINISHED]
    if rest:
        yield RunGroup(tuple(rest))


def _parts(layout, runs, refused):
    """The group, or its runs one by one if their tables cannot be drawn."""
    try:
        rows = layout.rows(runs)
        yield RunGroup(
            tuple(runs), tuple(layout.tables(rows)), tuple(layout.notes(rows))
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
    differences = paper_differences(rows)
    compared = paper_difference_tables(differences)
    papers = tuple(
        {
            "published": table,
            "compared": compared[table.name],
            "whole": whole,
        }
        for table, whole in zip(
            published.probe_tables().values(),
            paper_tables(rows, intervals=True),
            strict=True,
        )
        if table.name in compared
    )
    orderings = orderings_tables(evaluate_orderings(rows))
    return papers, tuple(orderings), differences


def _title(runs, experiments):
    names = ", ".join(experiments[:3])
    if len(experiments) > 3:
        names += f" and {len(experiments) - 3} more"
    return f"{names}: {counted(len(runs), 'run')}"


def run_anchor(runs: Sequence[RunRecord], run: RunRecord) -> str:
    """The `id` on the page of one of its runs."""
    return f"run-{[each.path for each in runs].index(run.path) + 1}"


def _overview_table(runs: Sequence[RunRecord]) -> Table:
    """A line for each run; a machine that made all of them stands below."""
    lines = []
    for run in runs:
        about = run.provenance
        machine, commit = about.get("machine"), str(about.get("commit") or "")
        lines.append(
            {
                "run": RichText(run.name, anchor=run_anchor(runs, run)),
                "experiment": run.experiment,
                "state": run.state,
                "results": len(run.rows) if run.state == FINISHED else None,
                "seed": about.get("seed", run.config.get("seed")),
                "started": start_text(about.get("start")),
                "took": duration_text(about.get("wall_seconds")),
                "commit": commit[:7] + "-dirty" * commit.endswith("-dirty")
                or None,
                "machine": isinstance(machine, dict)
                and machine.get("line")
                or None,
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
        "notes": [f"All on: {each}." for each in machines]
        if len(machines) == 1
        else [],
    }


def _coverage_table(coverage: Sequence[Mapping[str, Any]]) -> Table:
    # What can be compared comes first, then what is.
    lines = sorted(
        coverage,
        key=lambda line: (line["covered"] is None, not line["covered"]),
    )
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
            for line in lines
        ],
        "notes": [
            "Not compared: no experiment of ours measures the same, or this "
            "report does not know it."
        ],
    }
