"""The activation of a layer, as a call of its own."""

from functools import lru_cache
from typing import Any

import keras

from keras_padpos.models.graph._model_graph import Call
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import is_known
from keras_padpos.models.graph.window import is_pointwise_function


def activation_call(call: Call, first: int) -> Call | None:
    """Split what a layer with a window applies to its result off the layer.

    What the layer's attributes say of its window then holds for the rest.

    Example:

    >>> from keras_padpos.models.graph._model_graph import model_graph
    >>> def gate(x):
    ...     return x * keras.ops.mean(x, axis=(1, 2), keepdims=True)
    >>> conv = keras.layers.Conv2D(2, 3, activation=gate, name="conv")
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), conv])
    >>> call = activation_call(model_graph(model).calls[-1], 1)
    >>> call.input_shapes, call.operation.activation is gate
    (((None, 6, 6, 2),), True)

    Args:
        call: The call.
        first: The first spatial axis: 1, or 2 where channels come first.

    Returns:
        The call of an `Activation` on the layer's result; `None` if all
        activations of the layer are known to take each position by itself,
        or if its class is none whose window is known.
    """
    layer = call.operation
    if not is_known(layer) or not call.output_shapes:
        return None
    shape = call.output_shapes[0]
    if is_exactly(layer, RECURRENT) and layer.return_sequences:
        shape = (shape[0], *shape[2:])  # it is applied at each step
    for name in ("activation", "recurrent_activation"):
        function = getattr(layer, name, None)
        if is_pointwise_function(function, shape, first):
            continue
        tensor = keras.KerasTensor(shape, dtype=layer.compute_dtype)
        return Call(
            name=call.name,
            operation=_activation(function),
            inputs=call.outputs[:1],
            outputs=call.outputs[:1],
            input_shapes=(shape,),
            output_shapes=(shape,),
            arguments=((tensor,), {}),
        )
    return None


@lru_cache(maxsize=64)
def _activation(function: Any) -> keras.Layer:
    """One layer for each function, whose runs are kept with it."""
    return keras.layers.Activation(function)
