"""Operations of `keras.ops` that pad, as the layers that do the same."""

import math
from collections.abc import Iterator
from typing import Any

import keras

from keras_padpos import layers
from keras_padpos import padding
from keras_padpos.padding import PaddingMode

# What `keras.ops.pad` calls the modes that have a name here.
_MODES = {
    "reflect": "reflect",
    "symmetric": "symmetric",
    "edge": "replicate",
    "wrap": "circular",
    "circular": "circular",
}
# The attribute of an operation that keeps its layer.
_KEPT = "_frame_layer"


def frame_layer(
    operation: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    model: keras.Model,
) -> keras.Layer | None:
    """The padding layer that computes what an operation does.

    So `keras.ops.pad` and `keras.ops.image.pad_images` in a functional model
    are read, converted and saved as padding layers are.

    Example:

    >>> inputs = keras.Input((8, 8, 3))
    >>> x = keras.ops.pad(inputs, ((0, 0), (1, 1), (2, 0), (0, 0)))
    >>> model = keras.Model(inputs, keras.layers.Conv2D(4, 3)(x))
    >>> operation = model.operations[1]
    >>> frame_layer(operation, (inputs,), {}, model).padding
    ((1, 1), (2, 0))

    Args:
        operation: An operation of `model`, or a layer.
        args: Positional arguments of its call.
        kwargs: Keyword arguments of its call.
        model: A functional model.

    Returns:
        A layer of the operation's name, the same one at each call; `None`
        where the operation does not pad, and where no layer does the same: it
        pads the batch or the channels too, or with values that no mode has,
        or the layers of the model do not say where its channels are.
    """
    if isinstance(operation, keras.Layer) or not args:
        return None
    if type(operation).__module__.partition(".")[0] != "keras":
        return None
    x = args[0]
    values = args[1:] or tuple(kwargs.values())
    if not hasattr(x, "dtype") or "float" not in str(x.dtype):
        return None
    if hasattr(operation, "pad_width"):
        cells, data_format = _spatial_cells(operation.pad_width, x, model)
        mode = _mode(operation.mode, values)
    elif hasattr(operation, "top_padding"):
        cells, data_format = _image_cells(operation, x)
        mode = padding.get("zeros")
    else:
        return None
    if cells is None or mode is None:
        return None
    options = {
        "data_format": data_format,
        "dtype": keras.backend.standardize_dtype(x.dtype),
        "name": operation.name,
    }
    key = cells, mode, *options.values()
    # Kept with the operation, so that both go together.
    kept = vars(operation).get(_KEPT)
    if kept is None:
        kept = vars(operation)[_KEPT] = key, _make(cells, mode, options)
    return kept[1] if kept[0] == key else None  # it may be called in two ways


def operation_frames(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers that stand for operations of a model that was walked."""
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.Model):
            yield from operation_frames(operation)
        elif _KEPT in vars(operation):
            yield vars(operation)[_KEPT][1]


def _make(cells, mode, options):
    name = f"Padding{len(cells)}D"
    if mode != padding.get("zeros"):
        return getattr(layers, name)(cells, padding_mode=mode, **options)
    own_form = cells if len(cells) > 1 else cells[0]
    return getattr(keras.layers, f"Zero{name}")(own_form, **options)


def _spatial_cells(pad_width, x, model):
    """Cells an axis, and the data format; `None` if others are padded."""
    pairs = tuple(tuple(map(int, pair)) for pair in pad_width)
    formats = set(_data_formats(model))
    if len(pairs) != len(x.shape) or not 3 <= len(pairs) <= 5 or not formats:
        return None, None
    first = "channels_first" in formats
    spatial = pairs[2:] if first else pairs[1:-1]
    if any(pairs[0]) or any(pairs[1] if first else pairs[-1]):
        return None, None
    return spatial, "channels_first" if first else "channels_last"


def _data_formats(model) -> Iterator[str]:
    for operation in getattr(model, "operations", model.layers):
        if isinstance(operation, keras.Model):
            yield from _data_formats(operation)
        elif getattr(operation, "data_format", None):
            yield operation.data_format


def _image_cells(operation, images):
    names = ("top", "bottom", "left", "right")
    cells = [getattr(operation, f"{name}_padding") for name in names]
    if None in cells or len(images.shape) != 4:
        return None, None  # they depend on the size, or there is no batch
    top, bottom, left, right = map(int, cells)
    return ((top, bottom), (left, right)), operation.data_format


def _mode(name, values) -> PaddingMode | None:
    """What the cells hold; `None` if no mode is known that does the same."""
    if name != "constant":
        return padding.get(_MODES[name]) if name in _MODES else None
    (value,) = values or (None,)
    try:
        value = float(0 if value is None else value)
    except (TypeError, ValueError):
        return None  # it is computed
    if math.isnan(value):
        return None
    return padding.get("zeros") if value == 0 else padding.Constant(value)
