"""What is to be seen at each pixel of a canvas."""

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.published.canvas_facts import BACKGROUND

__all__ = ["BACKGROUND", "canvas_labels", "check_labels"]


def canvas_labels(
    labels: np.ndarray,
    cells: np.ndarray,
    grid: int,
    size: int = 32,
    background: int = BACKGROUND,
) -> np.ndarray:
    """The class of each pixel: the picture's in its cell, else the background.

    Example:

    >>> canvas_labels(np.array([7]), np.array([1]), grid=2, size=1)
    array([[[10,  7],
            [10, 10]]], dtype=uint8)

    Args:
        labels: `(batch,)`, classes of the pictures.
        cells: `(batch,)`, their cells, from 0, row by row.
        grid: Cells in a row and in a column.
        size: Pixels in a row of a cell.
        background: Class of the empty cells.

    Returns:
        `(batch, grid * size, grid * size)`, uint8.

    Raises:
        ValueError: If a cell lies outside the grid.
    """
    labels, cells = np.asarray(labels), np.asarray(cells)
    if len(cells) and not 0 <= cells.min() <= cells.max() < grid**2:
        raise InputError(
            f"`cells` must be from 0 to {grid**2 - 1}. Received: "
            f"{cells.min()} to {cells.max()}"
        )
    coarse = np.full((len(labels), grid * grid), background, "uint8")
    coarse[np.arange(len(labels)), cells] = labels
    coarse = coarse.reshape(-1, grid, grid)
    return coarse.repeat(size, axis=1).repeat(size, axis=2)


def check_labels(labels: np.ndarray) -> None:
    """Raise unless all labels are classes of pictures.

    Args:
        labels: `(pictures,)`.

    Raises:
        ValueError: If one is not from 0 to 9; 10 is the empty canvas.
    """
    labels = np.asarray(labels)
    if len(labels) and not 0 <= labels.min() <= labels.max() < BACKGROUND:
        raise InputError(
            f"`labels` must be from 0 to {BACKGROUND - 1}. Received: "
            f"{labels.min()} to {labels.max()}"
        )
