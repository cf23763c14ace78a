"""Fitted heads as a Keras model, to keep and to hand on."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.probes.head import Head


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
