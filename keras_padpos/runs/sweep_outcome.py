"""What came of a sweep."""

import dataclasses
from collections.abc import Sequence

from keras_padpos.runs.sweep_entry import SweepEntry


@dataclasses.dataclass(frozen=True)
class SweepOutcome:
    """What became of the runs of a sweep.

    Example:
        >>> SweepOutcome([], 0.1).status
        0

    Args:
        entries: The runs, in their order.
        seconds: How long the sweep took.
        interrupted: Whether it was interrupted from the keyboard.
    """

    entries: Sequence[SweepEntry]
    seconds: float
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status that says it: 0 if all runs are finished."""
        if self.interrupted:
            return 130
        return int(any(entry.state != "finished" for entry in self.entries))
