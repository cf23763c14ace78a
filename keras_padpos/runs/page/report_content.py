"""What a report over runs says, before it is Markdown or HTML."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.orderings import evaluate_orderings
from keras_padpos.runs.orderings_report import orderings_tables
from keras_padpos.runs.page.experiment_layouts import LAYOUTS
from keras_padpos.runs.page.missing_parts import missing_parts
from keras_padpos.runs.page.overview_table import overview_table
from keras_padpos.runs.page.row_tables import row_tables
from keras_padpos.runs.page.run_groups import run_groups
from keras_padpos.runs.page.run_record import FINISHED
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.paper_coverage import paper_coverage
from keras_padpos.runs.paper_difference_tables import paper_difference_tables
from keras_padpos.runs.paper_differences import paper_differences
from keras_padpos.runs.paper_tables import paper_tables
from keras_padpos.runs.work_directory import WorkDirectory

Table = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class RunGroup:
    """Runs that share their tables.

    Args:
        runs: At least one.
        tables: Arguments of `print_table`.
        notes: What holds for all tables.
    """

    runs: tuple[RunRecord, ...]
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class PaperPart:
    """One of the papers' tables that has numbers of ours.

    Args:
        cite: The paper, in short.
        table: The table's name there.
        caption: What it shows.
        compared: A table of differences, cell by cell.
        whole: The table drawn again, with every network of the runs.
    """

    cite: str
    table: str
    caption: str
    compared: Table
    whole: Table


@dataclasses.dataclass(frozen=True)
class ReportContent:
    """All that a report says.

    Args:
        title: Of the whole.
        runs: In the order of the command line.
        overview: A table with a line for each run.
        missing: From what is missing to lines that say where.
        coverage: A table of the papers' tables, and how many of their numbers
            have one of ours.
        sources: The papers, a dict each; see `published.PublishedTable`.
        papers: The papers' tables of read-outs that have numbers of ours.
        orderings: Tables of what the papers' orderings come to.
        experiments: From each experiment to its groups of runs.
    """

    title: str
    runs: tuple[RunRecord, ...]
    overview: Table
    missing: dict[str, list[str]]
    coverage: Table
    sources: tuple[dict[str, Any], ...]
    papers: tuple[PaperPart, ...]
    orderings: tuple[Table, ...]
    experiments: dict[str, tuple[RunGroup, ...]]


def report_content(
    runs: Sequence[RunRecord], title: str | None = None
) -> ReportContent:
    """Lay out what runs measured.

    Nothing in the runs' files makes this raise. Where rows are not what an
    experiment's own tables need, they are shown as those of an experiment
    that is not known, and the report says so.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=({"n": 1},))
    >>> content = report_content([run])
    >>> content.title
    'count: 1 run'

    Args:
        runs: As `find_runs` returns them.
        title: Of the report; if not given, it tells experiments and runs.

    Returns:
        The content.
    """
    refused: dict[str, list[str]] = {}
    experiments = {
        name: tuple(
            _groups(
                name, [run for run in runs if run.experiment == name], refused
            )
        )
        for name in dict.fromkeys(run.experiment for run in runs)
    }
    probes = [
        run
        for group in experiments.get("position_probe", ())
        for run in group.runs
        if run.state == FINISHED and run.name not in refused
    ]
    papers, orderings, differences = (), (), []
    if probes:
        try:
            papers, orderings, differences = _papers(probes)
        # The rows are anybody's, and the page is to be made all the same.
        except Exception as error:
            refused["The papers' tables of read-outs"] = [_reason(error)]
    coverage = paper_coverage(differences, _fconv_rows(experiments, refused))
    return ReportContent(
        title or _title(runs, experiments),
        tuple(runs),
        overview_table(runs),
        missing_parts(runs, experiments, coverage, refused),
        _coverage_table(coverage),
        _sources(coverage),
        papers,
        orderings,
        experiments,
    )


def _groups(experiment, runs, refused):
    """Runs with the tables that they share, then those without results."""
    finished = [run for run in runs if run.state == FINISHED]
    layout = LAYOUTS.get(experiment)
    plain = []
    if layout:
        for group in run_groups(finished, layout.told):
            for part in _parts(layout, group, refused):
                if part.tables:
                    yield part
                else:
                    plain += part.runs
    else:
        plain = finished
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
                f"{runs[0].experiment}: {_reason(error)}"
            )
            yield RunGroup(tuple(runs))


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing."
    return f"{str(error) or type(error).__name__}"


def _papers(probes):
    from keras_padpos import published

    layout = LAYOUTS["position_probe"]
    rows = layout.rows(probes)
    differences = paper_differences(rows)
    compared = paper_difference_tables(differences)
    whole = paper_tables(rows, intervals=True)
    names = list(dict.fromkeys(row["name"] for row in differences))
    papers = tuple(
        PaperPart(
            published.load_table(name).paper["cite"],
            published.load_table(name).table,
            published.load_table(name).caption,
            compared[name],
            table,
        )
        for name, table in zip(names, whole, strict=True)
        if name in compared
    )
    works = [
        WorkDirectory.open_finished(run.path, run.experiment) for run in probes
    ]
    tried = orderings_tables(evaluate_orderings(works))
    return papers, tuple(tried), differences


def _sources(coverage):
    from keras_padpos import published

    papers = [published.load_table(line["name"]).paper for line in coverage]
    return tuple({paper["cite"]: paper for paper in papers}.values())


def _fconv_rows(experiments, refused):
    return [
        row
        for group in experiments.get("fconv_tests", ())
        for run in group.runs
        if run.name not in refused
        for row in run.rows
    ]


def _title(runs, experiments):
    words = ", ".join(list(experiments)[:3])
    if len(experiments) > 3:
        words += f" and {len(experiments) - 3} more"
    return f"{words}: {len(runs)} run{'s' if len(runs) != 1 else ''}"


def _coverage_table(coverage):
    # What can be compared comes first, then what is.
    lines = sorted(
        coverage,
        key=lambda line: (line["covered"] is None, not line["covered"]),
    )
    return {
        "title": "How many of the papers' numbers have one of these runs' "
        "beside",
        "columns": [
            "paper",
            "table",
            ("cells", "numbers"),
            ("covered", "with ours"),
            ("without", "without"),
        ],
        "rows": [
            {
                "paper": line["cite"],
                "table": line["table"],
                "cells": line["cells"],
                "covered": line["covered"],
                "without": _without(line),
            }
            for line in lines
        ],
        "notes": [
            "Not compared: no experiment of ours measures the same, or this "
            "report does not know it."
        ],
    }


def _without(line):
    if line["covered"] is None:
        return "not compared"
    if not line["covered"]:
        return "all"
    return line["without"] or None
