"""Where a long unit of work has come to."""

import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.runs.common_flags import device_flags
from keras_padpos.runs.work_directory import WorkDirectory

# A unit that has been saved for so long a share of its time waits.
_LARGEST_SHARE = 0.05


class RollingCheckpoint:
    """Saves the state of a unit of work now and then, the last two kept.

    So a run that is killed goes on from the middle of a unit: at any moment
    one of the two is whole.

    Args:
        work: The run's directory.
        key: Names the unit.
        seconds: Time that `offer` lets pass between two checkpoints, and so
            the most that is lost. It waits longer where saving takes more than
            a twentieth of the time.
        unit: What it logs for, and what counts as resumed. `None`: `key`.

    Attributes:
        lines: What was logged, before and since the checkpoint that the unit
            went on from.
    """

    def __init__(
        self,
        work: WorkDirectory,
        key: str,
        seconds: float = 60.0,
        unit: str | None = None,
    ) -> None:
        self._work = work
        self._unit = unit or key
        self._keys = [f"{key} under way {number}" for number in (0, 1)]
        self._seconds = seconds
        self._number = 0
        self.lines: list[dict[str, Any]] = []
        self._saved = time.monotonic()
        self._took = 0.0

    def log(self, **metrics: Any) -> None:
        """Log a line of the unit; see `WorkDirectory.log`."""
        self.lines.append(metrics)
        self._work.log(self._unit, **metrics)

    def curves(self) -> dict[str, np.ndarray]:
        """What was logged, as an array of floats for each name."""
        names = dict.fromkeys(name for line in self.lines for name in line)
        return {
            name: np.array([line[name] for line in self.lines], dtype=float)
            for name in names
        }

    def load(self) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The newest state that is whole; `None` if there is none."""
        numbers = {}
        for key in self._keys:
            # Without arrays: two states may not fit into memory.
            peek = self._work.checkpoint(key, arrays=False)
            if peek is not None:
                numbers[key] = peek[0][0]["_number"]
        for key in sorted(numbers, key=numbers.__getitem__, reverse=True):
            checkpoint = self._work.checkpoint(key)
            if checkpoint is None:
                continue
            if self._keys[0] == key:
                self._keys.reverse()
            (row,), arrays = checkpoint
            _check_same(row.pop("_computed_by", None), self._unit)
            self._number = row.pop("_number") + 1
            for line in row.pop("_log"):
                self.log(**line)
            self._work.mark_resumed(self._unit)
            return row, arrays
        return None

    def save(
        self, row: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> None:
        """Save a state in the place of the older one of the two."""
        row = {
            **row,
            "_number": self._number,
            "_log": self.lines,
            "_computed_by": _computed_by(),
        }
        self._work.save_checkpoint(self._keys[0], [row], arrays)
        self._keys.reverse()
        self._number += 1
        self._saved = time.monotonic()

    def offer(
        self,
        state: Callable[[], tuple[Mapping[str, Any], Mapping[str, np.ndarray]]],
    ) -> None:
        """Save a state if it is time."""
        wait = max(self._seconds, self._took / _LARGEST_SHARE)
        if time.monotonic() - self._saved >= wait:
            started = time.monotonic()
            self.save(*state())
            self._took = self._saved - started

    def remove(self) -> None:
        """Remove what was saved, once the unit is finished."""
        for key in self._keys:
            self._work.remove_checkpoint(key)


def _computed_by():
    """What decides the last digits of a unit, besides its config."""
    import keras

    return {
        "KERAS_BACKEND": keras.backend.backend(),
        **{f"--{name}": value for name, value in device_flags().items()},
    }


def _check_same(then, key):
    now = _computed_by()
    differences = [
        f"{name} was {each} and is {now[name]}"
        for name, each in (then or {}).items()
        if name in now and now[name] != each
    ]
    if differences:
        raise InputError(
            f"{key!r} is half computed: {'; '.join(differences)}. Go on as it "
            "was begun, or start over with --noresume, which computes what is "
            "finished again too."
        )
