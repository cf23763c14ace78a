"""Many runs, wherever there is room for them."""

import collections
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from collections.abc import Sequence

from rich.console import Console

from keras_padpos.sweep.cluster import SweepCluster
from keras_padpos.sweep.folder import SweepFolder
from keras_padpos.sweep.process import diverted_output
from keras_padpos.sweep.process import last_words
from keras_padpos.sweep.progress import SweepTable
from keras_padpos.sweep.run import SweepEnd
from keras_padpos.sweep.run import SweepEntry
from keras_padpos.sweep.run import SweepOutcome
from keras_padpos.sweep.run import SweepRun

# How often the logs of runs under way are looked at, in seconds.
_LOOK = 0.5


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
    """Run what is not finished, on Ray, and show how far it is.

    Each run is a process of its own with a work directory in `out`. Runs with
    results.json there are finished and not started again. A run that is lost
    with its worker or node is started again, where there is room, and goes on
    from its checkpoints; for that, all nodes must have `out` as a shared
    folder under the same path, and the current folder too. A run that fails
    by itself is not started again; the others go on. Whoever calls this may
    be killed: Ray then ends the runs, and the same call goes on.

    An interrupt from the keyboard, or SIGTERM, interrupts the runs too, and
    waits for them.

    Example:
        ```python
        grid = runs.sweep_grid("experiments/grids/padding_modes.yaml")
        runs.check_sweep_flags(grid)
        outcome = runs.run_sweep(grid, "runs/padding_modes")
        ```

    Args:
        runs: The runs.
        out: The folder for work directories, logs and sweep.json.
        address: As for `SweepCluster`.
        cpus_per_run: As for `SweepCluster`.
        gpus_per_run: As for `SweepCluster`.
        limit_threads: As for `SweepCluster`.
        max_runs: How many runs may be under way at once; `None` for as many
            as have room.
        retries: How many times a lost run is started again.

    Returns:
        What became of the runs.

    Raises:
        InputError: If Ray is not installed or cannot be used, or `out` cannot
            be written or is in use by another sweep.
    """
    started = time.monotonic()
    folder = SweepFolder(out)
    folder.open()
    entries = folder.entries(runs)
    folder.save(entries)
    interrupted = False
    if not all(entry.before for entry in entries):
        cluster = SweepCluster(
            address,
            cpus_per_run=cpus_per_run,
            gpus_per_run=gpus_per_run,
            limit_threads=limit_threads,
        )
        words = (
            "The sweep has been ended from outside, or by Ray; "
            f"{folder.ray_log} may say why. The same command goes on."
        )
        with contextlib.ExitStack() as stack:
            stderr = stack.enter_context(diverted_output(folder.ray_log))
            stack.enter_context(last_words(words, stderr))
            stack.enter_context(cluster)
            table = SweepTable(entries, Console(file=stderr))
            sweep = _Sweep(folder, entries, cluster, table)
            with table, _termination_interrupts():
                interrupted = sweep.run(max_runs or len(entries), retries)
    return SweepOutcome(entries, time.monotonic() - started, interrupted)


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


class _Sweep:
    """Starts runs and follows them."""

    def __init__(self, folder, entries, cluster, table):
        self._folder = folder
        self._entries = entries
        self._cluster = cluster
        self._table = table
        self._unsaved = False

    def run(self, most: int, retries: int) -> bool:
        """Whether it was interrupted."""
        self._say_plan(most)
        try:
            self._run(most, retries)
        except KeyboardInterrupt:
            self._table.say("interrupted: the runs are being stopped")
            for entry, end in self._cluster.stop():
                self._ended(entry, end, retries)
            for entry in self._entries:
                if entry.state == "running":
                    entry.state = "waiting"
            return True
        finally:
            self._folder.save(self._entries)
        return False

    def _run(self, most: int, retries: int) -> None:
        waiting = collections.deque(
            entry for entry in self._entries if entry.state == "waiting"
        )
        under_way = 0
        while waiting or under_way:
            while waiting and under_way < most:
                self._start(waiting.popleft())
                under_way += 1
            for entry, end in self._cluster.wait(_LOOK):
                self._ended(entry, end, retries)
                under_way -= 1
                if entry.state == "waiting":
                    waiting.append(entry)
            self._look()
            if self._unsaved:
                self._folder.save(self._entries)
                self._unsaved = False

    def _say_plan(self, most: int) -> None:
        before = sum(entry.before for entry in self._entries)
        room = min(most, self._cluster.at_once)
        nodes = self._cluster.nodes
        self._table.say(
            f"{len(self._entries)} runs, {before} of them finished before; "
            f"{room} at once on {nodes} node{'s' if nodes > 1 else ''}"
        )

    def _start(self, entry: SweepEntry) -> None:
        entry.attempts += 1
        entry.log = entry.log.from_here()
        self._cluster.start(
            entry,
            entry.run,
            entry.workdir,
            str(entry.log.path),
            attempt=entry.attempts,
        )

    def _look(self) -> None:
        """See which runs have begun: each says so in its log."""
        for entry in self._entries:
            if entry.state != "waiting" or not entry.attempts:
                continue
            node = entry.log.node()
            if node is not None:
                entry.node, entry.started = node, time.monotonic()
                self._set(entry, "running")

    def _ended(self, entry: SweepEntry, end: SweepEnd, retries: int) -> None:
        entry.seconds = entry.elapsed if end.seconds is None else end.seconds
        entry.node = end.node or entry.node
        entry.fault = end.fault
        if end.finished:
            self._set(entry, "finished")
        elif end.stopped:
            entry.state = "waiting"
        elif end.lost and entry.attempts <= retries:
            where = f" ({entry.node})" if entry.node else ""
            entry.fault = (
                f"lost with its worker or node{where}; it goes on where there "
                f"is room, retry {entry.attempts} of {retries}"
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
        self._unsaved = True
        self._table.changed(entry)
