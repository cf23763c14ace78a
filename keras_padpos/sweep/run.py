"""One run of a sweep."""

import dataclasses
import datetime
import hashlib
import os
import re
import shlex
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.runs.flags import flag_text


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


_BEGIN = re.compile(r"^\[sweep\] attempt \d+ on (\S+), ", re.MULTILINE)

# A line that `Progress` leaves.
_UNIT = re.compile(r"\d+/\d+ ")

# Enough for the first line of an attempt, and for the last of any.
_HEAD = 4_000
_TAIL = 16_000


class SweepLog:
    r"""The file that a run of a sweep prints into.

    It lies in the folder that all nodes share, so that whoever sweeps can see
    how far the run is, and what its last words were. Each attempt begins with
    a line of the sweep's own.

    Example:
        >>> import tempfile
        >>> log = SweepLog(tempfile.mkdtemp() + "/run.log")
        >>> log.begin(1, "host/1a2b3c", ["python", "-m", "experiments.count"])
        >>> log.node()
        'host/1a2b3c'
        >>> with open(log.path, "a") as file:
        ...     _ = file.write("1/2 zeros: 64 images, 3.2 s\n")
        >>> log.progress()
        '1/2 zeros: 64 images, 3.2 s'

    Args:
        path: The file; it need not be there.
        start: Where the part begins that is looked at, in bytes.
    """

    def __init__(self, path: str | os.PathLike, start: int = 0):
        self.path = Path(path)
        self.start = start

    def from_here(self) -> "SweepLog":
        """The same file, of which only what is still to come is looked at."""
        try:
            return SweepLog(self.path, self.path.stat().st_size)
        except OSError:
            return SweepLog(self.path)

    def begin(self, attempt: int, node: str, command: Sequence[str]) -> None:
        """Write the line that begins an attempt.

        Args:
            attempt: Its number, from 1 on.
            node: The machine that it runs on, without blanks.
            command: The words of the command.

        Raises:
            OSError: If it cannot be written.
        """
        now = datetime.datetime.now().isoformat(" ", "seconds")
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(
                f"[sweep] attempt {attempt} on {node}, {now}: "
                f"{shlex.join(command)}\n"
            )

    def node(self) -> str | None:
        """The machine of the first attempt; `None` if none has begun."""
        found = _BEGIN.search(self._read(self.start, _HEAD))
        return found and found[1]

    def progress(self) -> str:
        """The last unit of work that the run reports, else its last line."""
        lines = self.last_lines(20)
        units = [line for line in lines if _UNIT.match(line)]
        return (units or lines or [""])[-1]

    def last_lines(self, count: int) -> list[str]:
        """The last lines that the run has printed, blank ones left out.

        Args:
            count: How many at most.

        Returns:
            The lines, without what would move a terminal's cursor.
        """
        try:
            size = self.path.stat().st_size
        except OSError:
            return []
        text = self._read(max(self.start, size - _TAIL), _TAIL)
        # Of a line that was written over again, the last form.
        lines = [line.rpartition("\r")[2] for line in text.split("\n")]
        lines = ["".join(filter(str.isprintable, line)) for line in lines]
        lines = [
            line.rstrip()
            for line in lines
            if line.strip() and not _BEGIN.match(line)
        ]
        return lines[-count:]

    def _read(self, start: int, count: int) -> str:
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                return file.read(count).decode("utf-8", errors="replace")
        except OSError:
            return ""


@dataclasses.dataclass(frozen=True)
class SweepRun:
    """A binary and the flags that it is to have, `--workdir` left out.

    Example:
        >>> run = SweepRun("experiments.count", {"seed": 1}, varied=("seed",))
        >>> run.name
        'count-seed=1-d8e1f2c80f'
        >>> run.command("runs/one")[1:]
        ['-m', 'experiments.count', '--seed=1', '--workdir=runs/one']

    Args:
        experiment: The binary's module, with its package.
        flags: From flag name to value: text, number, boolean, or a list of
            these.
        varied: Names of the flags that tell the run from its neighbours.
        place: Where it stands in the file that asks for it, for messages.
    """

    experiment: str
    flags: Mapping[str, Any]
    varied: tuple[str, ...] = ()
    place: str = ""

    @property
    def digest(self) -> str:
        """Ten hexadecimal digits that stand for experiment and flags.

        Neither the order of the flags nor `varied` changes them.
        """
        words = "\n".join([self.experiment, *sorted(self.flag_words())])
        return hashlib.sha256(words.encode()).hexdigest()[:10]

    @property
    def label(self) -> str:
        """The experiment and what varies, in words."""
        words = [
            f"{name}={flag_text(self.flags[name])}" for name in self.varied
        ]
        return " ".join([self.experiment.rpartition(".")[2], *words])

    @property
    def name(self) -> str:
        """Name of the work directory: the label and the digest."""
        readable = re.sub(r"[^\w.=+-]+", "-", self.label, flags=re.ASCII)
        return f"{readable[:120]}-{self.digest}"

    def flag_words(self) -> list[str]:
        """The flags as a command line has them."""
        return [f"--{name}={flag_text(v)}" for name, v in self.flags.items()]

    def command(self, workdir: str, python: str = "python") -> list[str]:
        """The command line of the run.

        Args:
            workdir: Its work directory.
            python: The interpreter.

        Returns:
            The words of the command.
        """
        words = [*self.flag_words(), f"--workdir={workdir}"]
        return [python, "-m", self.experiment, *words]


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
