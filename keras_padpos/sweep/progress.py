"""How far a sweep has come."""

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from keras_padpos.sweep.run import SweepEntry
from keras_padpos.sweep.run import SweepOutcome


def print_sweep(outcome: SweepOutcome, out: str | os.PathLike) -> None:
    """Print how many runs are finished, which are not, and what is next.

    Example:
        >>> print_sweep(SweepOutcome([], 0.1), "runs/study")
        0 runs in runs/study: 0 finished (0 of them before), 0 failed, 0.1 s

    Args:
        outcome: What came of the sweep.
        out: Its folder, as it was given.
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


_STATES = ("running", "waiting", "failed", "finished")

# Lines of a terminal that the table leaves to its heading and what is above.
_FRAME = 6

_WORDS = 8


class SweepTable:
    """Show how far a sweep has come; use as a context.

    On a terminal there is a live table of the runs, those under way first.
    There and elsewhere a run that has ended leaves a line; elsewhere one that
    starts does too. A run that failed leaves its last words.

    Example:
        >>> with SweepTable([], Console()) as table:
        ...     table.say("0 runs")
        0 runs

    Args:
        entries: All runs.
        console: Where to show them.
    """

    def __init__(self, entries: Sequence[SweepEntry], console: Console):
        self._entries = entries
        self._console = console
        self._live = None

    def __enter__(self) -> "SweepTable":
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._table,
                transient=True,
                # `print` elsewhere is led to a file meanwhile.
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        return self

    def __exit__(self, *error) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """Print a line, above the table if there is one.

        Args:
            text: The line.
        """
        self._console.print(Text(text), soft_wrap=True)

    def changed(self, entry: SweepEntry) -> None:
        """Tell of a run whose state is another now.

        Args:
            entry: The run.
        """
        name = entry.log.path.stem
        if entry.state == "running":
            if self._live is None:
                self.say(f"{name}: running on {entry.node}")
            return
        if entry.state == "waiting":
            self.say(f"{name}: {entry.fault}")
            return
        ended = sum(e.state in ("finished", "failed") for e in self._entries)
        number = f"{ended}/{len(self._entries)} "
        taken = "" if entry.seconds is None else f", {entry.seconds:.1f} s"
        where = f" on {entry.node}" if entry.node else ""
        if entry.state == "finished":
            self.say(f"{number}{name}: finished{taken}{where}")
            return
        self.say(f"{number}{name}: failed, {entry.fault}{taken}{where}")
        for line in entry.log.last_lines(_WORDS):
            self.say(f"    {line}")
        if entry.log.path.exists():
            self.say(f"    (its log: {entry.log.path})")

    def _table(self) -> Group:
        counts = Counter(entry.state for entry in self._entries)
        heading = ", ".join(f"{counts[s]} {s}" for s in _STATES if counts[s])
        table = Table(box=box.SIMPLE_HEAD, expand=True)
        table.add_column("run", ratio=2, overflow="fold")
        for name in ("state", "node"):
            table.add_column(name, no_wrap=True)
        table.add_column("elapsed", justify="right", no_wrap=True)
        table.add_column("progress", ratio=1, no_wrap=True)
        for entry in self._shown():
            under_way = entry.state == "running"
            table.add_row(
                Text(entry.run.label),
                Text(entry.state),
                Text(entry.node or ""),
                Text(_clock(entry.elapsed)),
                Text(entry.log.progress() if under_way else entry.fault),
            )
        return Group(Text(heading), table)

    def _shown(self) -> list[SweepEntry]:
        """As many as fit; those that ended last come last."""
        room = max(1, self._console.height - _FRAME)
        order = sorted(
            self._entries, key=lambda entry: _STATES.index(entry.state)
        )
        return order[:room]


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    )
