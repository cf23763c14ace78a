"""What scores that are made of sums have in common."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_padpos.errors import InputError


class SummedScores:
    """Scores made of sums: they merge, and their state is arrays.

    Memory does not depend on how many pictures were added up.

    Example:

    >>> scores = SummedScores([2], total=[1, 2])
    >>> scores.merge(SummedScores([2], total=[10, 20]))
    >>> print(scores.state()["total"])
    [11 22]

    Args:
        signature: Numbers that tell which scores can be added: those with the
            same.
        **sums: The sums at the start, by name.
    """

    def __init__(self, signature: Any, **sums: Any) -> None:
        self._signature = np.array(signature, "float64")
        self._sums = {name: np.array(each) for name, each in sums.items()}

    def merge(self, other: "SummedScores") -> None:
        """Take in what was added up on other pictures.

        Args:
            other: Scores of the same kind, made with the same arguments; left
                alone.

        Raises:
            ValueError: If it is of another kind, or of other arguments.
        """
        if type(other) is not type(self) or not np.array_equal(
            other._signature, self._signature
        ):
            raise InputError(
                f"`other` must be a {type(self).__name__} made with the same "
                f"arguments. Received: {type(other).__name__}"
            )
        for name, each in other._sums.items():
            self._sums[name] = self._sums[name] + each

    def state(self) -> dict[str, np.ndarray]:
        """Everything that was added up, as arrays by name."""
        return {
            "signature": self._signature.copy(),
            **{name: each.copy() for name, each in self._sums.items()},
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned.

        Args:
            state: Of scores of the same kind, made with the same arguments.

        Raises:
            ValueError: If it is of other scores; nothing is changed then.
        """
        if (
            not np.array_equal(state.get("signature", ()), self._signature)
            or {"signature", *self._sums} != set(state)
            or any(
                np.shape(state[name]) != each.shape
                for name, each in self._sums.items()
            )
        ):
            raise InputError(
                f"`state` must be that of a {type(self).__name__} made with "
                f"the same arguments. Received: arrays {sorted(state)}"
            )
        for name, each in self._sums.items():
            self._sums[name] = np.array(state[name], each.dtype)
