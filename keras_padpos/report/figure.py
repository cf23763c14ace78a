"""Figures that are plotted into files, and what their panels share."""

import contextlib
import os
import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_padpos.files.disk import atomic_file
from keras_padpos.report.style import figure_style
from keras_padpos.report.style import mode_label
from keras_padpos.report.style import mode_lines

# Learning curves have more points than there is room for markers.
_MOST_MARKERS = 12

# A share of cells off the scale that is told.
_OFF_SCALE = 0.01

# Letters have widths of whole pixels: the same ones are up to so much wider
# at another resolution.
_MARGIN = 0.94
_LEAST = 6


def empty_figure(size: tuple[float, float], layout: Any = "constrained") -> Any:
    """A figure of `size` inches that no window shows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout=layout)
    FigureCanvasAgg(figure)
    return figure


@contextlib.contextmanager
def open_figure(
    path: str | os.PathLike,
    title: str,
    size: tuple[float, float],
    *,
    layout: str = "constrained",
    fontsize: float | str = 10,
    dpi: int = 110,
) -> Iterator[Any]:
    """Plot a figure of `size` inches, its title not counted; save it."""
    with figure_style():
        figure = empty_figure(size, layout)
        yield figure
        figure_title(figure, title, fontsize=fontsize)
        save_figure(figure, path, title, dpi=dpi)


def save_figure(
    figure: Any, path: str | os.PathLike, title: str, *, dpi: int = 110
) -> None:
    """Save a figure as PNG, and as PDF beside; both name the title.

    Equal figures are equal files: the PDF has no date.

    Args:
        figure: Matplotlib's figure.
        path: The PNG file.
        title: What the files' metadata say.
        dpi: Of the PNG, and of what is drawn as pixels in the PDF.
    """
    about = {"Title": " ".join(title.split())}
    undated = {**about, "CreationDate": None}
    for kind, metadata in (("png", about), ("pdf", undated)):
        with atomic_file(Path(path).with_suffix(f".{kind}")) as file:
            figure.savefig(file, format=kind, dpi=dpi, metadata=metadata)


@contextlib.contextmanager
def figure_panels(
    path: str | os.PathLike,
    title: str,
    lines: int = 1,
    columns: int = 1,
    *,
    size: tuple[float, float] = (2.9, 2.9),
    **options: Any,
) -> Iterator[Any]:
    """Plot panels of `size` inches each, with a title, and save them.

    Long titles are wrapped, see `figure_title`. Labels of lines stand in a
    legend beside the panels, each once. The options are those of Matplotlib's
    `subplots`.

    Yields:
        The panels, an array of Matplotlib's axes `(lines, columns)`.
    """
    width, height = size
    with open_figure(
        path,
        title,
        (width * columns + 1, height * lines + 0.6),
        fontsize="small",
        dpi=120,
    ) as figure:
        panels = figure.subplots(lines, columns, squeeze=False, **options)
        yield panels
        figure_legend(
            figure, panels.ravel(), "outside center right", fontsize="small"
        )


@contextlib.contextmanager
def lines_figure(path: str | os.PathLike, title: str) -> Iterator[Any]:
    """Plot one panel, its legend beside it; see `figure_panels`."""
    with figure_panels(path, title, size=(5.6, 3.0)) as panels:
        yield panels[0, 0]


def learning_figure(
    path: str | os.PathLike,
    title: str,
    labels: Mapping[str, Sequence[str]],
    arrays: Mapping[str, np.ndarray],
    *,
    metric: str = "accuracy",
    text: str = "accuracy while training",
) -> None:
    """Plot a metric against training steps, a line a padding mode.

    `labels` go from each padding mode to where the curves of its seeds are in
    `arrays`: `LABEL/step`, and the metric under its name.
    """
    with lines_figure(path, f"{text.capitalize()}\n{title}") as axis:
        for mode, style in mode_lines(labels).items():
            steps = arrays[f"{labels[mode][0]}/step"]
            draw_seeds(
                axis,
                np.array([arrays[f"{each}/{metric}"] for each in labels[mode]]),
                steps,
                markevery=-(-len(steps) // _MOST_MARKERS),
                **style,
            )
        axis.set_xlabel("training steps")
        axis.set_ylabel(text)


def draw_seeds(
    axis: Any,
    values: np.ndarray,
    place: Sequence[float] | np.ndarray | None = None,
    **style: Any,
) -> None:
    """Plot the mean over seeds, and a band of a standard deviation (n - 1).

    `values` are `(seeds, points)`, with NaN for a gap; `place` says where the
    points are: 0, 1, ... if not given.
    """
    mean = np.mean(values, axis=0)
    place = range(len(mean)) if place is None else place
    (line,) = axis.plot(place, mean, **style)
    if len(values) > 1:
        sd = np.std(values, axis=0, ddof=1)
        band = {"alpha": 0.15, "color": line.get_color(), "linewidth": 0}
        axis.fill_between(place, mean - sd, mean + sd, **band)


def hide_ticks(axis: Any) -> None:
    """Leave a map without ticks."""
    axis.set_xticks([])
    axis.set_yticks([])


def show_map(
    axis: Any,
    values: Any,
    low: float,
    high: float,
    *,
    ticks: bool = False,
    **style: Any,
) -> Any:
    """Draw a map on a linear scale; one that is off the scale says so.

    Returns:
        Matplotlib's image.
    """
    image = axis.imshow(values, vmin=low, vmax=high, **style)
    if not ticks:
        hide_ticks(axis)
    values = np.asarray(values, float)
    lines = [
        f"{100 * share:.0f} % {what}"
        for share, what in (
            (np.mean(values > high), f"> {_two_digits(high)}"),
            (np.mean(values < low), f"< {_two_digits(low)}"),
        )
        if share >= _OFF_SCALE
    ]
    if lines:
        say_inside(axis, "\n".join(lines))
    return image


def _two_digits(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def say_inside(axis: Any, text: str) -> None:
    """Write what a map alone does not tell into its panel."""
    axis.text(
        0.5,
        0.03,
        text,
        transform=axis.transAxes,
        ha="center",
        va="bottom",
        fontsize=6.5,
        bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.5},
    )


def figure_legend(
    figure: Any, panels: Iterable[Any], place: str, **options: Any
) -> None:
    """Put the labels of all panels into one legend outside, each once."""
    handles: dict[str, Any] = {}
    for panel in panels:
        lines, labels = panel.get_legend_handles_labels()
        for label, line in zip(labels, lines, strict=True):
            handles.setdefault(label, line)
    if handles:
        figure.legend(
            handles.values(), handles, loc=place, frameon=False, **options
        )


def panel_titles(
    figure: Any,
    panels: Iterable[Any],
    titles: Iterable[str],
    width: float,
    fontsize: float = 9,
) -> None:
    """Put a title above each panel, wrapped to `width` inches."""
    higher = max(
        fit_text(panel.set_title(title, fontsize=fontsize), width)
        for panel, title in zip(panels, titles, strict=True)
    )
    figure.set_figheight(figure.get_figheight() + higher)


def figure_title(figure: Any, title: str, **options: Any) -> None:
    """Put a title above a figure, which becomes higher by it."""
    text = figure.suptitle(title, **options)
    higher = fit_text(text, figure.get_figwidth())
    figure.set_figheight(figure.get_figheight() + higher)


def fit_text(text: Any, inches: float) -> float:
    """Break text's lines to fit `inches`; by how much it becomes higher."""
    whole = text.get_text()
    before = text.get_window_extent()
    most = inches * _MARGIN * text.figure.dpi
    width = max(map(len, whole.split("\n")))
    extent = before
    while extent.width > most and width > _LEAST:
        # About as wide as asked for; a letter less if that is no change.
        width = max(min(width - 1, int(width * most / extent.width)), _LEAST)
        text.set_text(wrap_text(whole, width))
        extent = text.get_window_extent()
    return float(max(extent.height - before.height, 0) / text.figure.dpi)


