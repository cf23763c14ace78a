"""A run of a sweep and what has become of it."""

import dataclasses
import time
from typing import Any

from keras_padpos.runs.sweep_log import SweepLog
from keras_padpos.runs.sweep_run import SweepRun


@dataclasses.dataclass
class SweepEntry:
    """A run, where it works, and its state.

    Example:
        >>> run = SweepRun("experiments.count", {"seed": 1})
        >>> entry = SweepEntry(run, "runs/count", SweepLog("logs/count.log"))
        >>> entry.as_dict()["state"]
        'waiting'

    Args:
        run: The run.
        workdir: Its work directory.
        log: What it prints; only the attempt under way is looked at.
        state: `"waiting"`, `"running"`, `"finished"` or `"failed"`.
        before: Whether it was finished before this sweep began.
        attempts: How many times it was started.
        node: The machine that it runs or ran on last.
        seconds: How long its last attempt took.
        fault: Why it failed.
        started: When it was seen to run, in `time.monotonic`'s seconds.
    """

    run: SweepRun
    workdir: str
    log: SweepLog
    state: str = "waiting"
    before: bool = False
    attempts: int = 0
    node: str | None = None
    seconds: float | None = None
    fault: str = ""
    started: float | None = None

    @property
    def elapsed(self) -> float | None:
        """Seconds that it took, or takes so far."""
        if self.state == "running" and self.started is not None:
            return time.monotonic() - self.started
        return self.seconds

    def as_dict(self) -> dict[str, Any]:
        """What sweep.json says of it."""
        return {
            "workdir": self.workdir,
            "log": str(self.log.path),
            "experiment": self.run.experiment,
            "flags": dict(self.run.flags),
            "state": self.state,
            "attempts": self.attempts,
            "node": self.node,
            "seconds": self.seconds,
            "fault": self.fault,
        }
