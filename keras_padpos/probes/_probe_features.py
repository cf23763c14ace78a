"""Stage maps brought to one grid, as a probe sees them."""

import keras

from keras_padpos.probes._resized_stages import resized_stages

GRID = 28
"""Cells a side of the probe's grid (Islam et al., ICLR 2020, section 3)."""


def probe_features(backbone: keras.Model, grid: int = GRID) -> keras.Model:
    """Resize every stage's map bilinearly to one grid.

    Example:

    >>> import numpy as np
    >>> from keras_padpos import models
    >>> net = models.backbone("vgg16", "random", input_shape=(64, 64, 3))
    >>> features = probe_features(net)
    >>> features.output["block5_conv3"].shape
    (None, 28, 28, 512)

    Args:
        backbone: A model from pictures to a dict of stage maps, such as
            `keras_padpos.models.backbone` gives.
        grid: Height and width of the grid, in cells.

    Returns:
        A model from pictures to a dict with `(batch, grid, grid, channels)`
        for each stage.
    """
    resized = resized_stages(backbone.output, grid)
    return keras.Model(
        backbone.input, resized, name=f"{backbone.name}_features"
    )
