"""The pictures of F-Conv's four-quadrant test."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError

CANVAS = 120
"""Height and width of the paper's canvas, without the border."""

PATCH = 56
"""Height and width of the paper's pictures."""


def four_quadrants(
    pictures: Any,
    border: int = 0,
    *,
    canvas: int = CANVAS,
    fill: float | Sequence[float] = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Put each picture into two corners of a canvas.

    In class 0 it stands in the top-left quadrant of the canvas, in class 1 in
    the bottom-right one: the corners of a 2x2 grid, two of which stay empty.
    Nothing but the place tells the two apart. The border lies around the
    canvas and moves both away from the edge.

    Example:

    >>> canvases, labels = four_quadrants(np.ones((1, 2, 2, 1)), 1, canvas=4)
    >>> canvases[0, :, :, 0].astype(int)
    array([[0, 0, 0, 0, 0, 0],
           [0, 1, 1, 0, 0, 0],
           [0, 1, 1, 0, 0, 0],
           [0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0]])
    >>> canvases.shape, labels
    ((2, 6, 6, 1), array([0, 1]))

    Args:
        pictures: Array `(pictures, size, size, channels)`, at most half as
            large as the canvas. The paper's are of 56x56.
        border: Cells added on each side of the canvas.
        canvas: Height and width of the canvas, the border not counted.
        fill: What the canvas and the border hold, in the unit of the
            pictures: one number, or one a channel.

    Returns:
        The canvases, float32 `(2 * pictures, canvas + 2 * border, canvas + 2 *
        border, channels)`, and the labels, 0 or 1. All of class 0 come first,
        then the same pictures in class 1.

    Raises:
        ValueError: If an argument is not one of the above.

    Source:
        Kayhan and van Gemert, *On Translation Invariance in CNNs* (CVPR
        2020), Sec. 3.2, and the released code
        (`oskyhn/CNNs-Without-Borders`, `full_conv/Exp1_image_boundary`). It
        fills the canvas with zeros after the pictures were normalised, and
        has the first convolution add the border, whose own padding that
        replaces.
    """
    pictures = np.asarray(pictures, "float32")
    if pictures.ndim != 4 or pictures.shape[1] != pictures.shape[2]:
        raise InputError(
            "`pictures` must be an array (pictures, size, size, channels). "
            f"Received: pictures of shape {pictures.shape}"
        )
    number, size, _, channels = pictures.shape
    if not isinstance(canvas, int) or canvas < 2 * size:
        raise InputError(
            "`canvas` must be an int, twice the pictures' size or more. "
            f"Received: canvas={canvas!r}, pictures of {size}x{size}"
        )
    if not isinstance(border, int) or border < 0:
        raise InputError(
            f"`border` must be an int of 0 or more. Received: border={border!r}"
        )
    if np.shape(fill) not in ((), (1,), (channels,)):
        raise InputError(
            f"`fill` must be a number, or {channels} of them. "
            f"Received: fill={fill!r}"
        )
    side = canvas + 2 * border
    canvases = np.empty((2, number, side, side, channels), "float32")
    canvases[:] = fill
    first, last = border, border + canvas
    canvases[0, :, first : first + size, first : first + size] = pictures
    canvases[1, :, last - size : last, last - size : last] = pictures
    labels = np.repeat([0, 1], number)
    return canvases.reshape(-1, side, side, channels), labels
