"""A report over runs as a file: Markdown, CSV or HTML."""

import csv
import io
import json
import sys
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import printable
from keras_padpos.files.disk import atomic_file
from keras_padpos.report import cells
from keras_padpos.report import read_runs
from keras_padpos.report.content import Layout
from keras_padpos.report.content import ReportContent
from keras_padpos.report.content import Table
from keras_padpos.report.content import report_content
from keras_padpos.report.page import report_html
from keras_padpos.report.provenance import provenance_items

_DEFAULT = "report.html"
# More than fits into an e-mail.
_LARGE = 50_000_000
_FORMULA = ("=", "+", "-", "@")


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
        out: The value of `--out`; `"-"` is standard output.
        report_format: `"html"`, `"markdown"` or `"csv"`.
        overwrite: Whether a file that is there may be replaced; else, as
            without a folder, `InputError` is raised.

    Returns:
        The path; `None` for standard output.
    """
    if out == "-" or (out is None and report_format != "html"):
        return None
    path = Path(out or _DEFAULT).expanduser()
    received = f"Received: {str(path)!r}"
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        raise InputError(f"--out must be a file. {received}, {kind}.")
    if path.exists() and not overwrite:
        raise InputError(
            f"--out must be a new file. {received}, which is there; "
            "--overwrite replaces it."
        )
    if not path.parent.is_dir():
        raise InputError(
            f"--out must lie in a folder that is there. {received}."
        )
    return path


def report_text(
    runs: Sequence[read_runs.RunRecord],
    report_format: str,
    layouts: Mapping[str, Layout],
    *,
    title: str | None = None,
    figures: bool = True,
    folder: Path | None = None,
) -> str:
    r"""Write a report.

    Example:

    >>> rows = ({"n": 1},)
    >>> run = read_runs.RunRecord(Path("a"), "a", "count", rows=rows)
    >>> report_text([run], "csv", {})
    'run,experiment,n\na,count,1\n'

    Args:
        runs: As `find_runs` returns them.
        report_format: `"html"`, `"markdown"` or `"csv"`.
        layouts: From experiments to their tables. Rows of others are shown
            as they are.
        title: Of the report, in HTML and Markdown.
        figures: Whether to put figures in, in HTML.
        folder: Where a page in HTML will lie, so that it links the figures'
            PDF files; without, it has no such links.
    """
    if report_format == "csv":
        return _report_csv(runs)
    content = report_content(runs, layouts, title)
    if report_format == "markdown":
        return "\n\n".join(_markdown_blocks(content)) + "\n"
    return report_html(content, figures=figures, folder=folder)


def write_report(
    text: str, runs: Sequence[read_runs.RunRecord], out: Path | None
) -> str:
    """Write a report's file, whole or not at all; return a line about it.

    Args:
        text: As `report_text` returns it.
        runs: What it is about.
        out: As `check_report_file` returns it.
    """
    # A name out of a file may hold what UTF-8 has no bytes for.
    content = text.encode("utf-8", errors="replace")
    if out is None:
        sys.stdout.write(content.decode("utf-8"))
        sys.stdout.flush()
    else:
        with atomic_file(out) as stream:
            stream.write(content)
    size = f"{len(content) / 1e6:.3g} MB"
    if len(content) < 999_500:
        size = f"{len(content) / 1e3:.3g} kB"
    parts = [size, cells.counted(len(runs), "run")]
    for state in (read_runs.UNFINISHED, read_runs.DAMAGED):
        if count := [run.state for run in runs].count(state):
            parts.append(f"{count} of them {state}")
    if len(content) > _LARGE and out is not None:
        parts.append("--nofigures makes it small")
    return f"{out or 'standard output'}: {', '.join(parts)}"


def _report_csv(runs: Sequence[read_runs.RunRecord]) -> str:
    """The rows of all finished runs under one header, with all their digits."""
    finished = [run for run in runs if run.state == read_runs.FINISHED]
    flags = dict.fromkeys(
        name
        for experiment in dict.fromkeys(run.experiment for run in finished)
        for name in read_runs.differing_flags(
            run for run in finished if run.experiment == experiment
        )
    )
    columns = dict.fromkeys(
        ["run", "experiment", *(f"config.{name}" for name in flags)]
    )
    lines = []
    for run in finished:
        about = {"run": run.name, "experiment": run.experiment}
        about |= {
            f"config.{name}": cells.config_text(run.config[name])
            for name in flags
            if run.config.get(name) is not None
        }
        for row in run.rows:
            line = about | {
                (f"row.{name}" if name in about else name): value
                for name, value in row.items()
            }
            columns |= dict.fromkeys(line)
            lines.append(line)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, columns))
    for line in lines:
        writer.writerow(_cell(line.get(column)) for column in columns)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        value = printable(value, keep="\n")
        # A spreadsheet would take it for a formula.
        return f"'{value}" if value.lstrip()[:1] in _FORMULA else value
    if value is None or isinstance(value, (int, float)):
        return value
    return json.dumps(value, ensure_ascii=False)


def _markdown_blocks(content: ReportContent) -> Iterable[str]:
    """A report's tables, without figures and curves."""
    yield f"# {cells.markdown_text(content.title)}"
    yield from _experiment_blocks(content)
    yield "## Runs"
    yield cells.table_markdown(**content.overview)
    if content.missing:
        yield "## What is missing"
    for what, lines in content.missing.items():
        yield f"**{what}**"
        yield _list(lines)
    yield "## The papers' tables"
    yield cells.table_markdown(**content.coverage)
    for part in content.papers:
        yield tables_markdown([part["compared"], part["whole"]])
    if content.orderings:
        yield "## The papers' orderings"
        yield tables_markdown(content.orderings)
    yield "## Where the numbers come from"
    for run in content.runs:
        yield f"**{cells.markdown_text(run.name)}**"
        yield _list(f"{name}: {text}" for name, text in provenance_items(run))


def _experiment_blocks(content: ReportContent) -> Iterable[str]:
    """What the runs of each experiment measured."""
    for name, groups in content.experiments.items():
        yield f"## {cells.markdown_text(name)}"
        for group in groups:
            names = ", ".join(run.name for run in group.runs)
            yield f"### {cells.markdown_text(names)}"
            yield from map(cells.markdown_text, group.conclusion)
            yield from (cells.table_markdown(**table) for table in group.tables)
            yield from map(cells.markdown_text, group.notes)
            for run in group.runs:
                if run.state != read_runs.FINISHED:
                    text = f"{run.name}: {run.state}. {' '.join(run.problems)}"
                    yield cells.markdown_text(text).strip()


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"* {cells.markdown_text(line)}" for line in lines)


def tables_markdown(
    tables: Iterable[Table], *, repeat_notes: bool = True
) -> str:
    """Write tables, arguments of `print_table`, as Markdown.

    With `repeat_notes=False` a note that holds for several tables stands under
    the first alone. Footnotes, which begin with `[`, are a table's own.
    """
    texts, written = [], set()
    for table in tables:
        notes = [
            note
            for note in table.get("notes", ())
            if repeat_notes or note.startswith("[") or note not in written
        ]
        written.update(notes)
        texts.append(cells.table_markdown(**{**table, "notes": notes}))
    return "\n\n".join(texts)
