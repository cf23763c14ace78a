"""A report over runs as one page."""

import base64
import dataclasses
import functools
import hashlib
import importlib.resources
import io
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.cells import FoldedWords
from keras_padpos.report.cells import LinkedWords
from keras_padpos.report.cells import cell_words
from keras_padpos.report.cells import is_number
from keras_padpos.report.content import ReportContent
from keras_padpos.report.content import RunGroup
from keras_padpos.report.content import figure_words
from keras_padpos.report.content import run_anchor
from keras_padpos.report.curves import HEIGHT
from keras_padpos.report.curves import WIDTH
from keras_padpos.report.curves import CurvePlot
from keras_padpos.report.curves import curve_plot
from keras_padpos.report.curves import learning_curves
from keras_padpos.report.provenance import provenance_words
from keras_padpos.report.read_runs import RunRecord

# Larger files are drawn smaller, to this width in pixels.
_LARGEST_FILE = 1_000_000
_WIDTH = 1600


@dataclasses.dataclass(frozen=True)
class EmbeddedFigure:
    """A picture as a data URI, with its size.

    Args:
        uri: `data:image/png;base64,...`.
        width: In pixels.
        height: In pixels.
        note: What was done to it; empty if nothing was.
    """

    uri: str
    width: int
    height: int
    note: str = ""


def embed_figure(file: Path) -> EmbeddedFigure:
    """Read a figure for a page that has no other files.

    Example:

    >>> import tempfile
    >>> from PIL import Image
    >>> file = Path(tempfile.mkdtemp()) / "dot.png"
    >>> Image.new("L", (3, 2)).save(file)
    >>> figure = embed_figure(file)
    >>> figure.width, figure.height, figure.uri[:22]
    (3, 2, 'data:image/png;base64,')

    Args:
        file: A PNG file.

    Returns:
        The figure as it is; a file of more than 1 MB is drawn 1600 pixels
        wide, if it is wider.

    Raises:
        ValueError: If it is no PNG, or damaged, for the reason told.
        OSError: If it cannot be read.
    """
    from PIL import Image

    content = file.read_bytes()
    note = ""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            width, height = image.size
            # A torn file has a size too. Checksums take no time, pixels do.
            image.verify()
        if len(content) > _LARGEST_FILE and width > _WIDTH:
            note = f"Drawn smaller; the file has {width}x{height} pixels."
            height = max(1, round(height * _WIDTH / width))
            width = _WIDTH
            content = _resized(content, (width, height))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("it is no PNG picture, or damaged") from None
    uri = base64.b64encode(content).decode("ascii")
    return EmbeddedFigure(f"data:image/png;base64,{uri}", width, height, note)


