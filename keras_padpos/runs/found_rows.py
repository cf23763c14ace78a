"""What a unit of work has found so far."""

import json
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_padpos.runs.strict_json import strict_json


class FoundRows:
    """Rows and arrays that a training found at its stops, with a state.

    Example:

    >>> found = FoundRows()
    >>> found.add("step10", [{"loss": 0.5}], {"map": np.eye(2)})
    >>> again = FoundRows()
    >>> again.restore(found.state())
    >>> again.rows, list(again.arrays), again.has("step10")
    ([{'loss': 0.5}], ['step10/map'], True)

    Attributes:
        rows: All rows, in their order.
        arrays: All arrays, under `KEY/NAME`.
    """

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.arrays: dict[str, np.ndarray] = {}
        self._keys: list[str] = []

    def has(self, key: str) -> bool:
        """Whether something was added under a key."""
        return key in self._keys

    def add(
        self,
        key: str,
        rows: Iterable[Any],
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Add what was found at one stop.

        Args:
            key: Names the stop.
            rows: What JSON holds.
            arrays: Arrays of numbers by name.
        """
        self._keys.append(key)
        self.rows += strict_json(list(rows))
        for name, array in (arrays or {}).items():
            self.arrays[f"{key}/{name}"] = array

    def state(self) -> dict[str, np.ndarray]:
        """Everything, as arrays by name."""
        return {
            "rows": np.array(json.dumps([self._keys, self.rows])),
            **{f"arrays/{name}": each for name, each in self.arrays.items()},
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        self._keys, self.rows = json.loads(str(state["rows"]))
        self.arrays = {
            name.removeprefix("arrays/"): array
            for name, array in state.items()
            if name.startswith("arrays/")
        }
