"""A layer of any class whose inner layers have other borders."""

import functools
import inspect
import weakref
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras

from keras_padpos import padding as modes
from keras_padpos.errors import InputError

PACKAGE = "keras_padpos"
NAME = "ConvertedLayer"

# Attributes in which Keras and its backends keep books of a layer's parts.
_BOOKS = ("_layers", "_modules", "_parameters", "_buffers", "_metrics")

# Layers whose `get_config` leaves out what their arguments say.
_BY_ARGUMENTS: "weakref.WeakSet[Any]" = weakref.WeakSet()


def inner_layers(layer: keras.Layer) -> Iterator[tuple[str, keras.Layer]]:
    """Find the layers that another layer holds, at any depth.

    Example:

    >>> wrapper = keras.layers.TimeDistributed(keras.layers.Conv2D(4, 3))
    >>> [path for path, _ in inner_layers(wrapper)]
    ['layer']

    Args:
        layer: A layer.

    Yields:
        Path and layer, each layer once. The path is made of attributes, keys
        and indices, such as `"stages/0/conv"`; it is the same on every backend
        and for every layer that is made by the same configuration.
    """
    seen = {id(layer): layer}  # kept, so that no two have one id
    waiting = _parts(layer)
    while waiting:
        path, value = waiting.pop(0)
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, keras.Layer):
            yield path, value
        waiting += [(f"{path}/{name}", part) for name, part in _parts(value)]


def _parts(value):
    """The parts of a layer, dict, list or tuple that may be or hold layers."""
    if isinstance(value, dict):
        parts = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(str(index), part) for index, part in enumerate(value)]
    elif isinstance(value, keras.Layer):
        attributes = {**vars(value)}
        if keras.backend.backend() == "torch":
            # PyTorch keeps modules in a book of its own.
            attributes.update(value.named_children())
        parts = []
        if isinstance(value, keras.Model):
            # Names of its layers may be drawn anew; their order may not.
            parts.append(("layers", list(value.layers)))
        parts += [
            (name, part)
            for name, part in attributes.items()
            if name not in _BOOKS and not name.startswith("_self_")
        ]
        # Keras lists layers that no attribute leads to, such as those in a set,
        # in this one alone, and has no public way to ask for it.
        parts.append(("_layers", vars(value).get("_layers", ())))
    else:
        return []
    return [
        (name, part)
        for name, part in parts
        if isinstance(part, (keras.Layer, dict, list, tuple))
    ]


@keras.saving.register_keras_serializable(PACKAGE, NAME)
class ConvertedLayer:
    """Mixin of a layer some of whose inner layers pad another way.

    `convert_inside` makes a layer one: it stays an instance of its own class,
    whose code calls the same inner layers as before. What these pad is part of
    its configuration, so that it is saved and loaded.

    Attributes:
        plain_class: The layer's own class.
        inner_paddings: From the path of an inner layer to its `class_name`,
            `padding_mode` and, unless it resamples or is recurrent,
            `padding`; see `inner_layers`.
    """

    name: str
    plain_class: type
    inner_paddings: dict[str, dict[str, Any]]

    def get_config(self) -> dict[str, Any]:
        """The layer of its own class, and what its inner layers pad."""
        config: dict[str, Any] = {
            "name": self.name,
            "layer": plain_description(self),
            "inner_paddings": {
                path: dict(inner) for path, inner in self.inner_paddings.items()
            },
        }
        if is_by_arguments(self):
            config["by_arguments"] = True
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> keras.Layer:
        """Make the layer of its own class, then convert it inside."""
        layer = keras.saving.deserialize_keras_object(config["layer"])
        prefer_arguments(layer, config.get("by_arguments", False))
        name = config.get("name", layer.name)
        if layer.name != name:
            layer.name = name  # not every class says it by itself
        return convert_inside(layer, config["inner_paddings"])

    def __repr__(self) -> str:
        shown = {
            path: modes.get(inner["padding_mode"]).name
            for path, inner in self.inner_paddings.items()
        }
        return f"{super().__repr__()[:-1]}, padding_modes={shown}>"

    def __str__(self) -> str:
        return repr(self)


def plain_config(layer: Any) -> dict[str, Any]:
    """The configuration of a layer as its own class tells it.

    After `prefer_arguments`, the arguments that the layer was made with.

    Raises:
        NotImplementedError: If there is none.
    """
    kind: Any = getattr(layer, "plain_class", type(layer))
    if not is_by_arguments(layer):
        plain = layer if type(layer) is kind else _as(layer, kind)
        return plain.get_config()
    config = _as(layer, _without_get_config(kind)).get_config()
    parameters = inspect.signature(kind.__init__).parameters.values()
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return config
    names = {each.name for each in parameters}
    return {key: value for key, value in config.items() if key in names}


def plain_description(layer: Any) -> dict[str, Any]:
    """What `keras.saving` needs to make the layer of its own class."""
    plain = getattr(layer, "plain_class", type(layer))
    stock = getattr(keras.layers, plain.__name__, None) is plain
    name = keras.saving.get_registered_name(plain)
    return {
        "module": "keras.layers" if stock else plain.__module__,
        "class_name": plain.__name__,
        "config": keras.saving.serialize_keras_object(plain_config(layer)),
        "registered_name": None if stock else name,
    }


