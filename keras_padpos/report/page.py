"""A report over runs as one page."""

import base64
import functools
import hashlib
import io
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.errors import optional_import
from keras_padpos.errors import printable
from keras_padpos.report.cells import cell_text
from keras_padpos.report.cells import column_pairs
from keras_padpos.report.cells import is_number
from keras_padpos.report.content import ReportContent
from keras_padpos.report.content import RunGroup
from keras_padpos.report.content import run_anchor
from keras_padpos.report.curves import draw_curves
from keras_padpos.report.provenance import provenance_items
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.run_files import read_file

# Bytes of all figures that a page holds; it is in memory several times. The
# others are links.
_MOST_SHOWN = 20_000_000

# Larger files are left out.
_LARGEST_FIGURE = 50_000_000

# Larger files are drawn smaller, to this width in pixels.
_LARGEST_FILE = 1_000_000
_WIDTH = 1600

# From what a filter is called to the fields that may hold its value.
_FACETS = {
    "experiment": (),
    "backbone": ("backbone", "model"),
    "padding mode": ("padding_mode",),
    "target": ("target",),
}

# A page is text; what moves a terminal's cursor is of no use in it.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# A number, with a deviation, a unit or another behind it; no date, no "3x3".
_NUMBER = re.compile(r"(?!\d{4}-\d)[-+−]?[\d.]+(e[-+]\d+)?( |$)|\[|-$|-inf")

# Longer texts are broken into lines.
_LONG = 36

# Of a figure's caption, in characters.
_LONGEST = 300

# Names of runs that stand in a heading.
_MOST_NAMES = 4


