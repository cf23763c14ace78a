"""A report in one of its formats."""

from collections.abc import Sequence

from keras_padpos.runs.page.report_content import report_content
from keras_padpos.runs.page.report_csv import report_csv
from keras_padpos.runs.page.report_html import report_html
from keras_padpos.runs.page.report_markdown import report_markdown
from keras_padpos.runs.page.run_record import RunRecord


def report_text(
    runs: Sequence[RunRecord],
    report_format: str,
    *,
    title: str | None = None,
    figures: bool = True,
) -> str:
    r"""Write a report.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=({"n": 1},))
    >>> report_text([run], "csv")
    'run,experiment,n\na,count,1\n'

    Args:
        runs: As `find_runs` returns them.
        report_format: `"html"`, `"markdown"` or `"csv"`.
        title: Of the report, in HTML and Markdown.
        figures: Whether to put the runs' figures in, in HTML.

    Returns:
        The text.

    Raises:
        UserError: If a package is not installed that it needs.
    """
    if report_format == "csv":
        return report_csv(runs)
    content = report_content(runs, title)
    if report_format == "markdown":
        return report_markdown(content)
    return report_html(content, figures=figures)
