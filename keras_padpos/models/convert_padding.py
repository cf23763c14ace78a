"""The same network with other borders."""

from typing import Any

import keras

from keras_padpos import layers
from keras_padpos import padding

_PADDED = {
    keras.layers.Conv2D: layers.Conv2D,
    keras.layers.DepthwiseConv2D: layers.DepthwiseConv2D,
}


def convert_padding(model: keras.Model, padding_mode: Any) -> keras.Model:
    """Make a copy of a network that pads another way, weights kept.

    Example:

    >>> inputs = keras.Input((8, 8, 3))
    >>> same = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> model = keras.Model(inputs, same(inputs))
    >>> reflecting = convert_padding(model, "reflect")
    >>> reflecting.get_layer("conv").padding_mode
    Reflect()
    >>> convert_padding(model, "none").output_shape
    (None, 6, 6, 4)

    Args:
        model: A functional or Sequential model of `Conv2D`,
            `DepthwiseConv2D` and `ZeroPadding2D` layers and layers that do
            not pad.
        padding_mode: Name of a padding mode, a `PaddingMode`, or `"none"`:
            plain valid convolutions, which suits networks without branches
            that must meet again.

    Returns:
        A new model with the same layer names and weights.

    Raises:
        ValueError: If the model holds no layer that pads, or `"none"` leaves
            branches of unequal size.
    """
    mode = None if padding_mode == "none" else padding.get(padding_mode)
    changed = []

    def clone(layer):
        converted = _convert(layer, mode)
        if converted is None:
            return layer.__class__.from_config(layer.get_config())
        changed.append(layer.name)
        return converted

    try:
        copy = keras.models.clone_model(model, clone_function=clone)
    except ValueError as error:
        if mode is not None:
            raise
        raise ValueError(
            f"Model {model.name!r} cannot go without padding: its branches "
            "no longer meet at one size. Use a network without shortcuts "
            f"(VGG16), or another `padding_mode`. ({error})"
        ) from error
    if not changed:
        raise ValueError(
            f"Model {model.name!r} has no layer that pads, so there is "
            "nothing to convert."
        )
    copy.set_weights(model.get_weights())
    return copy


def _convert(layer, mode):
    """The layer with the new border, or `None` where it does not pad."""
    config = layer.get_config()
    if type(layer) is keras.layers.ZeroPadding2D:
        if mode is None:
            return layers.Padding2D(0, layer.data_format, name=layer.name)
        return layers.Padding2D.from_config(
            {**config, "padding_mode": padding.serialize(mode)}
        )
    target = _PADDED.get(type(layer))
    if target is None or layer.padding != "same" or not _reaches_out(layer):
        return None
    if mode is None:
        return type(layer).from_config({**config, "padding": "valid"})
    return target.from_config(
        {**config, "padding_mode": padding.serialize(mode)}
    )


def _reaches_out(layer):
    return any(cells > 1 for cells in layer.kernel_size)