def _resized(content: bytes, size: tuple[int, int]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        image.convert("RGBA").resize(size).save(out, "PNG", optimize=True)
    return out.getvalue()


# From what a filter is called to the fields that may hold its value.
_FACETS = {
    "experiment": (),
    "backbone": ("backbone", "model"),
    "padding mode": ("padding_mode",),
    "target": ("target",),
}


class PageFilters:
    """Numbers the values of each filter, and marks what has which.

    Marks go into the page in the place of the values, which are anybody's
    text: `e0 b2` is the first experiment and the third backbone.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=(
    ...     {"backbone": "vgg16", "padding_mode": "zeros"},
    ...     {"backbone": "vgg16", "padding_mode": "reflect"}))
    >>> filters = PageFilters([run])
    >>> filters.choices()
    [('padding mode', 'p', ['zeros', 'reflect'])]
    >>> filters.marks({"backbone": "vgg16", "padding_mode": "reflect"})
    'b0 p1'

    Args:
        runs: All runs of the page.
    """

    def __init__(self, runs: Sequence[RunRecord]):
        self._values: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
        for run in runs:
            _number(self._values["experiment"], run.experiment)
            for row in run.rows:
                for facet, value in _values(row):
                    _number(self._values[facet], value)

    def choices(self) -> list[tuple[str, str, list[str]]]:
        """The filters that have something to choose.

        Returns:
            A triple each: what it is called, its letter in marks, and its
            values in the order of their numbers.
        """
        return [
            (facet, facet[0], list(values))
            for facet, values in self._values.items()
            if len(values) > 1
        ]

    def marks(
        self, row: Mapping[str, Any], experiment: str | None = None
    ) -> str:
        """What a row of a table has, by number.

        Args:
            row: Any mapping; what is not in a run's rows has no mark.
            experiment: The row's, if it is to be marked too.

        Returns:
            Marks with blanks between them.
        """
        found = list(_values(row))
        if experiment is not None:
            found.insert(0, ("experiment", experiment))
        return " ".join(self._marks(found))

    def run_marks(self, runs: Iterable[RunRecord]) -> str:
        """What runs have in any of their rows.

        Args:
            runs: Some of the page's runs.

        Returns:
            Marks with blanks between them.
        """
        found: dict[tuple[str, str], None] = {}
        for run in runs:
            found["experiment", run.experiment] = None
            for row in run.rows:
                found |= dict.fromkeys(_values(row))
        return " ".join(self._marks(found))

    def column_marks(self, key: str) -> str:
        """What a column is about that is called by a value.

        Args:
            key: The column's key, such as the name of a target.

        Returns:
            A mark, or nothing.
        """
        about = (("target", key.replace("_", " ")), ("padding mode", key))
        return " ".join(self._marks(about))

    def _marks(self, found: Iterable[tuple[str, str]]) -> Iterable[str]:
        for facet, value in found:
            number = self._values[facet].get(value)
            if number is not None:
                yield f"{facet[0]}{number}"


def _values(row):
    for facet, fields in _FACETS.items():
        for field in fields:
            value = row.get(field)
            if isinstance(value, str) and value:
                # Tables write targets without their underscores.
                if facet == "target":
                    value = value.replace("_", " ")
                yield facet, value
                break


def _number(values, value):
    values.setdefault(value, len(values))


# A number, with a deviation, a unit or another behind it; no date, no "3x3".
_NUMBER = re.compile(r"(?!\d{4}-\d)[-+−]?[\d.]+(e[-+]\d+)?( |$)|\[|-$|-inf")

# Longer words are broken into lines.
_LONG = 36


@dataclasses.dataclass(frozen=True)
class HtmlCell:
    """One cell.

    Args:
        words: What it shows.
        is_long: Whether they take several lines.
        whole: A longer text that it stands for, if it does.
        anchor: Where it leads, if it does.
    """

    words: str
    is_long: bool = False
    whole: str | None = None
    anchor: str | None = None


@dataclasses.dataclass(frozen=True)
class HtmlTable:
    """A table with its marks for filters.

    Args:
        title: The line above.
        heads: Of each column: the heading, whether its cells stand on the
            right, and its marks.
        rows: Of each row: its marks and its cells.
        notes: Lines below.
    """

    title: str
    heads: tuple[tuple[str, bool, str], ...]
    rows: tuple[tuple[str, tuple[HtmlCell, ...]], ...]
    notes: tuple[str, ...]


def html_table(table: Mapping[str, Any], filters: PageFilters) -> HtmlTable:
    """Write a table's cells as words, and mark what each is about.

    Example:

    >>> table = html_table(
    ...     {"title": "T", "columns": ["a", ("b", "B")],
    ...      "rows": [{"a": "x", "b": 0.5}]}, PageFilters([]))
    >>> [(heading, right) for heading, right, _ in table.heads]
    [('a', False), ('B', True)]
    >>> [cell.words for cell in table.rows[0][1]]
    ['x', '0.500']

    Args:
        table: Arguments of `print_table`.
        filters: Of the page.

    Returns:
        The table. Columns stand on the right whose cells all are, or begin
        as, numbers.
    """
    pairs = [
        column if isinstance(column, tuple) else (column, column)
        for column in table["columns"]
    ]
    rows = table["rows"]
    heads = tuple(
        (
            str(heading),
            _is_right([row.get(key) for row in rows]),
            filters.column_marks(key),
        )
        for key, heading in pairs
    )
    return HtmlTable(
        table["title"],
        heads,
        tuple(
            (
                filters.marks(row),
                tuple(_cell(row.get(key)) for key, _ in pairs),
            )
            for row in rows
        ),
        tuple(table.get("notes", ())),
    )


def _cell(value: Any) -> HtmlCell:
    words = cell_words(value)
    return HtmlCell(
        words,
        len(words) > _LONG,
        value.whole if isinstance(value, FoldedWords) else None,
        value.anchor if isinstance(value, LinkedWords) else None,
    )


def _is_right(values: list[Any]) -> bool:
    shown = [value for value in values if value is not None]
    return bool(shown) and all(
        is_number(value)
        or (isinstance(value, (str, list)) and _NUMBER.match(cell_words(value)))
        for value in shown
    )


# Names of runs that stand in a heading.
_MOST_NAMES = 4


@dataclasses.dataclass(frozen=True)
class RunView:
    """What a page shows of one run.

    Args:
        run: The run.
        anchor: Its place on the page.
        marks: See `PageFilters`.
        figures: Pairs of a name and, with a text in its place, a picture.
        broken: Figures that cannot be shown, and why.
        plots: Learning curves.
        provenance: Pairs of a name and words.
    """

    run: RunRecord
    anchor: str
    marks: str
    figures: tuple[tuple[str, str, EmbeddedFigure], ...]
    broken: tuple[str, ...]
    plots: tuple[CurvePlot, ...]
    provenance: tuple[tuple[str, str], ...]


def report_html(content: ReportContent, *, figures: bool = True) -> str:
    """Write a report as a page that needs nothing but itself.

    Figures, style and script are inside. A content security policy forbids
    the page to load anything, and to run any other script: names and values
    come out of files, and are no more than text.

    Args:
        content: As `report_content` returns it.
        figures: Whether to put the runs' figures in.

    Returns:
        HTML.

    Raises:
        InputError: If jinja2 is not installed.
    """
    style, script = _part("page.css"), _part("page.js")
    filters = PageFilters(content.runs)
    return _template().render(
        content=content,
        overview=_overview(content, filters),
        choices=filters.choices(),
        groups=_groups(content, filters, figures),
        table=functools.partial(html_table, filters=filters),
        probe_marks=filters.marks({}, "position_probe"),
        counts=_counts(content.runs),
        plot_size=(WIDTH, HEIGHT),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
    )


def _overview(content: ReportContent, filters: PageFilters) -> HtmlTable:
    """The table of runs, each line with what its run has."""
    table = html_table(content.overview, filters)
    marks = [filters.run_marks([run]) for run in content.runs]
    cells = [cells for _, cells in table.rows]
    return dataclasses.replace(
        table, rows=tuple(zip(marks, cells, strict=True))
    )


def _groups(
    content: ReportContent, filters: PageFilters, figures: bool
) -> dict[str, list[dict[str, Any]]]:
    """From each experiment to what the template shows of its groups."""
    found: dict[str, list[dict[str, Any]]] = {}
    number = 0
    for name, groups in content.experiments.items():
        found[name] = []
        for group in groups:
            number += 1
            anchor = f"group-{number}"
            if len(group.runs) == 1:
                anchor = run_anchor(content.runs, group.runs[0])
            found[name].append(
                {
                    "title": _title(group),
                    "anchor": anchor,
                    "marks": filters.run_marks(group.runs),
                    "tables": group.tables,
                    "notes": group.notes,
                    "runs": [
                        _view(content, filters, run, figures)
                        for run in group.runs
                    ],
                }
            )
    return found


def _title(group: RunGroup) -> str:
    names = [run.name for run in group.runs]
    if len(names) == 1:
        return names[0]
    states = {run.state for run in group.runs}
    together = "together" if group.tables else "without results"
    words = f"{len(names)} runs {together}"
    if len(names) <= _MOST_NAMES:
        words += f": {', '.join(names)}"
    return (
        words
        if group.tables or len(states) > 1
        else words.replace("without results", states.pop())
    )


def _view(content, filters, run, with_figures):
    figures, broken = [], []
    for file in run.figures if with_figures else ():
        words = figure_words(run.experiment, file.stem)
        try:
            figures.append((file.stem, words, embed_figure(file)))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            broken.append(f"{file.name}: {reason}")
    return RunView(
        run,
        run_anchor(content.runs, run),
        filters.run_marks([run]),
        tuple(figures),
        tuple(broken),
        tuple(map(curve_plot, learning_curves(run.metrics))),
        tuple(provenance_words(run)),
    )


def _counts(runs: Iterable[RunRecord]) -> str:
    states: dict[str, int] = {}
    for run in runs:
        states[run.state] = states.get(run.state, 0) + 1
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _template() -> Any:
    try:
        import jinja2
    except ImportError as error:
        raise InputError(
            "--format=html needs jinja2, which is not installed: "
            "pip install keras-padpos[report]. --format=markdown and "
            "--format=csv do without."
        ) from error
    environment = jinja2.Environment(
        autoescape=True,
        loader=jinja2.FunctionLoader(_part),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def _part(name: str) -> str:
    files = importlib.resources.files("keras_padpos.report")
    return files.joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What a content security policy knows an inline part by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
