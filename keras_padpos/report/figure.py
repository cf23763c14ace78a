"""Panels of a figure that is drawn into a file."""

import contextlib
import os
import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.files.disk import atomic_file


def draw_seeds(
    axis: Any,
    values: np.ndarray,
    place: Sequence[float] | np.ndarray | None = None,
    **style: Any,
) -> None:
    """Draw the mean over seeds, and a band of a standard deviation (n - 1).

    Example:

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> draw_seeds(axis, np.array([[1.0, 2.0], [3.0, 6.0]]), label="zeros")
    >>> axis.lines[0].get_ydata()
    array([2., 4.])

    Args:
        axis: Matplotlib's axes.
        values: `(seeds, points)`; where a value is NaN the line has a gap.
        place: Where the points are, `(points,)`. If not given: 0, 1, ...
        **style: Of Matplotlib's `plot`.
    """
    mean = np.mean(values, axis=0)
    place = np.arange(len(mean)) if place is None else place
    (line,) = axis.plot(place, mean, **style)
    if len(values) > 1:
        spread = np.std(values, axis=0, ddof=1)
        axis.fill_between(
            place,
            mean - spread,
            mean + spread,
            alpha=0.15,
            color=line.get_color(),
            linewidth=0,
        )


_DASHES = ("-", "--", ":")


