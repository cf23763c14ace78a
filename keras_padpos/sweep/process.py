"""A run as a process, which ends when the process that started it does."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from keras_padpos.errors import error_text
from keras_padpos.sweep.grid import SweepRun

# What `PathLock` says of a directory that another process works in.
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


@dataclasses.dataclass(frozen=True)
class SweepEnd:
    """How an attempt at a run ended."""

    state: str
    node: str | None = None
    seconds: float | None = None
    fault: str = ""


def sweep_task(
    run: SweepRun,
    *,
    node: str,
    cwd: str,
    environment: Mapping[str, str | None],
    patience: float = 60,
) -> SweepEnd:
    """Run a binary in a process of its own, unless it has finished."""
    for folder in (cwd, run.log.path.parent):
        if not os.path.isdir(folder):
            fault = f"{node} does not see {str(folder)!r}: the nodes of a "
            fault += "sweep need a shared folder under the same path"
            return SweepEnd("failed", node, fault=fault)
    started = time.monotonic()
    finished = Path(run.workdir, "results.json").exists
    if finished():
        return SweepEnd("finished", node, 0.0)
    command = run.command(sys.executable)
    pause = 1.0
    while True:
        log = run.log.from_here()
        try:
            log.begin(run.attempts, node, command)
            with open(log.path, "ab") as output:
                status = run_process(
                    command, output, cwd=cwd, env=_environment(environment)
                )
        except OSError as error:
            fault = f"{node}: {error_text(error)}"
            return SweepEnd("failed", node, fault=fault)
        seconds = time.monotonic() - started
        if status == 0 and finished():
            return SweepEnd("finished", node, seconds)
        fault = _status_text(status)
        in_use = _IN_USE.format(run.workdir)
        if status != 1 or not any(in_use in text for text in log.last_lines(5)):
            return SweepEnd("failed", node, seconds, fault)
        if seconds + pause > patience:
            # The lock may be that of a machine that is gone.
            return SweepEnd("lost", node, seconds, fault)
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
    """Run a command that does not outlive this process; its exit status."""
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
    # A run does not need Ray's variables, a token to the cluster among them.
    return {
        name: value
        for name, value in {**os.environ, **changes}.items()
        if value is not None and not name.startswith("RAY_")
    }


def _status_text(status: int) -> str:
    if status >= 0:
        return (
            f"exit status {status}"
            if status
            else "it ended without results.json"
        )
    name = signal.Signals(-status).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"killed by {name}{hint}"
