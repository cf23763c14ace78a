"""What a training changes, as arrays by name."""

import contextlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from typing import Protocol

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError


class Part(Protocol):
    """What a training changes as it goes: weights, sums, best scores."""

    def state(self) -> Mapping[str, np.ndarray]:
        """Everything that resuming needs, as arrays by name."""

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore what `state` returned."""


def flat_state(state: Mapping[Any, Any]) -> dict[str, np.ndarray]:
    """Flatten nested dicts of arrays; `sub_state` reads one of them back.

    Example:

    >>> flat_state({"count": np.ones(1), "fit": {0: np.zeros(1)}})
    {'count': array([1.]), 'fit/0': array([0.])}

    Args:
        state: Arrays, or dicts of such, by name.

    Returns:
        All arrays, with the names of the dicts before theirs: `"fit/0"`.
    """
    flat: dict[str, np.ndarray] = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            inner = flat_state(value)
            flat |= {f"{name}/{key}": array for key, array in inner.items()}
        else:
            flat[str(name)] = value
    return flat


def sub_state(
    state: Mapping[str, np.ndarray], name: Any
) -> dict[str, np.ndarray]:
    """One of the dicts that `flat_state` flattened, itself flat.

    Example:

    >>> sub_state({"count": np.ones(1), "fit/0": np.zeros(1)}, "fit")
    {'0': array([0.])}

    Args:
        state: What `flat_state` returned.
        name: The name of the dict.

    Returns:
        Its arrays by name; none if there is no such dict.
    """
    prefix = f"{name}/"
    return {
        key.removeprefix(prefix): array
        for key, array in state.items()
        if key.startswith(prefix)
    }


def variable_state(variables: Iterable[Any]) -> dict[str, np.ndarray]:
    """Copy the values of variables.

    A model's `variables` are its weights and what its layers draw random
    numbers from; Keras' own files hold only the weights.

    Example:

    >>> dropout = keras.layers.Dropout(0.5, seed=1)
    >>> before = variable_state(dropout.variables)
    >>> _ = dropout(np.ones((2, 2)), training=True)
    >>> after = variable_state(dropout.variables)
    >>> bool((before["0"] == after["0"]).all())
    False

    Args:
        variables: Keras variables, in an order that does not change.

    Returns:
        An array for each, under its number.
    """
    return {
        str(number): np.array(ops.convert_to_numpy(variable))
        for number, variable in enumerate(variables)
    }


def restore_variables(
    variables: Iterable[Any], state: Mapping[str, np.ndarray]
) -> None:
    """Put back what `variable_state` copied.

    Args:
        variables: As many as then, of the same shapes, in the same order.
        state: What `variable_state` returned.

    Raises:
        InputError: If there are more or fewer, or of other shapes; nothing is
            changed then.
    """
    variables = list(variables)
    expected = [tuple(variable.shape) for variable in variables]
    shapes = [state[str(number)].shape for number in range(len(state))]
    if shapes != expected:
        raise InputError(
            f"`state` must hold {len(expected)} arrays of the variables' "
            f"shapes. Received: {len(shapes)}, which differ"
        )
    for number, variable in enumerate(variables):
        variable.assign(state[str(number)])


def seed_variables(model: keras.Model) -> list[keras.Variable]:
    """The variables of a network that are none of its weights.

    Example:

    >>> len(seed_variables(keras.Sequential([keras.layers.Dropout(0.5)])))
    1

    Args:
        model: Any.

    Returns:
        Those of its seed generators, in an order that does not change.
    """
    weights = {id(weight) for weight in model.weights}
    return [each for each in model.variables if id(each) not in weights]


@contextlib.contextmanager
def kept_seeds(model: keras.Model) -> Iterator[None]:
    """Restore a network's random state at the end of the block.

    Padding that draws noise at inference (`randn`) has such a state: without
    this, what runs in the block would change what is drawn later.

    Example:

    >>> model = keras.Sequential([keras.layers.GaussianNoise(1.0, seed=0)])
    >>> with kept_seeds(model):
    ...     one = float(model(keras.ops.ones(1), training=True)[0])
    >>> float(model(keras.ops.ones(1), training=True)[0]) == one
    True

    Args:
        model: Any.
    """
    seeds = seed_variables(model)
    before = variable_state(seeds)
    try:
        yield
    finally:
        restore_variables(seeds, before)