def report_html(
    content: ReportContent,
    *,
    figures: bool = True,
    folder: str | os.PathLike | None = None,
) -> str:
    """Write a report as a page that needs nothing but itself.

    Args:
        content: What it says.
        figures: Whether it shows the figures of runs.
        folder: Where the page will lie: it links the figures' PDF files from
            there. Without, it has no such links.
    """
    jinja2 = optional_import(
        "jinja2",
        "report",
        "--format=html (markdown and csv do not)",
    )
    loader = jinja2.PackageLoader("keras_padpos", "report")
    environment = jinja2.Environment(
        autoescape=True,
        loader=loader,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = (
        loader.get_source(environment, name)[0]
        for name in ("page.css", "page.js")
    )
    filters = _Filters(content.runs)
    table = functools.partial(_html_table, filters=filters)
    overview = table(content.overview)
    # Each line is marked with what its run has.
    overview["rows"] = [
        (filters.run_marks([run]), cells)
        for run, (_, cells) in zip(content.runs, overview["rows"], strict=True)
    ]
    states = Counter(run.state for run in content.runs)
    page = environment.get_template("page.html.jinja").render(
        content=content,
        overview=overview,
        choices=filters.choices(),
        groups=_groups(content, filters, figures, folder),
        table=table,
        probe_marks=filters.marks([("experiment", "position_probe")]),
        counts=", ".join(f"{n} {state}" for state, n in states.items()),
        style=style,
        script=script,
        digest=_digest,
    )
    return _CONTROLS.sub("?", page)


def _digest(text: str) -> str:
    """What a content security policy knows an inline part by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


class _Filters:
    """Numbers the values of each filter, and marks what has which."""

    def __init__(self, runs: Sequence[RunRecord]):
        self._marks: dict[str, dict[str, str]] = {name: {} for name in _FACETS}
        for facet, value in _run_values(runs):
            marks = self._marks[facet]
            marks.setdefault(value, f"{facet[0]}{len(marks)}")

    def choices(self) -> list[tuple[str, str, list[str]]]:
        """Name, letter in marks and values of filters with several."""
        return [
            (facet, facet[0], list(marks))
            for facet, marks in self._marks.items()
            if len(marks) > 1
        ]

    def marks(self, values: Iterable[tuple[str, str]]) -> str:
        """Marks of values that some row of a run has."""
        marks = (self._marks[facet].get(value) for facet, value in values)
        return " ".join(dict.fromkeys(filter(None, marks)))

    def run_marks(self, runs: Iterable[RunRecord]) -> str:
        """What runs have in any of their rows."""
        return self.marks(_run_values(runs))


def _run_values(runs):
    for run in runs:
        yield "experiment", run.experiment
        for row in run.rows:
            yield from _values(row)


def _values(row):
    for facet, fields in _FACETS.items():
        texts = [v for v in map(row.get, fields) if isinstance(v, str) and v]
        if texts:
            # Tables write targets without their underscores.
            text = texts[0]
            yield facet, text.replace("_", " ") if facet == "target" else text


def _html_table(table: Mapping[str, Any], filters: _Filters) -> dict[str, Any]:
    """A table's cells as text, and marks of what each is about."""
    pairs, rows = column_pairs(table["columns"]), table["rows"]
    heads = []
    for key, heading in pairs:
        # A column may be called by a value.
        values = ("target", key.replace("_", " ")), ("padding mode", key)
        right = _is_right([row.get(key) for row in rows])
        heads.append((str(heading), right, filters.marks(values)))
    return {
        "title": table["title"],
        "heads": heads,
        "rows": [
            (
                filters.marks(_values(row)),
                [_cell(row.get(key)) for key, _ in pairs],
            )
            for row in rows
        ],
        "notes": table.get("notes", ()),
    }


def _cell(value: Any) -> dict[str, Any]:
    text = cell_text(value)
    return {
        "text": text,
        "is_long": len(text) > _LONG,
        "whole": getattr(value, "whole", None),
        "anchor": getattr(value, "anchor", None),
    }


def _is_right(values: list[Any]) -> bool:
    shown = [value for value in values if value is not None]
    return bool(shown) and all(
        is_number(value)
        or (isinstance(value, (str, list)) and _NUMBER.match(cell_text(value)))
        for value in shown
    )


def _groups(content, filters, figures, folder):
    """From each experiment to what the template shows of its groups."""
    numbers = itertools.count(1)
    room = _Room()

    def view(group):
        runs = [
            {
                "run": run,
                "anchor": run_anchor(content.runs, run),
                "marks": filters.run_marks([run]),
                "provenance": provenance_items(run),
                **_figures(run if figures else None, folder, room),
            }
            for run in group.runs
        ]
        number = next(numbers)
        return {
            "title": _title(group),
            "anchor": runs[0]["anchor"]
            if len(runs) == 1
            else f"group-{number}",
            "marks": filters.run_marks(group.runs),
            "tables": group.tables,
            "notes": group.notes,
            "conclusion": group.conclusion,
            "runs": runs,
        }

    return {
        name: list(map(view, groups))
        for name, groups in content.experiments.items()
    }


def _title(group: RunGroup) -> str:
    names = [run.name for run in group.runs]
    if len(names) == 1:
        return names[0]
    states = {run.state for run in group.runs}
    what = "without results" if len(states) > 1 else states.pop()
    title = f"{len(names)} runs {'together' if group.tables else what}"
    if len(names) <= _MOST_NAMES:
        title += f": {', '.join(names)}"
    return title


class _Room:
    """What is left for figures on a page."""

    def __init__(self) -> None:
        self._left = _MOST_SHOWN

    def take(self, figure: Mapping[str, Any]) -> bool:
        """Whether there is room for a figure, which is taken then."""
        fits = len(figure["uri"]) <= self._left
        # Not a smaller one after one that did not fit: they stay in order.
        self._left = self._left - len(figure["uri"]) if fits else 0
        return fits

    def __bool__(self) -> bool:
        return self._left > 0


def _figures(run, folder, room):
    """Captions and pictures of a run, its curves last; which are not shown."""
    figures, linked, broken = [], [], []
    for file in run.figures if run else ():
        try:
            with read_file(file, run.path, _LARGEST_FIGURE) as stream:
                figure = embed_figure(stream.read()) if room else None
        except (OSError, ValueError) as error:
            broken.append(f"{file.name}: {error_text(error)}")
            continue
        if figure is None or not room.take(figure):
            linked.append((file.name, _link(file, folder)))
            continue
        figure["pdf"] = _link(file.with_suffix(".pdf"), folder)
        caption = figure["title"] or file.stem.replace("_", " ")
        figures.append((caption, figure))
    if run and room and (curves := draw_curves(run.metrics)):
        figure = embed_figure(curves[1])
        if room.take(figure):
            figures.append((curves[0], figure))
    return {"figures": figures, "linked": linked, "broken": broken}


def _link(file, folder):
    """The address of a file for a page in a folder; `None` without one."""
    if folder is None or not file.is_file():
        return None
    try:
        return quote(Path(os.path.relpath(file, folder)).as_posix())
    except ValueError:  # On another drive.
        return None


def embed_figure(content: bytes) -> dict[str, Any]:
    """A PNG file as a data URI, with its size in pixels and its title.

    `note` says what was done to it.
    """
    from PIL import Image

    note = ""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            width, height = image.size
            title = printable(str(image.info.get("Title", ""))[:_LONGEST])
            # A torn file has a size too. Checksums take no time, pixels do.
            image.verify()
        if len(content) > _LARGEST_FILE and width > _WIDTH:
            note = f"Drawn smaller; the file has {width}x{height} pixels."
            height = max(1, round(height * _WIDTH / width))
            width = _WIDTH
            out = io.BytesIO()
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                resized = image.convert("RGBA").resize((width, height))
                resized.save(out, "PNG", optimize=True)
            content = out.getvalue()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("it is no PNG picture, or damaged") from None
    uri = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
    return {
        "uri": uri,
        "width": width,
        "height": height,
        "title": title,
        "note": note,
        "pdf": None,
    }
