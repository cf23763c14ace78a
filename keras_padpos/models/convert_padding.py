"""The same network with other borders."""

from typing import Any

import keras

from keras_padpos import layers
from keras_padpos import padding

_PADDED = {
    getattr(keras.layers, name.replace("Padding", "ZeroPadding")): getattr(
        layers, name
    )
    for name in layers.__all__
}
_STOCK = {ours: stock for stock, ours in _PADDED.items()}


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
        model: A functional or Sequential model. Models inside are converted
            too, and layers of `keras_padpos.layers` get the new mode.
        padding_mode: Name of a padding mode, a `PaddingMode`, or `"none"`:
            plain valid windows, which suits networks without branches that
            must meet again.

    Returns:
        A new model with the same layer names and weights.

    Raises:
        ValueError: If the model holds no layer that pads, or one that cannot
            be converted; or if `"none"` leaves branches of unequal size.
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
        copy = keras.models.clone_model(
            model, clone_function=clone, recursive=True
        )
    except ValueError as error:
        if mode is not None or not changed:
            raise
        reason = " ".join(str(error).split())
        raise ValueError(
            f"Model {model.name!r} cannot go without padding: its branches "
            "no longer meet at one size. Use a network without shortcuts "
            f"(VGG16), or another `padding_mode`. ({reason})"
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
    if not _pads(layer):
        return None
    ours = type(layer) if type(layer) in _STOCK else _PADDED.get(type(layer))
    if ours is None:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) pads and cannot "
            "be converted."
        )
    config = layer.get_config()
    if mode is None:
        config.pop("padding_mode", None)
        no_cells = "valid" if hasattr(layer, "strides") else 0
        return _STOCK[ours].from_config({**config, "padding": no_cells})
    try:
        return ours.from_config(
            {**config, "padding_mode": padding.serialize(mode)}
        )
    except (TypeError, ValueError) as error:
        # Keras wraps what a layer's constructor raises.
        reason = error.__context__ or error
        raise ValueError(f"Layer {layer.name!r}: {reason}") from error


def _pads(layer):
    """Whether the layer adds cells, as far as Keras' attributes tell."""
    cells = getattr(layer, "padding", None)
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if isinstance(cells, str):
        reaches = window is not None and max(window) > 1
        return cells.lower() != "valid" and reaches
    return type(layer) in (*_PADDED, *_STOCK) and _any_cell(cells)


def _any_cell(cells):
    if isinstance(cells, int):
        return cells > 0
    return any(map(_any_cell, cells or ()))
