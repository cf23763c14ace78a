"""A network as a list of calls, nested models opened up."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import keras

from keras_padpos.checks import is_int
from keras_padpos.errors import InputError
from keras_padpos.models._call import Call
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph.graph_walk import check_graph
from keras_padpos.models.graph.graph_walk import graph_config
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import input_names
from keras_padpos.models.graph.graph_walk import inputs_of_call
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.models.graph.graph_walk import tensors_in
from keras_padpos.models.graph.graph_walk import walk
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import is_known
from keras_padpos.models.graph.window import is_pointwise_function

SOME_SIZE = 1024
"""A multiple of any stride, for sizes that are left open."""


@dataclass(frozen=True)
class Graph:
    """A model's calls.

    Attributes:
        calls: The calls, makers before users.
        outputs: Numbers of the tensors that leave the model.
    """

    calls: list[Call]
    outputs: tuple[int, ...]

    @property
    def first(self) -> int:
        """The first spatial axis of its maps: 2 where channels come first."""
        formats = {
            getattr(call.operation, "data_format", None) for call in self.calls
        }
        return 2 if "channels_first" in formats else 1


def model_graph(model: keras.Model, input_shape: Any = None) -> Graph:
    """List the calls of a functional or Sequential model.

    Example:

    >>> inputs = keras.Input((8, 8, 3), name="picture")
    >>> inner = keras.Sequential([keras.layers.ReLU(name="relu")], name="net")
    >>> graph = model_graph(keras.Model(inputs, inner(inputs)))
    >>> [(call.name, call.output_shapes) for call in graph.calls]
    [('picture', ((None, 8, 8, 3),)), ('net/relu', ((None, 8, 8, 3),))]

    Args:
        model: A built model. Functional and Sequential models inside are
            opened, subclassed ones are single calls.
        input_shape: Shape of the input without the batch; for a model of
            several inputs, a dict from their names to shapes. What is not
            given is the model's own.

    Returns:
        The graph.

    Raises:
        ValueError: If the model is neither functional nor Sequential (what
            its Python code does cannot be listed), or if the shape does not
            fit.
    """
    check_graph(model)
    calls: list[Call] = []
    numbers: dict[int, int] = {}
    alive = []  # so that no two tensors share an id

    def number(tensor):
        if id(tensor) not in numbers:
            numbers[id(tensor)] = len(numbers)
            alive.append(tensor)
        return numbers[id(tensor)]

    def record(name, operation, inputs, results, arguments=((), {})):
        calls.append(
            Call(
                name,
                operation,
                tuple(map(number, inputs)),
                tuple(map(number, results)),
                tuple(tuple(tensor.shape) for tensor in inputs),
                tuple(tuple(tensor.shape) for tensor in results),
                arguments,
            )
        )

    def visitor(prefix):
        def visit(operation, args, kwargs):
            name = prefix + operation.name
            if has_graph(operation):
                inputs = packed(operation, inputs_of_call(args, kwargs))
                return walk(operation, inputs, visitor(f"{name}/"))
            inputs = tensors_in((args, kwargs))
            try:
                results = operation.compute_output_spec(*args, **kwargs)
            except Exception as error:
                reason = plain_reason(error)
                raise InputError(
                    f"Layer {name!r} ({type(operation).__name__}) does not "
                    "take an input of shape "
                    f"{[tuple(tensor.shape) for tensor in inputs]}: {reason}"
                ) from error
            # A layer may hand on the very tensor that it got.
            results = keras.tree.map_structure(_copy, results)
            made = tensors_in(results)
            record(name, operation, inputs, made, (args, kwargs))
            return results

        return visit

    config = graph_config(model)
    entering = entries(model, input_shape, config)
    for name, tensor in entering:
        record(name, None, [], [tensor])
    inputs = [tensor for _, tensor in entering]
    left = walk(model, packed(model, inputs), visitor(""), config)
    return Graph(calls, tuple(map(number, tensors_in(left))))


def activation_call(call: Call, first: int) -> Call | None:
    """Split what a layer with a window applies to its result off the layer.

    What the layer's attributes say of its window then holds for the rest.

    Example:

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


def entries(
    model: keras.Model, input_shape: Any = None, config: Any = None
) -> list[tuple[str, keras.KerasTensor]]:
    """The inputs of a model, by name, as symbolic tensors of a shape."""
    names = input_names(model, config)
    shapes = input_shape
    if shapes is None:
        shapes = {}
    elif not isinstance(shapes, Mapping):
        if len(names) > 1:
            raise InputError(
                "`input_shape` must be a dict from names to shapes, since "
                f"the model has the inputs {', '.join(names)}. "
                f"Received: input_shape={shapes!r}"
            )
        shapes = {names[0]: shapes}
    for name in shapes:
        if name not in names:
            raise InputError(
                "`input_shape` must name inputs of the model: "
                f"{', '.join(names)}. Received: {name!r}"
            )
    entering = []
    for name, tensor in zip(names, model.inputs, strict=True):
        shape = tensor.shape[1:]
        if name in shapes:
            shape = _fitting(shapes[name], shape, name)
        entering.append(
            (name, keras.KerasTensor((None, *shape), dtype=tensor.dtype))
        )
    return entering


def _copy(spec):
    if not isinstance(spec, keras.KerasTensor):
        return spec
    return keras.KerasTensor(spec.shape, dtype=spec.dtype)


def _fitting(shape, model_shape, name):
    if (
        not isinstance(shape, Sequence)
        or len(shape) != len(model_shape)
        or not all(size is None or is_int(size, 1) for size in shape)
    ):
        raise InputError(
            f"`input_shape` of {name!r} must be sizes in the order of the "
            f"model's {tuple(model_shape)}. Received: {shape!r}"
        )
    return tuple(None if size is None else int(size) for size in shape)


@lru_cache(maxsize=64)
def _activation(function: Any) -> keras.Layer:
    """One layer for each function, whose runs are kept with it."""
    return keras.layers.Activation(function)
