"""The progress of a sweep."""

import datetime
from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from keras_padpos.sweep.folder import SweepEntry

_STATES = ("running", "waiting", "failed", "finished")

# Lines of a terminal that the table leaves to its heading and what is above.
_FRAME = 6

# Of the log of a run that failed.
_LAST_LINES = 8


class SweepTable:
    """Shows the progress of a sweep; use as a context.

    On a terminal there is a live table of the runs, those under way first.
    There and elsewhere a run that has ended leaves a line, and if it failed
    the last lines of its log; elsewhere one that starts leaves a line too.
    """

    def __init__(self, entries: Sequence[SweepEntry], console: Console):
        self._entries = entries
        self._console = console
        self._live: Live | None = None

    def __enter__(self) -> "SweepTable":
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                get_renderable=self._table,
                transient=True,
                # The sweep sends both to a file meanwhile.
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
        """Print a line, above the table if there is one."""
        self._console.print(Text(text), soft_wrap=True)

    def changed(self, entry: SweepEntry) -> None:
        """Report a run whose state has changed."""
        name = entry.log.path.stem
        if entry.state == "running":
            if self._live is None:
                self.say(f"{name}: running on {entry.node}")
            return
        if entry.state == "waiting":
            self.say(f"{name}: {entry.fault}")
            return
        ended = sum(e.state in ("finished", "failed") for e in self._entries)
        name = f"{ended}/{len(self._entries)} {name}"
        details = "" if entry.seconds is None else f", {entry.seconds:.1f} s"
        details += f" on {entry.node}" if entry.node else ""
        if entry.state == "finished":
            self.say(f"{name}: finished{details}")
            return
        self.say(f"{name}: failed, {entry.fault}{details}")
        for line in entry.log.last_lines(_LAST_LINES):
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
            running, seconds = entry.state == "running", entry.elapsed
            clock = datetime.timedelta(seconds=int(seconds or 0))
            table.add_row(
                Text(entry.run.label),
                Text(entry.state),
                Text(entry.node or ""),
                Text("" if seconds is None else str(clock)),
                Text(entry.log.progress() if running else entry.fault),
            )
        return Group(Text(heading), table)

    def _shown(self) -> list[SweepEntry]:
        """As many as fit, in the order of `_STATES`."""
        room = max(1, self._console.height - _FRAME)
        by_state = sorted(
            self._entries, key=lambda entry: _STATES.index(entry.state)
        )
        return by_state[:room]
