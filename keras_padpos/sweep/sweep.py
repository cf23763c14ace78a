"""Start the runs of a sweep, follow them, and retry those that are lost."""

import collections
import contextlib
import dataclasses
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console

from keras_padpos.errors import printable
from keras_padpos.runs.streams import redirected
from keras_padpos.sweep.cluster import SweepCluster
from keras_padpos.sweep.folder import SweepFolder
from keras_padpos.sweep.grid import SweepRun
from keras_padpos.sweep.process import SweepEnd
from keras_padpos.sweep.progress import SweepTable

# How often the logs of runs under way are read, in seconds.
_POLL = 0.5

# A pipe that ends before anything was sent: so did the process at its end.
_WATCH = "import sys; sys.stdin.read() or sys.stderr.write(sys.argv[1])"


@dataclasses.dataclass(frozen=True)
class SweepOutcome:
    """The runs of a sweep after it.

    Args:
        runs: The runs, in their order, with `state` (`"finished"`,
            `"failed"` or `"waiting"`), `workdir`, `fault`, `seconds`.
        seconds: How long the sweep took.
        interrupted: Whether it was interrupted from the keyboard.
    """

    runs: Sequence[SweepRun]
    seconds: float
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status: 0 if all runs are finished, 130 if interrupted."""
        if self.interrupted:
            return 130
        return int(any(run.state != "finished" for run in self.runs))


def sweep_commands(
    runs: Sequence[SweepRun], out: str | os.PathLike
) -> list[list[str]]:
    """The command lines of the runs that are not finished.

    Example:
        >>> run = SweepRun("texture", {"seed": 1})
        >>> sweep_commands([run], "no/such/folder")[0][:5]
        ['python', '-m', 'keras_padpos', 'texture', '--seed=1']

    Args:
        runs: The runs.
        out: The folder of the sweep; it is read, and need not exist.

    Returns:
        The arguments of each command, in the order of the runs.

    Raises:
        InputError: If the folder cannot be read.
    """
    placed = SweepFolder(out).place(runs)
    return [run.command() for run in placed if not run.before]


def run_sweep(
    runs: Sequence[SweepRun],
    out: str | os.PathLike,
    *,
    address: str | None = None,
    cpus_per_run: float = 1,
    gpus_per_run: float | None = None,
    limit_threads: bool = False,
    max_runs: int | None = None,
    retries: int = 3,
) -> SweepOutcome:
    """Run what is not finished, on Ray, and show the progress.

    Each run is a process of its own with a work directory in `out`. A run
    that is lost with its worker or node is started again, where there is
    room, and goes on from its checkpoints; for that, all nodes must have
    `out` and the current folder as shared folders under the same path. A run
    that fails by itself is not started again; the others go on. An interrupt
    or SIGTERM interrupts the runs and waits for them. Whatever has ended the
    sweep, the same call goes on.

    Args:
        runs: The runs.
        out: The folder for work directories, logs and sweep.json.
        address: `HOST:PORT` of a Ray cluster of which this machine is a node,
            or `"auto"` to find it; `None` for Ray on this machine alone.
        cpus_per_run: Processors that Ray reserves for a run, at least 0.001.
            A run may use more threads.
        gpus_per_run: GPUs likewise, of which a run sees no others; `None` is
            1 if a node has any, else 0.
        limit_threads: Whether TensorFlow and OpenMP may use no more threads
            than `cpus_per_run`.
        max_runs: How many runs may be under way at once; `None` for as many
            as have room.
        retries: How many times a lost run is started again.

    Returns:
        The state of every run, and an exit status.

    Raises:
        MissingPackageError: If Ray is not installed.
        InputError: If Ray cannot be started or joined, no node has room for a
            run, `out` cannot be written, or another sweep uses it.
    """
    started = time.monotonic()
    folder = SweepFolder(out)
    folder.open()
    runs = folder.place(runs)
    folder.save(runs)
    if all(run.before for run in runs):
        return SweepOutcome(runs, time.monotonic() - started)
    cluster = SweepCluster(address, cpus_per_run, gpus_per_run, limit_threads)
    death = (
        "The sweep has been ended from outside, or by Ray; "
        f"{folder.ray_log} may say why. The same command goes on."
    )
    with (
        _diverted_output(folder.ray_log) as stderr,
        _last_line(death, stderr),
        cluster,
    ):
        most = max_runs or len(runs)
        table = SweepTable(runs, Console(file=stderr))
        with table, _termination_interrupts():
            sweep = _Sweep(folder, runs, cluster, table, most, retries)
            interrupted = sweep.run()
    return SweepOutcome(runs, time.monotonic() - started, interrupted)


def print_sweep(outcome: SweepOutcome, out: str | os.PathLike) -> None:
    """Print how many runs are finished, which failed, and what to do next.

    Args:
        outcome: What `run_sweep` returned.
        out: The folder of the sweep, as the command line has it.
    """
    by_state = {
        state: [run for run in outcome.runs if run.state == state]
        for state in ("finished", "failed", "waiting")
    }
    finished, failed, unfinished = by_state.values()
    before = sum(run.before for run in finished)
    print(
        f"{len(outcome.runs)} runs in {out}: {len(finished)} finished "
        f"({before} of them before), {len(failed)} failed, "
        + (f"{len(unfinished)} not finished, " if unfinished else "")
        + f"{outcome.seconds:.1f} s"
    )
    for run in failed:
        line = f"  failed: {run.label} ({run.fault}), {run.log.path}"
        print(printable(line))
    if unfinished:
        print("The same command goes on with those that are not finished.")
    elif failed:
        print("The same command tries those that failed again.")
    if finished:
        page = Path(out, "report.html")
        again = " --overwrite" if page.expanduser().exists() else ""
        print(
            f"Report: python -m keras_padpos report {shlex.quote(str(out))} "
            f"--out={shlex.quote(str(page))}{again}"
        )


@contextlib.contextmanager
def _diverted_output(path: str | os.PathLike) -> Iterator[TextIO]:
    """Append both output streams to a file; yields what was stderr before."""
    with (
        open(path, "ab") as file,
        os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as before,
        redirected({1: file.fileno(), 2: file.fileno()}),
    ):
        yield before


@contextlib.contextmanager
def _last_line(line: str, stream: TextIO) -> Iterator[None]:
    """Let another process print a line if this one ends within the block."""
    with subprocess.Popen(
        [sys.executable, "-ISc", _WATCH, f"{line}\n"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=stream,
        # An interrupt from the keyboard must not end it.
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            process.communicate(b"not needed")


@contextlib.contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Batch systems announce the end of a job by SIGTERM."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if is_main:
            # `None` if the handler is C++'s.
            signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@dataclasses.dataclass
class _Sweep:
    """Starts runs and follows them."""

    folder: SweepFolder
    runs: list[SweepRun]
    cluster: SweepCluster
    table: SweepTable
    most: int
    retries: int
    unsaved: bool = False

    def run(self) -> bool:
        """Whether it was interrupted."""
        before = sum(run.before for run in self.runs)
        nodes = self.cluster.nodes
        self.table.say(
            f"{len(self.runs)} runs, {before} of them finished before; "
            f"{min(self.most, self.cluster.at_once)} at once on {nodes} "
            f"node{'s' if nodes > 1 else ''}"
        )
        try:
            self._run()
        except KeyboardInterrupt:
            self.table.say("interrupted: the runs are being stopped")
            for run, end in self.cluster.stop():
                self._ended(run, end)
            for run in self.runs:
                if run.state == "running":
                    run.state = "waiting"
            return True
        finally:
            self.folder.save(self.runs)
        return False

    def _run(self) -> None:
        waiting = collections.deque(
            run for run in self.runs if run.state == "waiting"
        )
        under_way = 0
        while waiting or under_way:
            while waiting and under_way < self.most:
                run = waiting.popleft()
                run.attempts += 1
                run.log = run.log.from_here()
                self.cluster.start(run)
                under_way += 1
            for run, end in self.cluster.wait(_POLL):
                self._ended(run, end)
                under_way -= 1
                if run.state == "waiting":
                    waiting.append(run)
            for run in self.runs:
                # A run that has begun says so in its log.
                if run.state == "waiting" and run.attempts and run.log.node():
                    run.node, run.started = run.log.node(), time.monotonic()
                    self._set(run, "running")
            if self.unsaved:
                self.folder.save(self.runs)
                self.unsaved = False

    def _ended(self, run: SweepRun, end: SweepEnd) -> None:
        run.seconds = run.elapsed if end.seconds is None else end.seconds
        run.node = end.node or run.node
        run.fault = end.fault
        if end.state == "stopped":
            run.state = "waiting"
        elif end.state != "lost":
            self._set(run, end.state)
        elif run.attempts > self.retries:
            run.fault = f"lost {run.attempts} times: {end.fault}"
            self._set(run, "failed")
        else:
            where = f" ({run.node})" if run.node else ""
            run.fault = (
                f"lost with its worker or node{where}; it goes on where there "
                f"is room, retry {run.attempts} of {self.retries}"
            )
            # What it printed so far must not look like a new beginning.
            run.log = run.log.from_here()
            self._set(run, "waiting")

    def _set(self, run: SweepRun, state: str) -> None:
        run.state = state
        self.unsaved = True
        self.table.changed(run)
