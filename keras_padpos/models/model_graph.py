"""A network as a list of calls, nested models opened up."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.models.plain_reason import plain_reason

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Graph:
    """A model's calls.

    Attributes:
        calls: The calls, makers before users.
        outputs: Numbers of the tensors that leave the model.
    """

    calls: list["Call"]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """One use of an operation.

    Attributes:
        name: The operation's name, with those of the models around it before
            it: `"backbone/conv1"`.
        operation: The layer, or the `keras.ops` operation; `None` where a
            tensor enters the model.
        inputs: Numbers of the tensors it is called on.
        outputs: Numbers of the tensors it makes.
        input_shapes: Their shapes, batch included; `None` where unknown.
        output_shapes: Likewise.
    """

    name: str
    operation: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]


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

    def record(name, operation, given, made):
        calls.append(
            Call(
                name,
                operation,
                tuple(map(number, given)),
                tuple(map(number, made)),
                tuple(tuple(tensor.shape) for tensor in given),
                tuple(tuple(tensor.shape) for tensor in made),
            )
        )

    def visitor(prefix):
        def visit(operation, args, kwargs):
            name = prefix + operation.name
            if has_graph(operation):
                given = packed(operation, given_to(args, kwargs))
                return walk(operation, given, visitor(f"{name}/"))
            given = tensors_in((args, kwargs))
            try:
                made = operation.compute_output_spec(*args, **kwargs)
            except Exception as error:
                reason = plain_reason(error)
                raise ValueError(
                    f"Layer {name!r} ({type(operation).__name__}) does not "
                    "take an input of shape "
                    f"{[tuple(tensor.shape) for tensor in given]}: {reason}"
                ) from error
            # A layer may hand on the very tensor that it got.
            made = keras.tree.map_structure(_copy, made)
            record(name, operation, given, tensors_in(made))
            return made

        return visit

    config = graph_config(model)
    entering = entries(model, input_shape, config)
    for name, tensor in entering:
        record(name, None, [], [tensor])
    inputs = [tensor for _, tensor in entering]
    left = walk(model, packed(model, inputs), visitor(""), config)
    return Graph(calls, tuple(map(number, tensors_in(left))))


def entries(
    model: keras.Model, input_shape: Any = None, config: Any = None
) -> list[tuple[str, keras.KerasTensor]]:
    """The inputs of a model, by name, as symbolic tensors of a shape.

    Args:
        model: A functional or Sequential model.
        input_shape: See `model_graph`.
        config: What `graph_config` gave, if that was asked before.

    Raises:
        ValueError: If the shape does not fit the model's inputs.
    """
    names = input_names(model, config)
    given = input_shape
    if given is None:
        given = {}
    elif not isinstance(given, Mapping):
        if len(names) > 1:
            raise ValueError(
                "`input_shape` must be a dict from names to shapes, since "
                f"the model has the inputs {', '.join(names)}. "
                f"Received: input_shape={given!r}"
            )
        given = {names[0]: given}
    for name in given:
        if name not in names:
            raise ValueError(
                "`input_shape` must name inputs of the model: "
                f"{', '.join(names)}. Received: {name!r}"
            )
    found = []
    for name, tensor in zip(names, model.inputs, strict=True):
        shape = tensor.shape[1:]
        if name in given:
            shape = _fitting(given[name], shape, name)
        found.append(
            (name, keras.KerasTensor((None, *shape), dtype=tensor.dtype))
        )
    return found


def packed(model: keras.Model, inputs: list[Any]) -> Any:
    """A flat list of tensors in the structure that the model takes."""
    if isinstance(model, keras.Sequential):
        return inputs[0]
    return keras.tree.pack_sequence_as(model.input, inputs)


def input_names(model: keras.Model, config: Any = None) -> list[str]:
    """The names of a model's input layers, in the order of `model.inputs`.

    Args:
        model: A functional or Sequential model.
        config: What `graph_config` gave, if that was asked before.
    """
    if isinstance(model, keras.Sequential):
        return [getattr(tensor, "name", "input") for tensor in model.inputs]
    config = config or graph_config(model)
    return [key[0] for key in _leaves(config["input_layers"])]


def check_graph(model: keras.Model, name: str | None = None) -> None:
    """Refuse a model whose graph cannot be read.

    Args:
        model: A model.
        name: What to call it in the message.

    Raises:
        ValueError: If it is subclassed, or not built.
    """
    name = name or getattr(model, "name", "")
    if not isinstance(model, keras.Model):
        raise ValueError(
            "`model` must be a functional or Sequential keras.Model. "
            f"Received: {type(model).__name__}"
        )
    if isinstance(model, keras.Sequential):
        if not model.built:
            raise ValueError(
                f"Model {name!r} (Sequential) is not built. Add a "
                "`keras.Input`, or call `build`."
            )
        return
    if not getattr(model, "inputs", None):
        raise ValueError(
            f"Model {name!r} ({type(model).__name__}) is neither functional "
            "nor Sequential, so its graph cannot be read: its layers are "
            "called by Python code. Build it as a functional model, or pass "
            "the functional models inside it one by one."
        )


def has_graph(operation: Any) -> bool:
    """Whether it is a model whose graph can be read.

    A subclassed model inside another is a layer that cannot be opened.
    """
    if isinstance(operation, keras.Sequential):
        return operation.built
    return isinstance(operation, keras.Model) and bool(
        getattr(operation, "inputs", None)
    )


def walk(
    model: keras.Model,
    inputs: Any,
    visit: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any],
    config: Any = None,
) -> Any:
    """Run through a model's graph, one call at a time.

    Args:
        model: A functional or Sequential model. Models inside are not opened:
            `visit` gets them like layers.
        inputs: What enters, in the structure of `model.input`.
        visit: Called with operation, positional and keyword arguments of each
            call; what it returns goes to the calls that follow.
        config: What `graph_config` gave, if that was asked before.

    Returns:
        What comes out, in the structure of the model's outputs.
    """
    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            inputs = visit(layer, (inputs,), {})
        return inputs
    config = config or graph_config(model)
    operations = {op.name: op for op in model.operations}
    made: dict[tuple[Any, ...], Any] = dict(
        zip(
            map(tuple, _leaves(config["input_layers"])),
            keras.tree.flatten(inputs),
            strict=True,
        )
    )
    entering = {key[0] for key in made}
    waiting = []
    for layer in config["layers"]:
        if layer["name"] in entering:
            continue
        operation = operations[layer["name"]]
        waiting += [
            (operation, number, node, {tuple(key) for key in _keys_in(node)})
            for number, node in enumerate(layer["inbound_nodes"])
        ]
    while waiting:
        later = []
        for call in waiting:
            operation, number, node, needed = call
            if not needed <= made.keys():
                later.append(call)
                continue
            results = visit(
                operation,
                tuple(_filled(node["args"], made)),
                _filled(node["kwargs"], made),
            )
            for place, result in enumerate(keras.tree.flatten(results)):
                made[operation.name, number, place] = result
        if len(later) == len(waiting):
            raise ValueError(
                f"Model {model.name!r}: layer {later[0][0].name!r} is called "
                "on a tensor that no layer of the model makes."
            )
        waiting = later

    def leaving(key):
        # As outputs, and there alone, Keras counts a functional model's calls
        # from 1: call 0 is that of its own inputs and outputs.
        name, number, place = key
        operation = operations[name]
        functional = has_graph(operation) and not isinstance(
            operation, keras.Sequential
        )
        return made[name, number - functional, place]

    return _map_leaves(config["output_layers"], leaving)


def graph_config(model: keras.Model) -> Any:
    """The configuration that lists a model's layers and calls.

    Args:
        model: A functional or Sequential model.

    Returns:
        A dict; `None` for a Sequential model, which needs none.
    """
    if isinstance(model, keras.Sequential):
        return None
    try:
        config = model.get_config()
    except NotImplementedError:
        config = {}
    if "input_layers" not in config:
        # A subclass of a functional model tells its own arguments only.
        view = keras.Model(model.input, model.output, name=model.name)
        config = view.get_config()
    return config


def given_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """What a model inside is called on, as a flat list of tensors."""
    return keras.tree.flatten(args[0] if args else kwargs["inputs"])


def tensors_in(structure: Any) -> list[keras.KerasTensor]:
    """The symbolic tensors among arguments or results."""
    return [
        leaf
        for leaf in keras.tree.flatten(structure)
        if isinstance(leaf, keras.KerasTensor)
    ]


def _copy(spec):
    if not isinstance(spec, keras.KerasTensor):
        return spec
    return keras.KerasTensor(spec.shape, dtype=spec.dtype)


def _fitting(shape, own, name):
    if (
        not isinstance(shape, Sequence)
        or len(shape) != len(own)
        or not all(size is None or _is_size(size) for size in shape)
    ):
        raise ValueError(
            f"`input_shape` of {name!r} must be sizes in the order of the "
            f"model's {tuple(own)}. Received: {shape!r}"
        )
    return tuple(shape)


def _is_size(size):
    return isinstance(size, int) and size > 0


def _filled(node, made):
    """Serialised arguments of a call with the tensors put in."""
    if isinstance(node, (list, tuple)):
        return type(node)(_filled(entry, made) for entry in node)
    if not isinstance(node, dict):
        return node
    if node.get("class_name") == "__keras_tensor__":
        return made[tuple(node["config"]["keras_history"])]
    if "class_name" in node and "config" in node:
        return keras.saving.deserialize_keras_object(node)
    return {key: _filled(value, made) for key, value in node.items()}


def _keys_in(node):
    """The tensors in the serialised arguments of a call."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"]
            return
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for value in node:
            yield from _keys_in(value)


def _is_leaf(structure):
    return bool(structure) and isinstance(structure[0], str)


def _leaves(structure):
    """The tensors in a model's list, dict or single entry of ends."""
    # In Keras' own order, which for dicts is not that of every backend.
    return [end.key for end in keras.tree.flatten(_map_leaves(structure, _End))]


@dataclass(frozen=True)
class _End:
    """A tensor's name, number of the call and of the output."""

    key: Any


def _map_leaves(structure, function):
    if isinstance(structure, dict):
        return {
            key: _map_leaves(value, function)
            for key, value in structure.items()
        }
    if _is_leaf(structure):
        return function(structure)
    return [_map_leaves(entry, function) for entry in structure]
