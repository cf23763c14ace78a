"""A copy of a layer by its configuration, and whether it is one."""

import contextlib
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from types import FunctionType
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
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import quiet_config

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

# Spatial sizes of a trial: enough for the border to be a small part.
_LARGEST = 64
# Numbers from which on a layer is tried on a smaller map.
_MANY = 2**19
# What two runs may differ in, as a share of the largest number.
_TOLERANCE = 1e-4
# Weights below it hide what they are multiplied with, such as a layer scale
# of 1e-6 at the end of a branch.
_SMALL = 1e-2
# What a copy may have of its own: names and seeds that Keras draws, flags that
# are carried over, and borders.
_FREE = ("name", "seed", "trainable", "padding", "padding_mode")


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
            plain = _own_config(layer)
            if not is_foreign(layer) or plain == config:
                raise
            # Its class takes names of functions, but no functions.
            copy = kind.from_config(change(plain))
    if copy.name != name:
        copy.name = name  # not every class says it in its configuration
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
        gives the same numbers.
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
    setting = _other_setting(layer, twin)
    if setting:
        return f"its copy has another {setting}"
    state = awake_values(layer)
    problem = "it cannot be run by itself"
    for sample in samples(arguments):
        try:
            expected = run(layer, sample, state)
        except Exception as error:
            problem = f"it cannot be run by itself ({plain_reason(error)})"
            continue  # it takes no map of this size
        try:
            made = run(twin, sample, state)
        except Exception as error:
            return f"its copy cannot be run ({plain_reason(error)})"
        # What draws numbers differs from itself.
        if not agree(expected, made) and agree(
            expected, run(layer, sample, state)
        ):
            return (
                "its copy computes other numbers: `get_config` of its class "
                "leaves something out"
            )
        problem = ""
        if all(map(_is_finite, expected)):
            break
    return problem


def samples(
    arguments: Arguments, constant: bool = False, first: bool = False
) -> Iterator[Any]:
    """Small inputs to try a layer on, the smaller first.

    Args:
        arguments: What it is called on, symbolic tensors.
        constant: Whether all cells of a channel shall be equal.
        first: Whether channels come first.

    Yields:
        The arguments with tensors of normal numbers, then of numbers between
        0.5 and 1.5, for layers that take no others.
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
        for positive in (False, True):
            make = partial(
                _sample,
                share=share,
                limit=limit,
                random=np.random.default_rng(0),
                constant=constant,
                first=first,
                positive=positive,
            )
            yield keras.tree.map_structure(make, _without_training(arguments))


def values(layer: keras.Layer) -> list[Any]:
    """Values of all variables of a layer, weights and others."""
    return [variable.value for variable in layer.variables]


def awake_values(layer: keras.Layer) -> list[Any]:
    """The same, but sampled where a weight is so small that it hides others.

    All vectors that are trained are, such as scales and biases.
    """
    return [_awake(variable, n) for n, variable in enumerate(layer.variables)]


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


def close(
    one: np.ndarray, other: np.ndarray, tolerance: float = _TOLERANCE
) -> bool:
    """Whether two arrays are equal but for a share of the largest number."""
    if one.dtype.kind not in "fV":
        return np.array_equal(one, other)
    one, other = one.astype("float32"), other.astype("float32")
    finite = one[np.isfinite(one)]
    scale = np.abs(finite).max(initial=0.0)
    return np.allclose(
        one, other, rtol=0, atol=tolerance * scale, equal_nan=True
    )


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


def _sample(leaf, share, limit, random, constant, first, positive):
    if not isinstance(leaf, keras.KerasTensor):
        return leaf
    shape = _channels_last(leaf.shape, first)[1:]
    shape = [
        (limit if size is None else max(size // share, 1))
        for size in shape[:-1]
    ] + [shape[-1] or limit for _ in shape[-1:]]
    drawn = [1] * len(shape[:-1]) + shape[-1:] if constant else shape
    if "float" not in leaf.dtype:
        cells = random.integers(0, 2, drawn)
    elif positive:
        cells = random.uniform(0.5, 1.5, drawn)
    else:
        cells = random.normal(size=drawn)
    cells = np.broadcast_to(cells, (leaf.shape[0] or 1, *shape))
    if first and len(shape) > 2:
        cells = np.moveaxis(cells, -1, 1)
    return keras.ops.convert_to_tensor(cells, dtype=leaf.dtype)


def _awake(variable, seed):
    value = keras.ops.convert_to_numpy(variable)
    if value.dtype.kind not in "fV":
        return variable.value
    small = np.abs(value.astype("float32")).max(initial=0.0) <= _SMALL
    if not small and (value.ndim > 1 or not variable.trainable):
        return variable.value
    random = np.random.default_rng(seed)
    if value.ndim > 1:
        deviation = np.prod(value.shape[:-1]) ** -0.5
        value = random.normal(0, deviation, value.shape)
    else:
        value = random.uniform(0.5, 1.5, value.shape)
        if variable.trainable:  # others may be variances
            value = value * random.choice([-1, 1], value.shape)
    return keras.ops.convert_to_tensor(value, dtype=variable.dtype)


def _is_finite(y):
    return y.dtype.kind not in "fV" or np.isfinite(y.astype("float32")).all()


def _other_setting(layer, twin):
    """What a layer inside a copy is set to otherwise; `""` if nothing."""
    twins = dict(inner_layers(twin))
    for path, inner in inner_layers(layer):
        other = twins.get(path)
        if other is None or has_graph(inner) or has_graph(other):
            continue
        if isinstance(inner, keras.layers.InputLayer):
            continue  # it says for what shape a model inside was built
        try:
            one, two = _settings(inner), _settings(other)
        except Exception:
            continue  # it has no configuration to compare
        for key in one.keys() & two.keys():
            if not _is_same(one[key], two[key]):
                return f"`{key}` at {path!r}"
    return ""


def _settings(layer):
    """A layer's configuration without what a copy may have of its own."""
    config = _own_config(layer)
    if isinstance(layer, keras.layers.Lambda):
        config["function"] = layer.function  # its bytes need not be the same
    return _bound(config)


def _bound(config):
    if isinstance(config, dict):
        inner = config.get("config")
        if "class_name" in config and isinstance(inner, dict):
            if "trainable" in inner:
                return None  # a layer, which is compared by itself
        return {k: _bound(v) for k, v in config.items() if k not in _FREE}
    if isinstance(config, (list, tuple)):
        return [_bound(each) for each in config]
    return config


def _taken_along(function):
    """The values of a function's own arguments and of what it refers to."""
    cells = function.__closure__ or ()
    return [
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
        *(cell.cell_contents for cell in cells),
    ]


def _is_same(one, two):
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(
            _is_same(one[key], two[key]) for key in one
        )
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_is_same, one, two))
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        return np.array_equal(one, two)
    if isinstance(one, FunctionType) and isinstance(two, FunctionType):
        return one.__code__ == two.__code__ and all(
            map(_is_same, _taken_along(one), _taken_along(two))
        )
    plain = (bool, int, float, str, bytes, type(None), np.generic)
    if isinstance(one, plain) or isinstance(two, plain):
        return bool(one == two)
    # Objects that do not say if they are equal.
    kinds = [getattr(each, "plain_class", type(each)) for each in (one, two)]
    return kinds[0] is kinds[1]
