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

from keras_padpos.sweep.cluster import SweepCluster
from keras_padpos.sweep.folder import SweepEntry
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

    Example:
        >>> SweepOutcome([], 0.1).status
        0

    Args:
        entries: The runs, in their order, with `state` (`"finished"`,
            `"failed"` or `"waiting"`), `workdir`, `fault`, `seconds`.
        seconds: How long the sweep took.
        interrupted: Whether it was interrupted from the keyboard.
    """

    entries: Sequence[SweepEntry]
    seconds: float
    interrupted: bool = False

    @property
    def status(self) -> int:
        """The exit status: 0 if all runs are finished, 130 if interrupted."""
        if self.interrupted:
            return 130
        return int(any(entry.state != "finished" for entry in self.entries))


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

    Each run is a process of its own with a work directory in `out`. Runs with
    results.json there are finished and not started again. A run that is lost
    with its worker or node is started again, where there is room, and goes on
    from its checkpoints; for that, all nodes must have `out` as a shared
    folder under the same path, and the current folder too. A run that fails
    by itself is not started again; the others go on. If the calling process
    is killed, Ray ends the runs, and the same call goes on.

    An interrupt from the keyboard, or SIGTERM, interrupts the runs too, and
    waits for them.

    Example:
        ```python
        grid = sweep.sweep_grid("experiments/grids/padding_modes.yaml")
        outcome = sweep.run_sweep(grid, "runs/padding_modes")
        ```

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
    entries = folder.entries(runs)
    folder.save(entries)
    interrupted = False
    if not all(entry.before for entry in entries):
        cluster = SweepCluster(
            address, cpus_per_run, gpus_per_run, limit_threads
        )
        with contextlib.ExitStack() as stack:
            stderr = stack.enter_context(_diverted_output(folder.ray_log))
            stack.enter_context(
                _last_line(
                    "The sweep has been ended from outside, or by Ray; "
                    f"{folder.ray_log} may say why. The same command goes on.",
                    stderr,
                )
            )
            stack.enter_context(cluster)
            table = SweepTable(entries, Console(file=stderr))
            most = max_runs or len(entries)
            sweep = _Sweep(folder, entries, cluster, table, most, retries)
            with table, _termination_interrupts():
                interrupted = sweep.run()
    return SweepOutcome(entries, time.monotonic() - started, interrupted)


def print_sweep(outcome: SweepOutcome, out: str | os.PathLike) -> None:
    """Print how many runs are finished, which failed, and what to do next.

    Example:
        >>> print_sweep(SweepOutcome([], 0.1), "runs/study")
        0 runs in runs/study: 0 finished (0 of them before), 0 failed, 0.1 s

    Args:
        outcome: What `run_sweep` returned.
        out: The folder of the sweep, as the command line has it.
    """
    entries = outcome.entries
    finished = [entry for entry in entries if entry.state == "finished"]
    failed = [entry for entry in entries if entry.state == "failed"]
    before = sum(entry.before for entry in finished)
    unfinished = len(entries) - len(finished) - len(failed)
    print(
        f"{len(entries)} runs in {out}: {len(finished)} finished ({before} of "
        f"them before), {len(failed)} failed, "
        + (f"{unfinished} not finished, " if unfinished else "")
        + f"{outcome.seconds:.1f} s"
    )
    for entry in failed:
        print(f"  failed: {entry.run.label} ({entry.fault}), {entry.log.path}")
    if unfinished:
        print("The same command goes on with those that are not finished.")
    elif failed:
        print("The same command tries those that failed again.")
    if finished:
        folder = shlex.quote(str(out))
        page = Path(out, "report.html")
        again = " --overwrite" if page.expanduser().exists() else ""
        print(
            f"Report: python -m tools.report {folder} "
            f"--out={shlex.quote(str(page))}{again}"
        )


@contextlib.contextmanager
def _diverted_output(path: str | os.PathLike) -> Iterator[TextIO]:
    """Append both output streams to a file; yields what was stderr before.

    The descriptors are redirected, so this includes what C++ prints.
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
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        # `None` if the handler is C++'s.
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@dataclasses.dataclass
class _Sweep:
    """Starts runs and follows them."""

    folder: SweepFolder
    entries: list[SweepEntry]
    cluster: SweepCluster
    table: SweepTable
    most: int
    retries: int
    unsaved: bool = False

    def run(self) -> bool:
        """Whether it was interrupted."""
        before = sum(entry.before for entry in self.entries)
        nodes = self.cluster.nodes
        self.table.say(
            f"{len(self.entries)} runs, {before} of them finished before; "
            f"{min(self.most, self.cluster.at_once)} at once on {nodes} "
            f"node{'s' if nodes > 1 else ''}"
        )
        try:
            self._run()
        except KeyboardInterrupt:
            self.table.say("interrupted: the runs are being stopped")
            for entry, end in self.cluster.stop():
                self._ended(entry, end)
            for entry in self.entries:
                if entry.state == "running":
                    entry.state = "waiting"
            return True
        finally:
            self.folder.save(self.entries)
        return False

    def _run(self) -> None:
        waiting = collections.deque(
            entry for entry in self.entries if entry.state == "waiting"
        )
        under_way = 0
        while waiting or under_way:
            while waiting and under_way < self.most:
                self._start(waiting.popleft())
                under_way += 1
            for entry, end in self.cluster.wait(_POLL):
                self._ended(entry, end)
                under_way -= 1
                if entry.state == "waiting":
                    waiting.append(entry)
            self._see_started()
            if self.unsaved:
                self.folder.save(self.entries)
                self.unsaved = False

    def _start(self, entry: SweepEntry) -> None:
        entry.attempts += 1
        entry.log = entry.log.from_here()
        log = str(entry.log.path)
        self.cluster.start(
            entry, entry.run, entry.workdir, log, attempt=entry.attempts
        )

    def _see_started(self) -> None:
        """Find the runs that have begun: each says so in its log."""
        for entry in self.entries:
            if entry.state == "waiting" and entry.attempts:
                node = entry.log.node()
                if node is not None:
                    entry.node, entry.started = node, time.monotonic()
                    self._set(entry, "running")

    def _ended(self, entry: SweepEntry, end: SweepEnd) -> None:
        entry.seconds = entry.elapsed if end.seconds is None else end.seconds
        entry.node = end.node or entry.node
        entry.fault = end.fault
        if end.finished:
            self._set(entry, "finished")
        elif end.stopped:
            entry.state = "waiting"
        elif end.lost and entry.attempts <= self.retries:
            where = f" ({entry.node})" if entry.node else ""
            entry.fault = (
                f"lost with its worker or node{where}; it goes on where there "
                f"is room, retry {entry.attempts} of {self.retries}"
            )
            # What it printed so far must not look like a new beginning.
            entry.log = entry.log.from_here()
            self._set(entry, "waiting")
        else:
            if end.lost:
                entry.fault = f"lost {entry.attempts} times: {end.fault}"
            self._set(entry, "failed")

    def _set(self, entry: SweepEntry, state: str) -> None:
        entry.state = state
        self.unsaved = True
        self.table.changed(entry)
