"""The values of variables, as arrays that can be saved."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from keras_padpos.errors import InputError


def variable_state(variables: Iterable[Any]) -> dict[str, np.ndarray]:
    """Copy the values of variables.

    A model's `variables` are its weights and what its layers draw random
    numbers from; Keras' own files hold only the weights.

    Example:

    >>> import keras
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
        ValueError: If they are not as many or of other shapes; nothing is
            changed then.
    """
    variables = list(variables)
    found = [tuple(variable.shape) for variable in variables]
    wanted = [state[str(number)].shape for number in range(len(state))]
    if found != wanted:
        raise InputError(
            f"`state` must hold {len(found)} arrays of the variables' shapes. "
            f"Received: {len(wanted)}, which differ"
        )
    for number, variable in enumerate(variables):
        variable.assign(state[str(number)])
