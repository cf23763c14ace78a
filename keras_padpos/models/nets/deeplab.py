"""A DeepLab whose pyramid pooling can be read."""

import keras

from keras_padpos.errors import InputError
from keras_padpos.layers import ResizeToMatch
from keras_padpos.models.graph.graph_walk import given_to
from keras_padpos.models.graph.rebuild import Rebuild

# No public name leads to the class, nor to what it holds.
_PYRAMID = "SpatialPyramidPooling"
_PARTS = ("aspp_parallel_channels", "projection")


def open_pyramids(model: keras.Model) -> keras.Model:
    """Make a copy of a network whose pyramid pooling is part of its graph.

    `SpatialPyramidPooling` of keras-hub, in its DeepLabV3, calls its dilated
    convolutions by its own code, so that `convert_padding` cannot reach them.
    In the copy a model of the same layers stands in its place, with the same
    weights, which computes the same. (Only where neither `training` nor
    `predict` says otherwise, keras-hub's layer normalises its last map by the
    batch, as while training; the copy does not.)

    Args:
        model: A functional or Sequential model, such as keras-hub's
            `DeepLabV3Backbone`.

    Returns:
        A new model, a plain functional one.

    Raises:
        ValueError: If it holds no such layer, or one of a version of
            keras-hub that builds it otherwise.
    """
    opening = _Open()
    copy = opening.run(model)
    if not opening.pairs:
        raise InputError(
            f"`model` must hold a layer of keras-hub's {_PYRAMID}. "
            f"Received: {model.name!r}, which has none"
        )
    return copy


class _Open(Rebuild):
    """Puts a model in the place of each pyramid."""

    def __init__(self):
        super().__init__()
        self.pairs: dict[int, list] = {}

    def replace(self, layer):
        if type(layer).__name__ != _PYRAMID:
            return super().replace(layer)
        missing = [each for each in _PARTS if not hasattr(layer, each)]
        if missing:
            raise InputError(
                f"Layer {layer.name!r} must be a {_PYRAMID} as keras-hub 0.32 "
                "builds it; another version may not do. Received: one without "
                f"{' and '.join(missing)}"
            )
        pairs = self.pairs[id(layer)] = []
        inputs = keras.Input(tuple(layer.input.shape[1:]), name="map")

        def run(sequence, x):
            for each in sequence.layers:
                copy = type(each).from_config(each.get_config())
                pairs.append((each, copy))
                x = copy(x)
            return x

        *branches, pooled = (
            run(each, inputs) for each in layer.aspp_parallel_channels
        )
        # One cell, repeated. Without channels the map cannot be taken for
        # one that meets another.
        size = keras.ops.take(inputs, 0, axis=-1)
        pooled = ResizeToMatch(name="pooled")([pooled, size])
        joined = keras.layers.Concatenate(axis=-1, name="joined")(
            [*branches, pooled]
        )
        outputs = run(layer.projection, joined)
        return keras.Model(inputs, outputs, name=layer.name)

    def call(self, layer, twin, args, kwargs, apply):
        if id(layer) in self.pairs:
            return apply(twin, *given_to(args, kwargs))
        return super().call(layer, twin, args, kwargs, apply)

    def carry_over(self, layer, twin):
        pairs = self.pairs.get(id(layer))
        if pairs is None:
            super().carry_over(layer, twin)
            return
        for each, copy in pairs:
            super().carry_over(each, copy)
