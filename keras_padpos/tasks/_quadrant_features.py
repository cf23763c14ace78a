"""What a frozen network sees of the four-quadrant test."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.tasks._four_quadrants import four_quadrants


def pooled_maps(model: keras.Model) -> keras.Model:
    """A network that ends in the maximum over its last map.

    Example:

    >>> from keras_padpos import models
    >>> net = models.vgg5(top=None)
    >>> pooled_maps(net).compute_output_shape((1, 96, 96, 3))
    (1, 256)

    Args:
        model: From pictures to a map `(batch, height, width, channels)`, or
            to several, of which the last counts.

    Returns:
        A functional model with the same layers and weights, from pictures to
        `(batch, channels)`.

    Raises:
        ValueError: If the last output is no map.

    Source:
        Kayhan and van Gemert (CVPR 2020), Sec. 3.2: global max pooling, so
        that no place of the map counts more than another.
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

    Example:

    >>> inputs = keras.Input((None, None, 3))
    >>> model = keras.Model(inputs, inputs)
    >>> pictures = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3)
    >>> quadrant_features(model, pictures, canvas=6).astype(int)
    array([[[ 9, 10, 11],
            [21, 22, 23]],
    <BLANKLINE>
           [[ 9, 10, 11],
            [21, 22, 23]]])

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

    Raises:
        ValueError: If features are not finite, or what `four_quadrants`
            raises.
    """
    net = pooled_maps(model)
    # A program for each size of picture takes longer to compile than to run.
    net.compile(jit_compile=False)
    step = max(batch_size // 2, 1)
    found = []
    for start in range(0, len(pictures), step):
        chosen = pictures[start : start + step]
        canvases, _ = four_quadrants(chosen, border, **canvas)
        features = np.asarray(net.predict_on_batch(canvases))
        found.append(features.reshape(2, len(chosen), -1))
        if advance:
            advance(len(canvases))
    features = np.concatenate(found, axis=1)
    if not np.isfinite(features).all():
        raise InputError(
            "The network's features must be finite. Networks with random "
            "weights may need `calibrate_batch_norm`."
        )
    return features
