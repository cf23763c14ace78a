"""A copy of a layer by its configuration, and whether it is one."""

import contextlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from keras_padpos.layers import ConvertedLayer
from keras_padpos.layers.converted_layer import convert_inside
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.layers.converted_layer import is_by_arguments
from keras_padpos.layers.converted_layer import plain_config
from keras_padpos.layers.converted_layer import prefer_arguments
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph.graph_walk import quiet_config

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

# Spatial sizes of a trial: enough for the border to be a small part.
_LARGEST = 64
# Numbers from which on a layer is tried on a smaller map.
_MANY = 2**19
# What two runs may differ in, as a share of the largest number.
_TOLERANCE = 1e-4


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
        try:
            copy = kind.from_config(change(config))
        except Exception:
            plain = _own_config(layer)
            if not is_foreign(layer) or plain == config:
                raise
            # Its class takes names of functions, but no functions.
            copy = kind.from_config(change(plain))
    if is_by_arguments(layer):
        prefer_arguments(copy)
    return copy


def layer_config(layer: Any) -> dict[str, Any]:
    """A layer's configuration, functions in it as the objects that they are.

    A function's name alone may belong to another: `swish` of Keras, and of the
    layer's author. Those of Keras stay names.
    """
    config = _own_config(layer)
    return {key: _function(layer, key, value) for key, value in config.items()}


def is_foreign(layer: Any) -> bool:
    """Whether a layer's class is neither Keras' nor ours."""
    kind = getattr(layer, "plain_class", type(layer))
    return _package(kind) not in ("keras", "keras_padpos")


def copy_problem(
    layer: keras.Layer, make: Callable[[], Any], arguments: Arguments
) -> str:
    """Try whether copies of a layer compute what the layer does.

    Args:
        layer: A layer that is built.
        make: Makes a copy.
        arguments: What the layer is called on, symbolic tensors.

    Returns:
        What is wrong with the copy, as the end of a sentence; `""` if it
        gives the same numbers, or the layer cannot be run alone.
    """
    try:
        twin = built_copy(layer, make, arguments)
    except Exception as error:
        return f"its copy cannot be built ({plain_reason(error)})"
    return shared_layers(layer, twin) or difference(layer, twin, arguments)


def shared_layers(layer: keras.Layer, twin: keras.Layer) -> str:
    """Say which layers a copy has in common with a layer; `""` if none."""
    held = {id(inner) for _, inner in inner_layers(layer)}
    paths = [path for path, inner in inner_layers(twin) if id(inner) in held]
    if not paths:
        return ""
    return (
        f"its copy holds the same layer at {paths[0]!r}: `get_config` of its "
        "class gives the layer itself, not its configuration"
    )


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


def difference(
    layer: keras.Layer, twin: keras.Layer, arguments: Arguments
) -> str:
    """Say in what a copy differs from a layer; `""` if it does not."""
    before = [tuple(variable.shape) for variable in layer.variables]
    after = [tuple(variable.shape) for variable in twin.variables]
    if before != after:
        return (
            f"its copy has weights of shapes {after} in place of {before}: "
            "`get_config` of its class leaves something out"
        )
    for sample in samples(arguments):
        try:
            expected = run(layer, sample)
        except Exception:
            continue  # it takes no map of this size
        try:
            made = run(twin, sample, values(layer))
        except Exception as error:
            return f"its copy cannot be run ({plain_reason(error)})"
        # What draws numbers differs from itself.
        if agree(expected, made) or not agree(expected, run(layer, sample)):
            return ""
        return (
            "its copy computes other numbers: `get_config` of its class "
            "leaves something out"
        )
    return ""


