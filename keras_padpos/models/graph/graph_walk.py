"""A way through a network's graph, by Keras' public configuration."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models._code_owner import PACKAGES
from keras_padpos.models._code_owner import package_of
from keras_padpos.models.graph._frame_operation import frame_layer


def walk(
    model: keras.Model,
    inputs: Any,
    visit: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any],
    config: Any = None,
) -> Any:
    """Run through a model's graph, one call at a time.

    An operation of `keras.ops` that does what a padding layer does is visited
    as that layer.

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
            args = tuple(_filled(node["args"], made))
            kwargs = _filled(node["kwargs"], made)
            frame = frame_layer(operation, args, kwargs, model)
            if frame is None:
                results = visit(operation, args, kwargs)
            else:
                results = visit(frame, args[:1], {})
            for index, result in enumerate(keras.tree.flatten(results)):
                made[operation.name, number, index] = result
        if len(later) == len(waiting):
            raise InputError(
                f"Model {model.name!r}: layer {later[0][0].name!r} is called "
                "on a tensor that no layer of the model makes."
            )
        waiting = later

    def leaving(key):
        # As outputs, and there alone, Keras counts a functional model's calls
        # from 1: call 0 is that of its own inputs and outputs.
        name, number, index = key
        operation = operations[name]
        functional = has_graph(operation) and not isinstance(
            operation, keras.Sequential
        )
        return made[name, number - functional, index]

    return _map_leaves(config["output_layers"], leaving)


def graph_config(model: keras.Model) -> Any:
    """The configuration that lists a model's layers and calls."""
    if isinstance(model, keras.Sequential):
        return None
    try:
        config = quiet_config(model.get_config)
    except Exception:
        # What a class of one's own says of itself may be missing or wrong.
        config = {}
    if "input_layers" not in config:
        # A subclass of a functional model tells its own arguments only.
        view = keras.Model(model.input, model.output, name=model.name)
        try:
            config = quiet_config(view.get_config)
        except Exception:
            return _config_of_stand_ins(view)
    return config


def quiet_config(get_config: Callable[[], Any]) -> Any:
    """A configuration, without Keras' warning of the lambdas in it.

    That a lambda is not loaded in safe mode matters to files alone.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*includes a `lambda`")
        return get_config()


class _StandIn(keras.Operation):
    """Stands for an operation whose own configuration cannot be asked for."""

    def __init__(self, operation):
        super().__init__(name=operation.name)
        self._output_spec = operation.compute_output_spec

    def compute_output_spec(self, *args, **kwargs):
        return self._output_spec(*args, **kwargs)

    def get_config(self):
        return {"name": self.name}


def _config_of_stand_ins(model):
    """The configuration of a model some layer of which has none."""
    config = keras.models.clone_model(
        model, clone_function=_StandIn
    ).get_config()
    operations = {op.name: op for op in model.operations}

    def counted(key):
        # See `leaving` in `walk`: a stand-in for a model is none.
        name, number, index = key
        operation = operations[name]
        functional = has_graph(operation) and not isinstance(
            operation, keras.Sequential
        )
        return [name, number + functional, index]

    return {
        **config,
        "output_layers": _map_leaves(config["output_layers"], counted),
    }


def input_names(model: keras.Model, config: Any = None) -> list[str]:
    """The names of a model's input layers, in the order of `model.inputs`."""
    if isinstance(model, keras.Sequential):
        return [getattr(tensor, "name", "input") for tensor in model.inputs]
    config = config or graph_config(model)
    return [key[0] for key in _leaves(config["input_layers"])]


def packed(model: keras.Model, inputs: list[Any]) -> Any:
    """A flat list of tensors in the structure that the model takes."""
    if isinstance(model, keras.Sequential):
        return inputs[0]
    return keras.tree.pack_sequence_as(model.input, inputs)


def check_graph(model: keras.Model) -> None:
    """Refuse a model whose graph cannot be read."""
    if not isinstance(model, keras.Model):
        hint = ""
        if isinstance(model, (str, os.PathLike)):
            hint = ". Open a file with keras.models.load_model first."
        raise InputError(
            "`model` must be a functional or Sequential keras.Model. "
            f"Received: {type(model).__name__}{hint}"
        )
    if _has_own_call(model):
        raise InputError(
            f"Model {model.name!r} ({type(model).__name__}) has a `call` of "
            "its own, so its layers do not tell what it computes. Build it as "
            "a functional model, or pass the functional models inside it one "
            "by one."
        )
    if isinstance(model, keras.Sequential):
        if not model.built:
            raise InputError(
                f"Model {model.name!r} (Sequential) is not built. Add a "
                "`keras.Input`, or call `build`."
            )
        return
    if not getattr(model, "inputs", None):
        raise InputError(
            f"Model {model.name!r} ({type(model).__name__}) is neither "
            "functional nor Sequential, so its graph cannot be read: its "
            "layers are called by Python code. Build it as a functional model, "
            "or pass the functional models inside it one by one."
        )


def _has_own_call(model):
    """Whether a subclass of a functional model does something else."""
    owner = next(kind for kind in type(model).__mro__ if "call" in vars(kind))
    return bool(getattr(model, "inputs", None)) and (
        package_of(owner) not in PACKAGES
    )


def has_graph(operation: Any) -> bool:
    """Whether it is a model whose graph can be read.

    A subclassed model inside another is a layer that cannot be opened.
    """
    if not isinstance(operation, keras.Model) or _has_own_call(operation):
        return False
    if isinstance(operation, keras.Sequential):
        return operation.built
    return bool(getattr(operation, "inputs", None))


def inputs_of_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """What a model inside is called on, as a flat list of tensors."""
    return keras.tree.flatten(args[0] if args else kwargs["inputs"])


def tensors_in(structure: Any) -> list[keras.KerasTensor]:
    """The symbolic tensors among arguments or results."""
    return [
        leaf
        for leaf in keras.tree.flatten(structure)
        if isinstance(leaf, keras.KerasTensor)
    ]


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
