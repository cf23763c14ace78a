"""The canvases of F-Conv's four-quadrant test and their features."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import is_int
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
    if not is_int(canvas, 2 * size):
        raise InputError(
            "`canvas` must be an int, twice the pictures' size or more. "
            f"Received: canvas={canvas!r}, pictures of {size}x{size}"
        )
    if not is_int(border, 0):
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


def pooled_maps(model: keras.Model) -> keras.Model:
    """The same network, up to the maximum over its last map.

    A global maximum, so that no position of the map counts more than another
    (Kayhan and van Gemert, CVPR 2020, Sec. 3.2).
    """
    last = keras.tree.flatten(model.output)[-1]
    if isinstance(model.output, dict):
        # Flattening sorts by name.
        last = list(model.output.values())[-1]
    if len(last.shape) != 4:
        raise InputError(
            "`model` must map pictures to a map (batch, height, width, "
            f"channels). Received: an output of shape {tuple(last.shape)}"
        )
    pooled = keras.layers.GlobalMaxPooling2D(
        data_format="channels_last", name="maximum"
    )(last)
    return keras.Model(model.input, pooled, name=f"{model.name}_pooled")


def quadrant_features(
    model: keras.Model,
    pictures: np.ndarray,
    border: int = 0,
    *,
    batch_size: int = 8,
    advance: Callable[[int], Any] | None = None,
    **canvas: Any,
) -> np.ndarray:
    """Features of each picture in its two corners of a canvas.

    Args:
        model: From pictures to a map, or to several, of which the last
            counts; see `pooled_maps`. It is used as at inference.
        pictures: Array `(pictures, size, size, channels)`.
        border: See `four_quadrants`.
        batch_size: Canvases that go through the network at once, at least 2.
        advance: Called with the number of canvases after each batch.
        **canvas: Other arguments of `four_quadrants`.

    Returns:
        Array `(2, pictures, channels)`: the maximum over the map, of the
        pictures in the top-left corner, then in the bottom-right one.
    """
    net = pooled_maps(model)
    # A program for each size of picture takes longer to compile than to run.
    net.compile(jit_compile=False)
    step = max(batch_size // 2, 1)
    batches = []
    for start in range(0, len(pictures), step):
        chosen = pictures[start : start + step]
        canvases, _ = four_quadrants(chosen, border, **canvas)
        features = np.asarray(net.predict_on_batch(canvases))
        batches.append(features.reshape(2, len(chosen), -1))
        if advance:
            advance(len(canvases))
    features = np.concatenate(batches, axis=1)
    if not np.isfinite(features).all():
        raise InputError(
            "The network's features must be finite. Networks with random "
            "weights may need `calibrate_batch_norm`."
        )
    return features