def mode_lines(modes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A line for each mode, the same in every panel and figure of a run.

    Example:

    >>> mode_lines(["zeros", "reflect"])["reflect"]["color"]
    'C1'

    Args:
        modes: In order.

    Returns:
        From a mode to what Matplotlib's `plot` takes: colour, dashes, label.
    """
    return {
        mode: {
            "color": f"C{number % 10}",
            "linestyle": _DASHES[number // 4 % len(_DASHES)],
            "linewidth": 1.4,
            "label": mode,
        }
        for number, mode in enumerate(modes)
    }


def wrapped_words(words: str, width: int) -> str:
    r"""Break lines that are too long, as names of files are.

    A line is broken at blanks and after hyphens, underscores, commas and
    slashes, and anywhere if it has none of them. Lines that fit stay.

    Example:

    >>> print(wrapped_words("a-net-of-mine.keras (file)\nown padding", 12))
    a-net-of-
    mine.keras
    (file)
    own padding

    Args:
        words: One line or more.
        width: The most characters of a line, at least 1.
    """
    some = f".{{1,{width}}}"
    pattern = rf"{some}(?:(?<=[-_,/])|(?=\s)|$)|{some}"
    lines = []
    for line in words.split("\n"):
        parts = [line]
        if len(line) > width:
            parts = [part.strip() for part in re.findall(pattern, line)]
        lines += [part for part in parts if part] or [""]
    return "\n".join(lines)


# Letters have widths of whole pixels: the same ones are up to so much wider
# at another resolution.
_MARGIN = 0.94
_LEAST = 6


def fit_text(text: Any, inches: float) -> float:
    r"""Break the lines of a text that is too wide, see `wrapped_words`.

    Example:

    >>> from matplotlib.figure import Figure
    >>> title = Figure().suptitle("one-long-name-of-a-network.keras")
    >>> _ = fit_text(title, 2)
    >>> title.get_text()
    'one-long-name-of-a-\nnetwork.keras'

    Args:
        text: Matplotlib's text, of a figure that Agg draws.
        inches: How wide it may be.

    Returns:
        By how many inches it has become higher; 0 if it fits as it is.
    """
    words = text.get_text()
    before = text.get_window_extent()
    most = inches * _MARGIN * text.figure.dpi
    width = max(map(len, words.split("\n")))
    extent = before
    while extent.width > most and width > _LEAST:
        # About as wide as asked for; a letter less if that is no change.
        width = max(min(width - 1, int(width * most / extent.width)), _LEAST)
        text.set_text(wrapped_words(words, width))
        extent = text.get_window_extent()
    return float(max(extent.height - before.height, 0) / text.figure.dpi)


def figure_title(figure: Any, title: str, **options: Any) -> None:
    """Put a title above a figure, in as many lines as its width asks for.

    The figure becomes higher by what the title takes, so that its panels do
    not have to give way.

    Example:

    >>> from matplotlib.figure import Figure
    >>> figure = Figure(figsize=(2, 2))
    >>> figure_title(figure, "one-long-name-of-a-network.keras")
    >>> print(figure.get_suptitle())
    one-long-name-of-a-
    network.keras

    Args:
        figure: Matplotlib's, of a width that it keeps.
        title: One line or more.
        **options: Of Matplotlib's `suptitle`.
    """
    text = figure.suptitle(title, **options)
    higher = fit_text(text, figure.get_figwidth())
    figure.set_figheight(figure.get_figheight() + higher)


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
    """Draw panels, give them a title and save them.

    Long titles are wrapped, see `figure_title`. Labels that are given to lines
    stand in a legend beside the panels, each once.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with figure_panels(f"{folder}/two.png", "Two", columns=2) as panels:
    ...         for panel in panels.ravel():
    ...             handles = panel.plot([1, 2], label="line")
    ...     panels.shape, os.listdir(folder)
    ((1, 2), ['two.png'])

    Args:
        path: PNG file to write.
        title: What stands above all panels.
        lines: Panels below each other.
        columns: Panels beside each other.
        size: Width and height of each, in inches.
        **options: Of Matplotlib's `subplots`.

    Yields:
        The panels, an array of Matplotlib's axes `(lines, columns)`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = size
    figure = Figure(
        figsize=(width * columns + 1, height * lines + 0.6),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    panels = figure.subplots(lines, columns, squeeze=False, **options)
    yield panels
    figure_title(figure, title, fontsize="small")
    labels = {}
    for panel in panels.ravel():
        handles, words = panel.get_legend_handles_labels()
        labels = {**dict(zip(words, handles, strict=True)), **labels}
    if labels:
        figure.legend(
            labels.values(),
            labels,
            loc="outside center right",
            fontsize="small",
            frameon=False,
        )
    with atomic_file(path) as stream:
        figure.savefig(stream, format="png", dpi=120)


@contextlib.contextmanager
def lines_figure(path: str | os.PathLike, title: str) -> Iterator[Any]:
    """Draw one panel, its legend beside it, and save it.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with lines_figure(f"{folder}/one.png", "One") as panel:
    ...         handles = panel.plot([1, 2], label="line")
    ...     os.listdir(folder)
    ['one.png']

    Args:
        path: PNG file to write.
        title: What stands above the panel.

    Yields:
        The panel, Matplotlib's axes.
    """
    with figure_panels(path, title, size=(5.6, 3.0)) as panels:
        yield panels[0, 0]


def learning_figure(
    path: str | os.PathLike,
    title: str,
    labels: Mapping[str, Sequence[str]],
    arrays: Mapping[str, np.ndarray],
    *,
    metric: str = "accuracy",
    words: str = "accuracy while training",
) -> None:
    """Draw a metric against training steps, a line a padding mode.

    Example:

    >>> import tempfile
    >>> arrays = {"a/step": np.array([5, 9]), "a/accuracy": np.array([0.1, 1])}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     learning_figure(
    ...         f"{folder}/learning.png", "vgg5", {"zeros": ["a"]}, arrays
    ...     )
    ...     os.listdir(folder)
    ['learning.png']

    Args:
        path: PNG file to write.
        title: What stands above.
        labels: From each padding mode to where the curves of its seeds are,
            one or more.
        arrays: The curves: `LABEL/step`, and the metric under its name.
        metric: The metric's name.
        words: What the axis says of it.
    """
    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(list(labels)).items():
            first = labels[mode][0]
            draw_seeds(
                axis,
                np.array([arrays[f"{each}/{metric}"] for each in labels[mode]]),
                arrays[f"{first}/step"],
                marker=".",
                **style,
            )
        axis.set_xlabel("training steps")
        axis.set_ylabel(words)