def prefer_arguments(layer: keras.Layer, preferred: bool = True) -> None:
    """Describe a layer by its arguments, and not by its `get_config`.

    For classes whose `get_config` fails or leaves something out. Keras keeps
    the arguments of every layer where they are numbers, strings and the like.
    """
    if preferred:
        _BY_ARGUMENTS.add(layer)
    else:
        _BY_ARGUMENTS.discard(layer)


def is_by_arguments(layer: Any) -> bool:
    """Whether `prefer_arguments` was called for a layer."""
    return isinstance(layer, keras.Layer) and layer in _BY_ARGUMENTS


def _as(layer, kind):
    """The same object of another class, for a look at it."""
    # Keras writes a configuration by itself where the class of the object has
    # no `get_config`, so the class must not be that of a converted layer.
    other = object.__new__(kind)
    object.__setattr__(other, "__dict__", vars(layer))
    return other


@functools.cache
def _without_get_config(kind):
    return type(
        kind.__name__,
        (kind,),
        {"__module__": __name__, "get_config": keras.Layer.get_config},
    )


def convert_inside(
    layer: keras.Layer, inner_paddings: Mapping[str, Mapping[str, Any]]
) -> keras.Layer:
    """Give layers inside another their borders, in place.

    The inner layers stay the same objects, so that all code that refers to
    them (attributes, lists, graphs of models inside) goes on to use them.

    Example:

    >>> wrapper = keras.layers.TimeDistributed(
    ...     keras.layers.Conv2D(4, 3, padding="same")
    ... )
    >>> mode = {
    ...     "class_name": "keras_padpos>Conv2D",
    ...     "padding": "same",
    ...     "padding_mode": "reflect",
    ... }
    >>> convert_inside(wrapper, {"layer": mode}).layer.padding_mode
    Reflect()

    Args:
        layer: A layer, built or not.
        inner_paddings: See `ConvertedLayer`.

    Returns:
        The same layer, which is now a `ConvertedLayer` too.

    Raises:
        ValueError: If it has no such inner layers. Where they may be made when
            the layer is built, it is raised then.
    """
    plain: Any = getattr(layer, "plain_class", type(layer))
    object.__setattr__(layer, "__class__", _converted_class(plain))
    vars(layer)["inner_paddings"] = {
        path: dict(inner) for path, inner in inner_paddings.items()
    }
    inner_by_path = dict(inner_layers(layer))
    if layer.built or all(path in inner_by_path for path in inner_paddings):
        _convert_inner(layer)
        return layer
    # Keras puts the `build` that it calls into the object.
    build = layer.build

    @functools.wraps(build)
    def build_and_convert(*args, **kwargs):
        build(*args, **kwargs)
        _convert_inner(layer)

    vars(layer)["build"] = build_and_convert
    return layer


@functools.cache
def _converted_class(plain):
    """The class of converted layers of a class."""
    # It has the name of the layer's own, by which Keras names the groups in
    # files of weights.
    converted = type(
        plain.__name__,
        (ConvertedLayer, plain),
        {
            "__module__": __name__,
            "__doc__": plain.__doc__,
            "plain_class": plain,
        },
    )
    # All of them are registered by one name: `from_config` needs no class.
    return keras.saving.register_keras_serializable(PACKAGE, NAME)(converted)


def _convert_inner(layer):
    inner_by_path = dict(inner_layers(layer))
    paths = ", ".join(map(repr, inner_by_path))
    for path, inner in layer.inner_paddings.items():
        where = f"Layer {layer.name!r} ({type(layer).__name__})"
        if path not in inner_by_path:
            raise InputError(
                f"{where} must hold a layer at {path!r}, which is to pad with "
                f"{inner['padding_mode']!r}, but has none there: its class "
                "may have changed since. "
                f"Received: layers at {paths or 'no path'}"
            )
        _pad(inner_by_path[path], inner, f"{where}, at {path!r}")


def _pad(layer, inner, where):
    """Make a layer of Keras the one of ours, weights and all else kept."""
    ours = keras.saving.get_registered_object(inner["class_name"])
    stock = ours and getattr(
        keras.layers, ours.__name__.replace("Padding", "ZeroPadding"), None
    )
    if ours is None or type(layer) not in (ours, stock):
        raise InputError(
            f"{where}: the layer must be a {inner['class_name']!r} or the "
            f"layer of Keras that it stands for. Received: {layer!r}"
        )
    mode = modes.get(inner["padding_mode"])
    if (type(layer), getattr(layer, "padding_mode", None)) == (ours, mode):
        if "padding" not in inner or layer.padding == inner["padding"]:
            return
    if mode.random:
        raise InputError(
            f'{where}: `padding_mode="{mode.name}"` draws numbers, which a '
            "layer inside another cannot: it was made without a seed"
        )
    # Ours have the same weights, attributes and call as those of Keras.
    object.__setattr__(layer, "__class__", ours)
    if "padding" in inner:
        layer.set_padding(inner["padding"], mode)
    else:
        layer.set_mode(mode)