def wrap_text(text: str, width: int) -> str:
    """Break longer lines at blanks and after `-_,/`, anywhere without."""
    some = f".{{1,{width}}}"
    pattern = rf"{some}(?:(?<=[-_,/])|(?=\s)|$)|{some}"
    lines = []
    for line in text.split("\n"):
        parts = [line]
        if len(line) > width:
            parts = [part.strip() for part in re.findall(pattern, line)]
        lines += [part for part in parts if part] or [""]
    return "\n".join(lines)


@contextlib.contextmanager
def mode_figure(
    path: str | os.PathLike, title: str, values: Mapping[str, Any]
) -> Iterator[Any]:
    """Plot a line for each mode, from values `(seeds, points)`, in one panel.

    Values that are `None` or NaN leave a gap; see `draw_seeds`.
    """
    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(values).items():
            draw_seeds(axis, np.array(values[mode], float), **style)
        yield axis


@contextlib.contextmanager
def map_panels(
    path: str | os.PathLike,
    title: str,
    maps: Mapping[str, np.ndarray],
    columns: int = 6,
    *,
    size: tuple[float, float] = (1.9, 1.9),
    limits: tuple[float, float] | None = None,
    bar: str | None = None,
) -> Iterator[list[Any]]:
    """Plot a panel for each padding mode's map, all on one scale.

    The scale goes from the smallest to the largest value if there are no
    `limits`; `bar` is the label of a bar that shows it. Yields the panels.
    """
    if limits is None:
        low, high = np.nanmin([*maps.values()]), np.nanmax([*maps.values()])
        limits = low, max(high, low + 1e-6)
    columns = min(len(maps), columns)
    with figure_panels(
        path, title, -(-len(maps) // columns), columns, size=size
    ) as panels:
        shown = panels.ravel()[: len(maps)].tolist()
        for axis in panels.ravel()[len(maps) :]:
            axis.set_axis_off()
        for axis, (name, values) in zip(shown, maps.items(), strict=True):
            image = show_map(axis, values, *limits, ticks=True)
            axis.set_title(mode_label(name), fontsize="small")
        if bar is not None:
            axis.figure.colorbar(
                image, ax=panels.ravel().tolist(), shrink=0.8, label=bar
            )
        yield shown


@contextlib.contextmanager
def picture_grid(
    path: str | os.PathLike,
    title: str,
    pictures: Mapping[str, Sequence[np.ndarray]],
    lines: Sequence[str] = (),
    *,
    inches: float = 1.5,
    **options: Any,
) -> Iterator[Any]:
    """Plot a column of pictures, `inches` wide, below each name.

    `lines` are the names of its lines, the options those of Matplotlib's
    `imshow`. Yields the panels, `(lines, columns)`.
    """
    first = next(iter(pictures.values()))
    height, width = np.shape(first[0])[:2]
    size = inches, inches * height / width
    with figure_panels(
        path, title, len(first), len(pictures), size=size
    ) as panels:
        for column, (name, own) in zip(panels.T, pictures.items(), strict=True):
            column[0].set_title(name, fontsize="small")
            for axis, picture in zip(column, own, strict=True):
                axis.imshow(picture, interpolation="nearest", **options)
                hide_ticks(axis)
        for axis, name in zip(panels[:, 0], lines, strict=False):
            axis.set_ylabel(name, fontsize="small")
        yield panels
