"""The folder of a sweep: work directories, logs and sweep.json."""

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import error_words
from keras_padpos.files.disk import atomic_file
from keras_padpos.runs.directory_lock import DirectoryLock
from keras_padpos.sweep.grid import SweepRun
from keras_padpos.sweep.process import SweepLog

_SWEEP = "sweep.json"
_RESULTS = "results.json"


@dataclasses.dataclass
class SweepEntry:
    """A run of a sweep, its work directory, and its state."""

    run: SweepRun
    workdir: str
    # Read from the attempt under way on.
    log: SweepLog
    # "waiting", "running", "finished" or "failed".
    state: str = "waiting"
    # Finished before this sweep began.
    before: bool = False
    attempts: int = 0
    # The machine of the last attempt, the seconds it took, why it failed.
    node: str | None = None
    seconds: float | None = None
    fault: str = ""
    # When the attempt under way began, in seconds of `time.monotonic`.
    started: float | None = None

    @property
    def elapsed(self) -> float | None:
        """Seconds that it took, or takes so far."""
        if self.state == "running" and self.started is not None:
            return time.monotonic() - self.started
        return self.seconds

    def as_dict(self) -> dict[str, Any]:
        """Its entry in sweep.json."""
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


def sweep_commands(
    runs: Sequence[SweepRun], out: str | os.PathLike
) -> list[list[str]]:
    """The command lines of the runs that are not finished.

    Example:
        >>> run = SweepRun("experiments.count", {"seed": 1})
        >>> sweep_commands([run], "no/such/folder")[0][:4]
        ['python', '-m', 'experiments.count', '--seed=1']

    Args:
        runs: The runs.
        out: The folder of the sweep; it is read, and need not exist.

    Returns:
        The arguments of each command, in the order of the runs.

    Raises:
        InputError: If the folder cannot be read.
    """
    return [
        entry.run.command(entry.workdir)
        for entry in SweepFolder(out).entries(runs)
        if not entry.before
    ]


class SweepFolder:
    """The folder of a sweep; it need not exist.

    ```
    sweep.json        the runs: flags, state, seconds, node
    NAME-DIGEST/      a run's work directory
    logs/             the output of each run, and of Ray
    ```

    The digest of a run's flags finds its directory. So the runs that a grid
    had before it grew or was reordered stay finished.
    """

    def __init__(self, path: str | os.PathLike):
        # The nodes of a cluster have other current folders.
        self.path = Path(path).expanduser().absolute()
        self.ray_log = self.path / "logs" / "ray.log"
        self._lock: DirectoryLock | None = None

    def entries(self, runs: Sequence[SweepRun]) -> list[SweepEntry]:
        """An entry for each run; those with results.json are finished."""
        try:
            present = os.listdir(self.path) if self.path.exists() else []
        except OSError as error:
            raise InputError(
                f"Cannot read --out={self.path}: {error_words(error)}."
            ) from error
        by_digest: dict[str, list[str]] = {}
        for name in sorted(present):
            if (self.path / name).is_dir():
                by_digest.setdefault(name.rpartition("-")[2], []).append(name)
        saved = self._saved()
        entries = []
        for run in runs:
            # A folder may hold copies of a work directory: prefer the run's
            # own name, then one that is finished.
            names = by_digest.get(run.digest, [run.name])
            finished = [n for n in names if (self.path / n / _RESULTS).exists()]
            name = run.name if run.name in names else (finished or names)[0]
            workdir = self.path / name
            log = SweepLog(self.path / "logs" / f"{name}.log")
            entry = SweepEntry(run, str(workdir), log)
            if (workdir / _RESULTS).exists():
                entry.state, entry.before = "finished", True
                record = saved.get(str(workdir), {})
                entry.attempts = record.get("attempts", 0)
                entry.node = record.get("node")
                entry.seconds = record.get("seconds")
            entries.append(entry)
        return entries

    def open(self) -> None:
        """Make the folder, and keep other sweeps out while this object lives.

        Raises:
            InputError: If it cannot be written, or another sweep uses it.
        """
        try:
            (self.path / "logs").mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock.take(self.path)
        except InputError as error:
            holder = str(error).partition(". Wait")[0]
            raise InputError(
                f"{holder}: another sweep. Wait until it has ended, or choose "
                "another --out."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def save(self, entries: Sequence[SweepEntry]) -> None:
        """Write sweep.json; InputError if that fails."""
        content = {"runs": [entry.as_dict() for entry in entries]}
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        try:
            with atomic_file(self.path / _SWEEP) as file:
                file.write(text.encode())
        except OSError as error:
            raise self._unwritable(error) from error

    def _saved(self) -> dict[str, dict[str, Any]]:
        try:
            text = (self.path / _SWEEP).read_text(encoding="utf-8")
            return {run["workdir"]: run for run in json.loads(text)["runs"]}
        except (OSError, ValueError, KeyError, TypeError):
            # The work directories say which runs are finished.
            return {}

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(
            f"Cannot write --out={self.path}: {error_words(error)}. The files "
            "in it are kept; the same command goes on."
        )
