"""A run as a process, which ends when the process that started it does."""

import contextlib
import dataclasses
import datetime
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from keras_padpos.errors import error_words
from keras_padpos.sweep.grid import SweepRun

_BEGIN = re.compile(r"^\[sweep\] attempt \d+ on (\S+), ", re.MULTILINE)

# A line that `Progress` prints.
_UNIT = re.compile(r"\d+/\d+ ")

# Enough bytes for the first line of an attempt, and for the last of any.
_HEAD = 4_000
_TAIL = 16_000

# What `DirectoryLock` says of a directory that another process works in.
_IN_USE = "{!r} is in use by "

# Not `preexec_fn`, which may hang in a process with threads. Linux sends the
# signal whichever way the parent ends; the check is for a parent that ended
# before. Ray blocks interrupts, and children inherit that.
_LAUNCH = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        sys.exit(1)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.pthread_sigmask(signal.SIG_SETMASK, [])
os.execv(sys.argv[2], sys.argv[2:])
"""


class SweepLog:
    """The file that a run prints into, read from byte `start` on.

    Each attempt begins with a line that the sweep writes.
    """

    def __init__(self, path: str | os.PathLike, start: int = 0):
        self.path = Path(path)
        self.start = start

    def from_here(self) -> "SweepLog":
        """The same file, read only from its present end on."""
        try:
            return SweepLog(self.path, self.path.stat().st_size)
        except OSError:
            return SweepLog(self.path)

    def begin(self, attempt: int, node: str, command: Sequence[str]) -> None:
        """Write the line that begins an attempt; OSError if that fails."""
        now = datetime.datetime.now().isoformat(" ", "seconds")
        with open(self.path, "a", encoding="utf-8") as file:
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
        try:
            size = self.path.stat().st_size
        except OSError:
            return []
        text = self._read(max(self.start, size - _TAIL), _TAIL)
        # Of a line that a progress bar has redrawn, the last form.
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
class SweepEnd:
    """How an attempt at a run ended."""

    node: str | None = None
    seconds: float | None = None
    # Why the run is not finished; empty if it is.
    fault: str = ""
    # It ended with its worker or machine, through no fault of its own.
    lost: bool = False
    # The sweep itself ended it.
    stopped: bool = False

    @property
    def finished(self) -> bool:
        """Whether its results are there."""
        return not (self.fault or self.lost or self.stopped)


def sweep_task(
    run: SweepRun,
    workdir: str,
    log: str,
    *,
    attempt: int,
    node: str,
    cwd: str,
    environment: Mapping[str, str | None],
    patience: float = 60,
) -> SweepEnd:
    """Run a binary in a process of its own, unless its results.json is there.

    If another process works in the directory, which is how a run looks whose
    worker was lost a moment ago, it is tried again for `patience` seconds.
    Variables of the environment whose value is `None` are removed.
    """
    for folder in (cwd, Path(log).parent):
        if not os.path.isdir(folder):
            return SweepEnd(
                node,
                fault=f"{node} does not see {str(folder)!r}: the nodes of a "
                "sweep need a shared folder under the same path",
            )
    started = time.monotonic()
    finished = Path(workdir, "results.json").exists
    if finished():
        return SweepEnd(node, 0.0)
    command = run.command(workdir, sys.executable)
    pause = 1.0
    while True:
        attempt_log = SweepLog(log).from_here()
        try:
            attempt_log.begin(attempt, node, command)
            with open(log, "ab") as output:
                status = run_process(
                    command, output, cwd=cwd, env=_environment(environment)
                )
        except OSError as error:
            return SweepEnd(node, fault=f"{node}: {error_words(error)}")
        seconds = time.monotonic() - started
        if status == 0 and finished():
            return SweepEnd(node, seconds)
        fault = _status_text(status)
        in_use = _IN_USE.format(str(workdir))
        if status != 1 or not any(
            in_use in line for line in attempt_log.last_lines(5)
        ):
            return SweepEnd(node, seconds, fault=fault)
        if seconds + pause > patience:
            # The lock may be that of a machine that is gone.
            return SweepEnd(node, seconds, fault=fault, lost=True)
        time.sleep(pause)
        pause *= 2


def run_process(
    command: Sequence[str],
    output: BinaryIO,
    *,
    cwd: str | os.PathLike | None = None,
    env: Mapping[str, str] | None = None,
    stop_seconds: float = 10,
) -> int:
    """Run a command that does not outlive this process; its exit status.

    On Linux the command is killed when the calling thread ends, killed itself
    or not; elsewhere only when this function is left by an exception. It has
    a process group of its own, so an interrupt from the keyboard does not
    reach it; if an exception such as `KeyboardInterrupt` reaches this
    function, the group is interrupted, and killed after `stop_seconds`.
    Whatever the command has left running is killed too. A status below 0 is
    the negative number of the signal that killed it.
    """
    launch = [sys.executable, "-ISc", _LAUNCH, str(os.getpid())]
    process = subprocess.Popen(
        [*launch, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env,
        process_group=0,
    )
    try:
        while True:
            # Ray interrupts between two steps of Python, not a system call.
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=0.2)
    except BaseException:
        _signal(process, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=stop_seconds)
        raise
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**os.environ, **changes}
    return {
        name: value
        for name, value in merged.items()
        # A run does not need Ray's variables, a token to the cluster among
        # them.
        if value is not None and not name.startswith("RAY_")
    }


def _status_text(status: int) -> str:
    if status == 0:
        return "it ended without results.json"
    if status > 0:
        return f"exit status {status}"
    name = signal.Signals(-status).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"killed by {name}{hint}"
