"""A report over runs as one page."""

import base64
import dataclasses
import functools
import hashlib
import importlib.resources
from collections.abc import Iterable
from typing import Any

from keras_padpos.runs.page.curve_plot import HEIGHT
from keras_padpos.runs.page.curve_plot import WIDTH
from keras_padpos.runs.page.curve_plot import CurvePlot
from keras_padpos.runs.page.curve_plot import curve_plot
from keras_padpos.runs.page.embedded_figure import EmbeddedFigure
from keras_padpos.runs.page.embedded_figure import embed_figure
from keras_padpos.runs.page.figure_words import figure_words
from keras_padpos.runs.page.html_table import HtmlTable
from keras_padpos.runs.page.html_table import html_table
from keras_padpos.runs.page.learning_curves import learning_curves
from keras_padpos.runs.page.overview_table import run_anchor
from keras_padpos.runs.page.page_filters import PageFilters
from keras_padpos.runs.page.provenance_words import provenance_words
from keras_padpos.runs.page.report_content import ReportContent
from keras_padpos.runs.page.report_content import RunGroup
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.user_error import UserError

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
        UserError: If jinja2 is not installed.
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
        raise UserError(
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
    files = importlib.resources.files("keras_padpos.runs.page")
    return files.joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What a content security policy knows an inline part by."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
