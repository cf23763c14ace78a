"""The folder of a sweep: work directories, logs and sweep.json."""

import dataclasses
import datetime
import json
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.files.disk import atomic_file
from keras_padpos.files.disk import json_bytes
from keras_padpos.path_lock import PathLock

if TYPE_CHECKING:
    from keras_padpos.sweep.grid import SweepRun

_RESULTS = "results.json"
_SAVED = ("state", "attempts", "node", "seconds", "fault")
_BEGIN = re.compile(r"^\[sweep\] attempt \d+ on (\S+), ", re.MULTILINE)
_UNIT = re.compile(r"\d+/\d+ ")  # a line that `Progress` prints
# Enough bytes for the first line of an attempt, and for the last of any.
_HEAD, _TAIL = 4_000, 16_000


@dataclasses.dataclass(frozen=True)
class SweepLog:
    """The file that a run prints into, read from byte `start` on."""

    path: Path
    start: int = 0

    def from_here(self) -> "SweepLog":
        """The same file, read only from its present end on."""
        try:
            return SweepLog(self.path, self.path.stat().st_size)
        except OSError:
            return SweepLog(self.path)

    def begin(self, attempt: int, node: str, command: Sequence[str]) -> None:
        """Write the line that begins an attempt; OSError if that fails."""
        now = datetime.datetime.now().isoformat(" ", "seconds")
        with open(
            self.path, "a", encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(
                f"[sweep] attempt {attempt} on {node}, {now}: "
                f"{shlex.join(command)}\n"
            )

    def node(self) -> str | None:
        """The machine of the first attempt; `None` if none has begun."""
        begin = _BEGIN.search(self._read(self.start, _HEAD))
        return begin and begin[1]

    def progress(self) -> str:
        """The last unit of work that the run reports, else its last line."""
        lines = self.last_lines(20)
        units = [line for line in lines if _UNIT.match(line)]
        return (units or lines or [""])[-1]

    def last_lines(self, count: int) -> list[str]:
        """At most `count` last lines, without blank and control characters."""
        end = self.from_here().start
        text = self._read(max(self.start, end - _TAIL), _TAIL)
        # Of a line that a progress bar has redrawn, the last form.
        lines = [line.rpartition("\r")[2] for line in text.split("\n")]
        lines = ["".join(filter(str.isprintable, line)) for line in lines]
        return [
            line.rstrip()
            for line in lines
            if line.strip() and not _BEGIN.match(line)
        ][-count:]

    def _read(self, start: int, count: int) -> str:
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                return file.read(count).decode("utf-8", errors="replace")
        except OSError:
            return ""


class SweepFolder:
    """The folder of a sweep; it need not exist."""

    def __init__(self, path: str | os.PathLike):
        # The nodes of a cluster have other current folders.
        self.path = Path(path).expanduser().absolute()
        self.ray_log = self.path / "logs" / "ray.log"
        self._lock: PathLock | None = None

    def place(self, runs: Sequence["SweepRun"]) -> list["SweepRun"]:
        """The runs with their directories; those with results are finished."""
        try:
            names = os.listdir(self.path) if self.path.exists() else []
        except OSError as error:
            raise InputError(
                f"Cannot read --out={self.path}: {error_text(error)}."
            ) from error
        by_digest: dict[str, list[str]] = {}
        for name in sorted(names):
            if (self.path / name).is_dir():
                by_digest.setdefault(name.rpartition("-")[2], []).append(name)
        saved = self._saved()
        placed = []
        for run in runs:
            # A folder may hold copies of a work directory: prefer the run's
            # own name, then one that is finished.
            names = by_digest.get(run.digest, [run.name])
            finished = [n for n in names if (self.path / n / _RESULTS).exists()]
            name = run.name if run.name in names else (finished or names)[0]
            run = dataclasses.replace(
                run,
                workdir=str(self.path / name),
                log=SweepLog(self.path / "logs" / f"{name}.log"),
            )
            if name in finished:
                run.state, run.before = "finished", True
                record = saved.get(run.workdir, {})
                run.attempts = record.get("attempts", 0)
                run.node = record.get("node")
                run.seconds = record.get("seconds")
            placed.append(run)
        return placed

    def open(self) -> None:
        """Make the folder, and keep other sweeps out."""
        try:
            (self.path / "logs").mkdir(parents=True, exist_ok=True)
            self._lock = PathLock.take(self.path, "--out")
        except OSError as error:
            raise self._unwritable(error) from error

    def save(self, runs: Sequence["SweepRun"]) -> None:
        """Write sweep.json; InputError if that fails."""
        content = [
            {
                "workdir": run.workdir,
                "log": str(run.log.path),
                "experiment": run.experiment,
                "flags": dict(run.flags),
                **{name: getattr(run, name) for name in _SAVED},
            }
            for run in runs
        ]
        text = json_bytes({"runs": content})
        try:
            with atomic_file(self.path / "sweep.json") as file:
                file.write(text)
        except OSError as error:
            raise self._unwritable(error) from error

    def _saved(self) -> dict[str, dict[str, Any]]:
        try:
            text = (self.path / "sweep.json").read_text(encoding="utf-8")
            return {run["workdir"]: run for run in json.loads(text)["runs"]}
        except (OSError, ValueError, KeyError, TypeError):
            # The work directories say which runs are finished.
            return {}

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(
            f"Cannot write --out={self.path}: {error_text(error)}. The files "
            "in it are kept; the same command goes on."
        )
