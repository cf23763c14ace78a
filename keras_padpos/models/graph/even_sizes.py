"""The layer that keeps a network from taking a shape."""

from typing import Any

import keras

from keras_padpos.models.graph._model_graph import model_graph


def unfit_layer(model: keras.Model, input_shape: Any) -> str | None:
    """Find the first layer that gets another number than it was built for.

    Where shapes alone are followed, as by `find_padding_sites`, a Dense layer
    behind a Flatten takes any number of features, and a convolution any
    number of channels. Their weights do not.

    Example:

    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((8, 8, 3)),
    ...         keras.layers.Flatten(),
    ...         keras.layers.Dense(2, name="dense"),
    ...     ]
    ... )
    >>> unfit_layer(model, (9, 9, 3))
    'dense'
    >>> unfit_layer(model, (8, 8, 3)) is None
    True

    Args:
        model: A functional or Sequential model.
        input_shape: See `find_padding_sites`.

    Returns:
        The layer's name, `None` if there is none.

    Raises:
        ValueError: If the graph cannot be read or the shape does not fit the
            model's inputs.
    """
    for call in model_graph(model, input_shape).calls:
        specs = keras.tree.flatten(getattr(call.operation, "input_spec", None))
        if len(specs) != len(call.input_shapes):
            continue
        for spec, given in zip(specs, call.input_shapes, strict=True):
            axes = getattr(spec, "axes", None) or {}
            if any(given[axis] not in (None, n) for axis, n in axes.items()):
                return call.name
    return None
