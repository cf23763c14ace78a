"""A network as a list of calls, nested models opened up."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

Tensor = tuple[str, int, int]
"""A tensor of a graph: name of its maker, number of the call, of the output."""


@dataclass(frozen=True)
class Call:
    """One use of an operation.

    Attributes:
        name: The operation's name, with those of the models around it before
            it: `"backbone/conv1"`.
        operation: The layer, or the `keras.ops` operation.
        inputs: The tensors it is called on.
        output: The tensor it makes (the first, if it makes several).
    """

    name: str
    operation: Any
    inputs: tuple[Tensor, ...]
    output: Tensor


def model_graph(model: keras.Model) -> list[Call]:
    """List the calls of a functional or Sequential model.

    Example:

    >>> inputs = keras.Input((8, 8, 3), name="picture")
    >>> inner = keras.Sequential([keras.layers.ReLU(name="relu")], name="net")
    >>> [call.name for call in model_graph(keras.Model(inputs, inner(inputs)))]
    ['picture', 'net/relu']

    Args:
        model: A built model. Models inside are opened.

    Returns:
        Calls, makers before users.

    Raises:
        ValueError: If the model, or one inside, is neither functional nor
            Sequential: what its Python code does cannot be listed.
    """
    calls: list[Call] = []
    _open(model, "", None, calls)
    return calls


def _open(model, prefix, given, calls):
    """Add a model's calls; return the tensors that it gives.

    `given` holds the tensors that it is called on, `None` at the top.
    """
    if isinstance(model, keras.Sequential):
        return [_open_sequential(model, prefix, given, calls)]
    try:
        config = model.get_config()
        nodes = {layer["name"]: layer for layer in config["layers"]}
        outputs = list(_keys(config["output_layers"]))
        inputs = [key[0] for key in _keys(config["input_layers"])]
        operations = {op.name: op for op in model.operations}
    except (AttributeError, KeyError, NotImplementedError):
        raise ValueError(
            f"Model {prefix + model.name!r} ({type(model).__name__}) is "
            "neither functional nor Sequential, so its graph cannot be read."
        ) from None
    made: dict[Tensor, Tensor] = {}
    waiting = []
    for name, layer in nodes.items():
        if name in inputs:
            made[name, 0, 0] = _enter(
                operations[name], prefix, given, inputs.index(name), calls
            )
            continue
        # A functional model's own inputs and outputs count as its call 0.
        inner = operations[name]
        first = int(
            isinstance(inner, keras.Model)
            and not isinstance(inner, keras.Sequential)
        )
        waiting += [
            (name, number, list(_tensors(node)))
            for number, node in enumerate(layer["inbound_nodes"], start=first)
        ]
    while waiting:
        later = []
        for name, number, needed in waiting:
            if not all(key in made for key in needed):
                later.append((name, number, needed))
                continue
            results = _call(
                operations[name],
                prefix,
                number,
                [made[key] for key in needed],
                calls,
            )
            for place, key in enumerate(results):
                made[name, number, place] = key
        if len(later) == len(waiting):
            raise ValueError(
                f"Model {prefix + model.name!r}: layer {later[0][0]!r} is "
                "called on a tensor that no layer of the model makes."
            )
        waiting = later
    return [made[key] for key in outputs]


def _open_sequential(model, prefix, given, calls):
    if given is None:
        given = [_enter(model, prefix, None, 0, calls)]
    key = given[0]
    for layer in model.layers:
        key = _call(layer, prefix, 0, [key], calls)[0]
    return key


def _enter(operation, prefix, given, place, calls):
    """The tensor that enters a model: an outer one, or a new input."""
    if given is not None:
        return given[place]
    key = (prefix + operation.name, 0, 0)
    calls.append(Call(key[0], operation, (), key))
    return key


def _call(operation, prefix, number, inputs, calls):
    name = prefix + operation.name
    if isinstance(operation, keras.Model):
        return _open(operation, f"{name}/", inputs, calls)
    outputs = operation.output if hasattr(operation, "output") else None
    count = len(outputs) if isinstance(outputs, (list, tuple)) else 1
    keys = [(name, number, place) for place in range(count)]
    calls.append(Call(name, operation, tuple(inputs), keys[0]))
    return keys


def _tensors(node: Any) -> Iterator[Tensor]:
    """The tensors in the serialised arguments of a call."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield tuple(node["config"]["keras_history"])
        else:
            for value in node.values():
                yield from _tensors(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from _tensors(value)


def _keys(structure: Any) -> Iterator[Tensor]:
    """The tensors in a model's list, dict or single entry of ends."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    if structure and isinstance(structure[0], str):
        yield tuple(structure)
        return
    for entry in structure:
        yield from _keys(entry)
