"""Panels of a figure that is drawn into a file."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title


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
