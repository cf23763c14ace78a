"""A command that ends when whoever started it does."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO
from typing import TextIO

from keras_padpos.errors import error_words
from keras_padpos.sweep.run import SweepEnd
from keras_padpos.sweep.run import SweepLog
from keras_padpos.sweep.run import SweepRun


@contextlib.contextmanager
def diverted_output(path: str | os.PathLike) -> Iterator[TextIO]:
    r"""Lead standard output and standard error to a file for a while.

    The descriptors themselves are led there, so nothing that C++ or another
    thread prints gets through.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "chatter.log")
        >>> with diverted_output(file) as stderr:
        ...     _ = os.write(1, b"Hello\n")
        >>> file.read_text()
        'Hello\n'

    Args:
        path: The file, which is appended to.

    Yields:
        A stream to what was standard error before.

    Raises:
        OSError: If the file cannot be written.
    """
    with contextlib.ExitStack() as undo:
        file = undo.enter_context(open(path, "ab"))
        _flush()
        kept = {number: os.dup(number) for number in (1, 2)}
        stream = undo.enter_context(
            os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace")
        )
        try:
            for number in kept:
                os.dup2(file.fileno(), number)
            yield stream
        finally:
            _flush()
            for number, descriptor in kept.items():
                os.dup2(descriptor, number)
                os.close(descriptor)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # None under pythonw and in some notebooks.
        if stream is not None:
            stream.flush()


# A pipe that ends before anything was sent: so did the process at its end.
_WATCH = "import sys; sys.stdin.read() or sys.stderr.write(sys.argv[1])"


@contextlib.contextmanager
def last_words(words: str, stream: TextIO) -> Iterator[None]:
    """Have a line printed if this process ends within the block.

    Neither a signal that kills it nor a library that ends it from C++ leaves
    Python a chance to say anything; another process does.

    Example:
        >>> with last_words("It is over.", sys.__stderr__):
        ...     pass

    Args:
        words: The line.
        stream: Where to print it, a real file.

    Yields:
        Nothing.
    """
    with subprocess.Popen(
        [sys.executable, "-ISc", _WATCH, f"{words}\n"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=stream,
        # An interrupt from the keyboard is not its affair.
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            process.communicate(b"not needed")


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


# What `DirectoryLock` says of a directory that another process works in.
_IN_USE = "{!r} is in use by "


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
    """Run a binary in a process of its own and say how it ended.

    Where results.json is there, nothing is run. Where another process works
    in the directory, which is how a run looks whose worker was lost a moment
    ago, it is tried again for a while.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> end = sweep_task(
        ...     SweepRun("no_such.module", {}),
        ...     f"{folder}/work",
        ...     f"{folder}/run.log",
        ...     attempt=1,
        ...     node="here",
        ...     cwd=folder,
        ...     environment={"KERAS_BACKEND": "tensorflow"},
        ... )
        >>> end.fault
        'exit status 1'

    Args:
        run: The run.
        workdir: Its work directory.
        log: The file that it prints into; its folder must be there.
        attempt: Number of the attempt, for the log.
        node: Name of this machine, for the log.
        cwd: Where it runs.
        environment: Variables to set, or with `None` to remove.
        patience: How long to wait for a directory that is in use, in seconds.

    Returns:
        How it ended.
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
        words = SweepLog(log).from_here()
        try:
            words.begin(attempt, node, command)
            with open(log, "ab") as output:
                status = sweep_process(
                    command, output, cwd=cwd, env=_environment(environment)
                )
        except OSError as error:
            return SweepEnd(node, fault=f"{node}: {error_words(error)}")
        seconds = time.monotonic() - started
        if status == 0 and finished():
            return SweepEnd(node, seconds)
        locked = _IN_USE.format(str(workdir))
        in_use = status == 1 and any(
            locked in line for line in words.last_lines(5)
        )
        if not in_use:
            return SweepEnd(node, seconds, fault=_status_words(status))
        if seconds + pause > patience:
            # Of a machine that is gone, whose lock outlives it.
            return SweepEnd(
                node, seconds, fault=_status_words(status), lost=True
            )
        time.sleep(pause)
        pause *= 2


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        # Of no concern to a run, and a token to the cluster among them.
        if not name.startswith("RAY_")
    }
    for name, value in changes.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = value
    return kept


def _status_words(status: int) -> str:
    if status == 0:
        return "it ended without results.json"
    if status > 0:
        return f"exit status {status}"
    name = signal.Signals(-status).name
    hint = ", as when memory runs out" if name == "SIGKILL" else ""
    return f"killed by {name}{hint}"
