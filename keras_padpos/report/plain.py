"""A report over runs as Markdown."""

import csv
import io
import json
from collections.abc import Iterable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.cells import flag_words
from keras_padpos.report.cells import markdown_text
from keras_padpos.report.cells import table_markdown
from keras_padpos.report.content import ReportContent
from keras_padpos.report.content import report_content
from keras_padpos.report.page import report_html
from keras_padpos.report.provenance import provenance_words
from keras_padpos.report.read_runs import FINISHED
from keras_padpos.report.read_runs import RunRecord

_DEFAULT = "report.html"


def check_report_file(
    out: str | None, report_format: str, *, overwrite: bool = False
) -> Path | None:
    """Say where a report goes, before anything is read.

    Example:

    >>> check_report_file(None, "csv") is check_report_file("-", "html")
    True
    >>> check_report_file(None, "html").name
    'report.html'

    Args:
        out: The path somebody gave; `"-"` is standard output.
        report_format: `"html"`, `"markdown"` or `"csv"`.
        overwrite: Whether a file that is there may be replaced.

    Returns:
        The path; `None` for standard output.

    Raises:
        InputError: If something is there, or its folder is not.
    """
    if out == "-" or (out is None and report_format != "html"):
        return None
    path = Path(out or _DEFAULT).expanduser()
    if path.is_dir():
        raise InputError(
            f"--out must be a file. Received: {str(path)!r}, a folder."
        )
    if path.exists() and not overwrite:
        raise InputError(
            f"--out must be a new file. Received: {str(path)!r}, which is "
            "there; --overwrite replaces it."
        )
    if not path.parent.is_dir():
        raise InputError(
            "--out must lie in a folder that is there. Received: "
            f"{str(path)!r}."
        )
    return path


_FORMULA = ("=", "+", "-", "@", "\t")


def report_csv(runs: Sequence[RunRecord]) -> str:
    """Write the rows of all finished runs under one header.

    Example:

    >>> from pathlib import Path
    >>> runs = [RunRecord(Path(name), name, "count", {"rate": 1, "a": rate},
    ...                   rows=({"n": 1, "grid": [[1, 2]]},))
    ...         for name, rate in (("a", 0.1), ("b", 0.2))]
    >>> print(report_csv(runs), end="")
    run,experiment,config.a,n,grid
    a,count,0.1,1,"[[1, 2]]"
    b,count,0.2,1,"[[1, 2]]"

    Args:
        runs: As `find_runs` returns them.

    Returns:
        CSV: a line for each row of results.json, in their order, with `run`
        and `experiment`; under `config.FLAG` the flags in which runs of one
        experiment differ; and under `row.run` and the like what a row calls
        by a name that is taken. Numbers have all their digits, nested values
        are JSON, what a row does not have is empty.
    """
    finished = [run for run in runs if run.state == FINISHED]
    flags = _differing_flags(finished)
    lines = []
    for run in finished:
        about = {"run": run.name, "experiment": run.experiment}
        about |= {
            f"config.{name}": flag_words(run.config[name])
            for name in flags
            if run.config.get(name) is not None
        }
        for row in run.rows:
            lines.append(
                about
                | {
                    (f"row.{name}" if name in about else name): _cell(value)
                    for name, value in row.items()
                }
            )
    columns = dict.fromkeys(
        ["run", "experiment", *(f"config.{name}" for name in flags)]
    )
    columns |= dict.fromkeys(name for line in lines for name in line)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _differing_flags(runs: Sequence[RunRecord]) -> list[str]:
    found = {}
    for experiment in dict.fromkeys(run.experiment for run in runs):
        mine = [run.config for run in runs if run.experiment == experiment]
        for name in dict.fromkeys(name for config in mine for name in config):
            if len({flag_words(config.get(name)) for config in mine}) > 1:
                found[name] = None
    return list(found)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # A spreadsheet would take it for a formula.
        return f"'{value}" if value[:1] in _FORMULA else value
    if value is None or isinstance(value, (int, float)):
        return value
    return json.dumps(value, ensure_ascii=False)


def report_markdown(content: ReportContent) -> str:
    """Write a report's tables as Markdown, without figures and curves.

    Example:

    >>> from pathlib import Path
    >>> from keras_padpos.report.content import report_content
    >>> from keras_padpos.report.read_runs import RunRecord
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
        InputError: If a package is not installed that it needs.
    """
    if report_format == "csv":
        return report_csv(runs)
    content = report_content(runs, title)
    if report_format == "markdown":
        return report_markdown(content)
    return report_html(content, figures=figures)
