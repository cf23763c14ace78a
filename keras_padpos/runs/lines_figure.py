"""A figure of one panel with lines."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from keras_padpos.runs.figure_panels import figure_panels


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
