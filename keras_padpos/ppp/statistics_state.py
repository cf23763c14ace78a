"""What was added up about a layer, as arrays to save and to put back."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def flat_state(statistics: Any) -> dict[str, np.ndarray]:
    """Everything that statistics hold, as arrays by name.

    Example:

    >>> from keras_padpos.ppp.pattern_statistics import PatternStatistics
    >>> empty = PatternStatistics.empty((2, 2, 1), 4)
    >>> sorted(flat_state(empty))[:2]
    ['absolute', 'difference/counts']

    Args:
        statistics: A `PatternStatistics` or `ReferenceStatistics`.
    """
    state = {}
    for name, value in vars(statistics).items():
        if isinstance(value, np.ndarray):
            state[name] = value
        else:
            inner = value if isinstance(value, dict) else value.state()
            for key, array in inner.items():
                state[f"{name}/{key}"] = array
    return state


def restore_state(statistics: Any, state: Mapping[str, np.ndarray]) -> None:
    """Put back what `flat_state` returned.

    Example:

    >>> from keras_padpos.ppp.pattern_statistics import PatternStatistics
    >>> one, other = (PatternStatistics.empty((2, 2, 1), 4) for _ in "ab")
    >>> one.absolute += 1
    >>> restore_state(other, flat_state(one))
    >>> float(other.absolute.sum())
    4.0

    Args:
        statistics: Of the same kind and shapes; changed in place.
        state: The arrays.
    """
    for name, value in vars(statistics).items():
        inner = {
            key.partition("/")[2]: array
            for key, array in state.items()
            if key.startswith(f"{name}/")
        }
        if isinstance(value, np.ndarray):
            setattr(statistics, name, state[name].copy())
        elif isinstance(value, dict):
            value.clear()
            value.update((int(key), array) for key, array in inner.items())
        else:
            setattr(statistics, name, type(value).from_state(inner))
