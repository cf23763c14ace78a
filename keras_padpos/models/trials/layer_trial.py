"""A layer, run by itself on small sampled inputs."""

import inspect
import math
from collections.abc import Iterator
from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

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
            yield keras.tree.map_structure(make, arguments)


def awake_values(layer: keras.Layer) -> list[Any]:
    """Values of all variables of a layer, sampled where they hide others.

    A weight hides what it is multiplied with if it is very small.
    All
    vectors that are trained are sampled, such as scales and biases.
    """
    return [_awake(variable, n) for n, variable in enumerate(layer.variables)]


def sampled_weight(
    shape: tuple[int, ...], random: np.random.Generator, signed: bool = False
) -> np.ndarray:
    """Sample a weight that hides nothing, as a zero or a tiny scale does.

    A kernel is normal and keeps the size of what goes in behind a ReLU. A
    number or a vector, such as a scale, lies between 0.5 and 1.5.

    Args:
        shape: Its shape.
        random: Where numbers are drawn from.
        signed: Whether half of the numbers of a vector shall be negative.
    """
    if len(shape) > 1:
        inputs = max(math.prod(shape[:-1]), 1)
        return random.normal(0, (2 / inputs) ** 0.5, shape)
    value = random.uniform(0.5, 1.5, shape)
    return value * random.choice([-1, 1], shape) if signed else value


def run(
    layer: keras.Layer, sample: Arguments, state: Sequence[Any]
) -> list[np.ndarray]:
    """Call a layer without changing its state.

    Args:
        layer: A layer that is built.
        sample: Positional and keyword arguments.
        state: Values for its variables.

    Returns:
        The tensors that come out, as arrays.
    """
    args, kwargs = at_inference(layer, sample)
    mapping = list(zip(layer.variables, state, strict=True))
    with keras.StatelessScope(state_mapping=mapping):
        made = layer(*args, **kwargs)
    return [
        keras.ops.convert_to_numpy(leaf)
        for leaf in keras.tree.flatten(made)
        if leaf is not None
    ]


def at_inference(operation: Any, arguments: Arguments) -> Arguments:
    """The arguments with which a model calls a layer at inference.

    Dropout and the like draw numbers while training, which of some layers,
    such as `RandomFlip`, is the default.

    Args:
        operation: A layer, or an operation of `keras.ops`.
        arguments: Positional and keyword arguments of a call.
    """
    args, kwargs = arguments
    if isinstance(operation, keras.Layer):
        names = [*inspect.signature(operation.call).parameters]
        if "training" in names[len(args) :]:
            return args, {**kwargs, "training": False}
    return args, kwargs


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
    # Others than trained ones may be variances.
    value = sampled_weight(value.shape, random, signed=variable.trainable)
    return keras.ops.convert_to_tensor(value, dtype=variable.dtype)
