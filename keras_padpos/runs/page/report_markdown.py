"""A report over runs as Markdown."""

from collections.abc import Iterable

from keras_padpos.runs.markdown_text import markdown_text
from keras_padpos.runs.page.provenance_words import provenance_words
from keras_padpos.runs.page.report_content import ReportContent
from keras_padpos.runs.page.run_record import FINISHED
from keras_padpos.runs.table_markdown import table_markdown


def report_markdown(content: ReportContent) -> str:
    """Write a report's tables as Markdown, without figures and curves.

    Example:

    >>> from pathlib import Path
    >>> from keras_padpos.runs.page.report_content import report_content
    >>> from keras_padpos.runs.page.run_record import RunRecord
    >>> run = RunRecord(Path("a"), "a", "count", rows=({"n": 1},))
    >>> print(report_markdown(report_content([run])).splitlines()[0])
    # count: 1 run

    Args:
        content: As `report_content` returns it.

    Returns:
        The text, with a line break at its end.
    """
    return "\n\n".join(_blocks(content)) + "\n"


def _blocks(content: ReportContent) -> Iterable[str]:
    yield f"# {markdown_text(content.title)}"
    yield table_markdown(**content.overview)
    if content.missing:
        yield "## What is missing"
        for what, lines in content.missing.items():
            yield f"**{what}**"
            yield _list(lines)
    yield "## The papers' tables"
    yield table_markdown(**content.coverage)
    for part in content.papers:
        yield table_markdown(**part.compared)
        yield table_markdown(**part.whole)
    if content.orderings:
        yield "## The papers' orderings"
        for table in content.orderings:
            yield table_markdown(**table)
    for name, groups in content.experiments.items():
        yield f"## {markdown_text(name)}"
        for group in groups:
            names = ", ".join(run.name for run in group.runs)
            yield f"### {markdown_text(names)}"
            for table in group.tables:
                yield table_markdown(**table)
            yield from map(markdown_text, group.notes)
            for run in group.runs:
                if run.state != FINISHED:
                    yield markdown_text(
                        f"{run.name}: {run.state}. {' '.join(run.problems)}"
                    ).strip()
    yield "## Where the numbers come from"
    for run in content.runs:
        yield f"**{markdown_text(run.name)}**"
        yield _list(f"{name}: {words}" for name, words in provenance_words(run))


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"* {markdown_text(line)}" for line in lines)
