"""Fitted heads as a Keras model, and the features that they read."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_padpos.probes.head import Head


def resized_stages(maps: Mapping[str, Any], grid: int) -> dict[str, Any]:
    """Resize maps bilinearly to one grid."""
    return {
        name: ops.image.resize(
            each,
            (grid, grid),
            interpolation="bilinear",
            data_format="channels_last",
        )
        for name, each in maps.items()
    }


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


def probe_model(
    readers: Sequence[Any],
    heads: Sequence[Head],
    targets: Sequence[str],
    feature_shapes: Mapping[str, tuple[int, int, int]],
) -> keras.Model:
    """Join fitted heads to one model from features to predicted maps.

    It is made of Keras' own layers, so a file of it needs nothing of this
    package.

    Example:

    >>> import numpy as np
    >>> from keras_padpos.probes import LinearProbe
    >>> reader = LinearProbe(
    ...     mean=np.zeros(5), scale=np.ones(5), kernel=np.ones((5, 1)),
    ...     bias=np.zeros(1),
    ... )
    >>> model = probe_model(
    ...     [reader], [Head()], ["horizontal"], {"conv": (28, 28, 5)}
    ... )
    >>> maps = model.predict_on_batch({"conv": np.ones((2, 28, 28, 5))})
    >>> maps["horizontal"].shape, float(maps["horizontal"][0, 0, 0])
    ((2, 28, 28), 5.0)

    Args:
        readers: Fitted heads, each a `LinearProbe` or a `GradientSolver`.
        heads: Their shapes, in the same order.
        targets: Names of the maps that each of them predicts.
        feature_shapes: From each stage's name to `(grid, grid, channels)`, in
            the features' order.

    Returns:
        A model from a dict with `(batch, grid, grid, channels)` for each stage
        to a dict with one map `(batch, height', width')` for each head and
        target. With a single head the maps have the targets' names, such as
        `horizontal`; with several `horizontal_k3_l1_p0` is that of a 3x3
        kernel, one layer and no padding; see `Head.suffix`.
    """
    features = {
        name: keras.Input(shape, name=name)
        for name, shape in feature_shapes.items()
    }
    outputs, joined = {}, {}
    for reader, head in zip(readers, heads, strict=True):
        seen = head.sees(tuple(features))
        if seen not in joined:
            maps = [features[name] for name in seen]
            joined[seen] = (
                maps[0] if len(maps) == 1 else keras.ops.concatenate(maps, -1)
            )
        maps = reader.as_layers(joined[seen])
        for channel, target in enumerate(targets):
            name = target if len(heads) == 1 else f"{target}_{head.suffix}"
            outputs[name] = maps[..., channel]
    return keras.Model(features, outputs, name="read_outs")


def stage_probes(stages: Mapping[str, Any], heads: keras.Model) -> keras.Model:
    """Put the way from stage maps to features before fitted heads.

    Example:

    >>> import numpy as np
    >>> from keras_padpos.probes import Head
    >>> from keras_padpos.probes import LinearProbe
    >>> from keras_padpos.probes import probe_model
    >>> reader = LinearProbe(
    ...     mean=np.zeros(5), scale=np.ones(5), kernel=np.ones((5, 1)),
    ...     bias=np.zeros(1),
    ... )
    >>> shapes = {"conv2": (28, 28, 2), "conv1": (28, 28, 3)}
    >>> heads = probe_model([reader], [Head()], ["horizontal"], shapes)
    >>> maps = {"conv2": np.ones((1, 9, 9, 2)), "conv1": np.ones((1, 9, 9, 3))}
    >>> model = stage_probes(maps, heads)
    >>> tuple(model(maps)["horizontal"].shape)
    (1, 28, 28)

    Args:
        stages: From the name of each stage to a tensor of its shape, in the
            order in which the heads were fitted.
        heads: What `probe_model` gives.

    Returns:
        A model from a dict of stage maps, of any size, to the maps that the
        heads predict. The order of the stages is part of it.
    """
    inputs = {
        name: keras.Input((None, None, stage.shape[-1]), name=name)
        for name, stage in stages.items()
    }
    grid = next(iter(heads.input.values())).shape[1]
    features = resized_stages(inputs, grid)
    return keras.Model(inputs, heads(features), name=heads.name)
