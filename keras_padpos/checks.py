"""Checks of arguments: numbers, arrays of them, and names."""

import math
import numbers
import re
import sys
from collections.abc import Collection
from typing import Any
from typing import TypeGuard

import numpy as np

from keras_padpos.errors import InputError


def is_int(value: Any, least: int = -sys.maxsize) -> TypeGuard[int]:
    """Whether a value is an int, NumPy's too, and no bool; of at least that."""
    integral = isinstance(value, numbers.Integral)
    return integral and not isinstance(value, bool) and value >= least


def pair_of(value: Any) -> tuple[Any, ...]:
    """Two of an int; anything else as a tuple."""
    return (int(value),) * 2 if is_int(value) else tuple(value)


def as_list(
    name: str, values: Any, one: type | tuple[type, ...] = str
) -> list[Any]:
    """A single value of a type as a list of it, and several as a list.

    Example:
        >>> as_list("stages", "conv1"), as_list("stages", ("conv1", "conv2"))
        (['conv1'], ['conv1', 'conv2'])

    Args:
        name: The argument, for messages.
        values: The values.
        one: What a single one is.

    Raises:
        InputError: If it is neither.
    """
    if isinstance(values, one):
        return [values]
    try:
        return list(values)
    except TypeError:
        raise InputError(
            f"`{name}` must be one or a list. Received: {name}={values!r}"
        ) from None


def as_floats(
    name: str,
    values: Any,
    shape: str | None = None,
    *,
    empty: bool = False,
    finite: bool = True,
) -> np.ndarray:
    """Values as an array of float64.

    Example:
        >>> as_floats("map", [[1, 2]], "(height, width)")
        array([[1., 2.]])

    Args:
        name: The argument, for messages.
        values: Numbers, as an array or in lists.
        shape: Names of its axes. `None`: any, at least one.
        empty: Whether it may hold nothing.
        finite: Whether it must be finite.

    Raises:
        InputError: If it is not so.
    """
    wanted = f"numbers of shape {shape}" if shape else "an array of numbers"
    wanted += "" if empty else ", at least one"
    try:
        array = np.asarray(values, "float64")
    except (TypeError, ValueError):
        raise InputError(
            f"`{name}` must be {wanted}. Received: {type(values).__name__}"
        ) from None
    axes = len(re.findall(r"\w+", shape)) if shape else max(array.ndim, 1)
    if values is None or array.ndim != axes or not (empty or array.size):
        received = "None" if values is None else f"shape {array.shape}"
        raise InputError(f"`{name}` must be {wanted}. Received: {received}")
    if finite and not np.isfinite(array).all():
        raise InputError(
            f"`{name}` must be finite. Received: NaN or infinite values"
        )
    return array


def check_ints(least: int = 1, **values: int) -> None:
    """Raise unless all arguments are ints of at least `least`."""
    for name, value in values.items():
        if not is_int(value, least):
            raise InputError(
                f"`{name}` must be an int of at least {least}. "
                f"Received: {name}={value!r}"
            )


def check_choices(**values: tuple[Any, Collection[str]]) -> None:
    """Raise unless each argument is one of the names that stand beside it.

    Example:
        >>> check_choices(solver=("exakt", ["exact", "gradient"]))
        Traceback (most recent call last):
        ...
        keras_padpos.errors.InputError: `solver` must be one of exact, \
gradient. Received: solver='exakt'
    """
    for name, (value, choices) in values.items():
        if value not in choices:
            raise InputError(
                f"`{name}` must be one of {', '.join(choices)}. "
                f"Received: {name}={value!r}"
            )


def check_sizes(**values: float) -> None:
    """Raise unless all arguments are finite numbers of 0 or more."""
    for name, value in values.items():
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not real or not 0 <= value < math.inf:
            raise InputError(
                f"`{name}` must be a number of 0 or more. "
                f"Received: {name}={value!r}"
            )


def check_level(level: float) -> None:
    """Raise unless a confidence level is a number between 0 and 1."""
    if not (isinstance(level, numbers.Real) and 0 < level < 1):
        raise InputError(
            f"`level` must be between 0 and 1. Received: level={level!r}"
        )


def check_shape(size: Any, name: str = "size") -> tuple[int, int]:
    """Height and width of an int, for a square, or of a pair of them."""
    sides = (size, size) if is_int(size) else size
    if (
        not isinstance(sides, (tuple, list))
        or len(sides) != 2
        or not all(is_int(side, 1) for side in sides)
    ):
        raise InputError(
            f"`{name}` must be an int of at least 1, or two of them, "
            f"(height, width). Received: {name}={size!r}"
        )
    return int(sides[0]), int(sides[1])
