"""How a run of a sweep ended."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class SweepEnd:
    """What is known of a run that is under way no more.

    Example:
        >>> SweepEnd(node="host/1a2b3c", seconds=3.2).finished
        True
        >>> SweepEnd(fault="exit status 1").finished
        False

    Args:
        node: The machine that it ran on, if known.
        seconds: How long it took, if known.
        fault: Why it is not finished; empty if it is.
        lost: Whether it ended with the worker or the machine, through no
            fault of its own.
        stopped: Whether the sweep itself ended it.
    """

    node: str | None = None
    seconds: float | None = None
    fault: str = ""
    lost: bool = False
    stopped: bool = False

    @property
    def finished(self) -> bool:
        """Whether its results are there."""
        return not (self.fault or self.lost or self.stopped)
