"""A command that ends when whoever started it does."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from typing import BinaryIO

# Not `preexec_fn`, which may hang in a process with threads. Linux sends the
# signal whichever way the parent ends; the check is for one that was gone
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


def sweep_process(
    command: Sequence[str],
    output: BinaryIO,
    *,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    stop_seconds: float = 10,
) -> int:
    """Run a command, and let it not outlive this process.

    On Linux the command is killed when the calling thread ends, killed itself
    or not; elsewhere only when this function is left by an exception. It has
    a process group of its own, so an interrupt from the keyboard does not
    reach it; if an exception such as `KeyboardInterrupt` reaches this
    function, the group is interrupted, and killed if that does not end it.
    Whatever the command has left running is killed too.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryFile() as file:
        ...     status = sweep_process([sys.executable, "-c", "exit(3)"], file)
        >>> status
        3

    Args:
        command: Its words; the first is the path of the program.
        output: Where standard output and standard error go, a real file.
        cwd: Where it runs; the current directory if not given.
        env: Its environment; that of this process if not given.
        stop_seconds: Time to end after an interrupt.

    Returns:
        The exit status; the negative number of the signal that killed it.
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
