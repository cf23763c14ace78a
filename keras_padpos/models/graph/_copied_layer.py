"""A copy of a layer by its configuration."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from keras_padpos.layers import ConvertedLayer
from keras_padpos.layers.converted_layer import convert_inside
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.layers.converted_layer import is_by_arguments
from keras_padpos.layers.converted_layer import plain_config
from keras_padpos.layers.converted_layer import prefer_arguments
from keras_padpos.models._code_owner import is_foreign
from keras_padpos.models._code_owner import package_of
from keras_padpos.models.graph.graph_walk import quiet_config
from keras_padpos.models.trials.layer_trial import Arguments


def copied_layer(
    layer: Any, change: Callable[[Any], Any] = lambda config: config
) -> Any:
    """Make a layer, or `keras.ops` operation, of the same configuration.

    Args:
        layer: The layer.
        change: Makes the copy's configuration from the layer's.
    """
    if isinstance(layer, keras.layers.Lambda):
        return _same_lambda(layer)
    if isinstance(layer, ConvertedLayer):
        return convert_inside(plain_copy(layer, change), layer.inner_paddings)
    return plain_copy(layer, change)


def plain_copy(
    layer: Any, change: Callable[[Any], Any] = lambda config: config
) -> Any:
    """The same, of a converted layer as it is without any conversion."""
    kind = getattr(layer, "plain_class", type(layer))
    with _classes_inside(layer):
        config = layer_config(layer)
        name = change(dict(config)).get("name", layer.name)
        try:
            copy = kind.from_config(change(config))
        except Exception:
            plain = plain_layer_config(layer)
            if not is_foreign(layer) or plain == config:
                raise
            # Its class takes names of functions, but no functions.
            copy = kind.from_config(change(plain))
    if copy.name != name:
        copy.name = name  # not every class says it in its configuration
    if is_by_arguments(layer):
        prefer_arguments(copy)
    return copy


def plain_layer_config(layer: Any) -> dict[str, Any]:
    """A layer's configuration as its own class tells it."""
    if isinstance(layer, keras.Layer):
        return quiet_config(partial(plain_config, layer))
    return quiet_config(layer.get_config)


def layer_config(layer: Any) -> dict[str, Any]:
    """A layer's configuration, functions in it as the objects that they are.

    A function's name alone may belong to another: `swish` of Keras, and of the
    layer's author. Those of Keras stay names.
    """
    config = plain_layer_config(layer)
    return {key: _function(layer, key, value) for key, value in config.items()}


def built_copy(
    layer: keras.Layer, make: Callable[[], Any], arguments: Arguments
) -> Any:
    """Make a copy of a layer, and build it as the layer is."""
    twin = make()
    config = layer.get_build_config()
    if config and type(layer).build is not keras.Layer.build:
        if not twin.built:
            twin.build_from_config(config)
        if len(twin.variables) == len(layer.variables):
            return twin
    args, kwargs = keras.tree.map_structure(_fresh, arguments)
    twin(*args, **kwargs)
    return twin


def _same_lambda(layer):
    """A Lambda of the very function: code alone lacks what it refers to."""
    shape = quiet_config(layer.get_config).get("output_shape")
    return type(layer)(
        layer.function,
        output_shape=shape if isinstance(shape, (list, tuple)) else None,
        mask=layer.mask,
        arguments=layer.arguments,
        name=layer.name,
        dtype=layer.dtype_policy,
    )


def _function(layer, key, value):
    """The function that an entry of a configuration names, or the entry."""
    attribute = getattr(layer, key, None)
    if (
        not isinstance(value, (str, dict))
        or not callable(attribute)
        or isinstance(attribute, (keras.Layer, type))
        or getattr(attribute, "__self__", None) is layer
    ):
        return value
    described = (
        attribute if hasattr(attribute, "__qualname__") else type(attribute)
    )
    return value if package_of(described) == "keras" else attribute


def _classes_inside(layer):
    """A scope in which Keras finds the classes of the layers inside."""
    classes: dict[str, type] = {}
    if isinstance(layer, keras.Layer):
        for _, inner in inner_layers(layer):
            if is_foreign(inner):
                kind = type(inner)
                classes[keras.saving.get_registered_name(kind)] = kind
    if not classes:
        return contextlib.nullcontext()
    return keras.saving.custom_object_scope(classes)


def _fresh(leaf):
    if not isinstance(leaf, keras.KerasTensor):
        return leaf
    return keras.KerasTensor(leaf.shape, dtype=leaf.dtype)