def samples(
    arguments: Arguments, constant: bool = False, first: bool = False
) -> Iterator[Any]:
    """Small inputs to try a layer on, the smaller first.

    Args:
        arguments: What it is called on, symbolic tensors.
        constant: Whether all cells of a channel shall be equal.
        first: Whether channels come first.

    Yields:
        The arguments with tensors of numbers between 0.5 and 1.5.
    """
    tensors = [
        leaf
        for leaf in keras.tree.flatten(arguments)
        if isinstance(leaf, keras.KerasTensor)
    ]
    shapes = [_channels_last(x.shape, first) for x in tensors]
    sizes = [size for shape in shapes for size in shape[1:-1] if size]
    channels = [shape[-1] or 1 for shape in shapes]
    largest = max(sizes, default=1)
    limit = _LARGEST
    while limit > 16 and limit**2 * max(channels, default=1) > _MANY:
        limit //= 2
    shares = [1]
    # All sizes by one factor, so that maps of several scales go on to fit.
    while largest // shares[0] > limit and all(
        size % (2 * shares[0]) == 0 for size in sizes if size > 1
    ):
        shares.insert(0, 2 * shares[0])
    for share in {shares[0]: None, 1: None}:
        make = partial(
            _sample,
            share=share,
            limit=limit,
            random=np.random.default_rng(0),
            constant=constant,
            first=first,
        )
        yield keras.tree.map_structure(make, _without_training(arguments))


def values(layer: keras.Layer) -> list[Any]:
    """Values of all variables of a layer, weights and others."""
    return [variable.value for variable in layer.variables]


def run(
    layer: keras.Layer, sample: Arguments, state: Sequence[Any] | None = None
) -> list[np.ndarray]:
    """Call a layer without changing its state.

    Args:
        layer: A layer that is built.
        sample: Positional and keyword arguments.
        state: Values for its variables; its own if not given.

    Returns:
        The tensors that come out, as arrays.
    """
    args, kwargs = sample
    state = values(layer) if state is None else state
    mapping = list(zip(layer.variables, state, strict=True))
    with keras.StatelessScope(state_mapping=mapping):
        made = layer(*args, **kwargs)
    return [
        keras.ops.convert_to_numpy(leaf)
        for leaf in keras.tree.flatten(made)
        if leaf is not None
    ]


def agree(expected: Sequence[np.ndarray], made: Sequence[np.ndarray]) -> bool:
    """Whether two runs gave the same numbers but for rounding."""
    return len(expected) == len(made) and all(
        one.shape == other.shape and close(one, other)
        for one, other in zip(expected, made, strict=True)
    )


def close(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are equal but for rounding."""
    if one.dtype.kind not in "fV":
        return np.array_equal(one, other)
    one, other = one.astype("float32"), other.astype("float32")
    finite = one[np.isfinite(one)]
    scale = np.abs(finite).max(initial=0.0)
    return np.allclose(
        one, other, rtol=0, atol=_TOLERANCE * scale, equal_nan=True
    )


def _same_lambda(layer):
    """A Lambda of the very function: code alone lacks what it refers to."""
    shape = quiet_config(layer.get_config).get("output_shape")
    return type(layer)(
        layer.function,
        output_shape=shape if isinstance(shape, (list, tuple)) else None,
        arguments=layer.arguments,
        name=layer.name,
        dtype=layer.dtype_policy,
    )


def _own_config(layer):
    if isinstance(layer, keras.Layer):
        return quiet_config(partial(plain_config, layer))
    return quiet_config(layer.get_config)


def _function(layer, key, value):
    """The function that an entry of a configuration names, or the entry."""
    held = getattr(layer, key, None)
    if (
        not isinstance(value, (str, dict))
        or not callable(held)
        or isinstance(held, (keras.Layer, type))
        or getattr(held, "__self__", None) is layer
    ):
        return value
    described = held if hasattr(held, "__qualname__") else type(held)
    return value if _package(described) == "keras" else held


def _package(described):
    return (described.__module__ or "").partition(".")[0]


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


def _without_training(arguments):
    """Dropout and the like draw numbers while training."""
    args, kwargs = arguments
    return args, {k: v for k, v in kwargs.items() if k != "training"}


def _channels_last(shape, first):
    if not first or len(shape) < 4:
        return tuple(shape)
    return (shape[0], *shape[2:], shape[1])


def _sample(leaf, share, limit, random, constant, first):
    if not isinstance(leaf, keras.KerasTensor):
        return leaf
    shape = _channels_last(leaf.shape, first)[1:]
    shape = [
        (limit if size is None else max(size // share, 1))
        for size in shape[:-1]
    ] + [shape[-1] or limit for _ in shape[-1:]]
    drawn = [1] * len(shape[:-1]) + shape[-1:] if constant else shape
    cells = np.broadcast_to(random.uniform(0.5, 1.5, drawn), shape)[None]
    if first and len(shape) > 2:
        cells = np.moveaxis(cells, -1, 1)
    return keras.ops.convert_to_tensor(cells, dtype=leaf.dtype)
