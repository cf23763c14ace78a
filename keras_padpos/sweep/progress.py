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

from keras_padpos.sweep.grid import SweepRun

_STATES = ("running", "waiting", "failed", "finished")

# Lines of a terminal that the table leaves to its heading and what is above.
_FRAME = 6

# Of the log of a run that failed.
_LAST_LINES = 8


class SweepTable(Live):
    """Shows the progress of a sweep; use as a context."""

    def __init__(self, runs: Sequence[SweepRun], console: Console):
        self._runs = runs
        super().__init__(
            console=console,
            auto_refresh=console.is_terminal,
            get_renderable=self._table,
            transient=True,
            # The sweep sends both to a file meanwhile.
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def say(self, text: str) -> None:
        """Print a line, above the table if there is one."""
        self.console.print(Text(text), soft_wrap=True)

    def changed(self, run: SweepRun) -> None:
        """Report a run whose state has changed."""
        name = run.log.path.stem
        if run.state == "running":
            if not self.console.is_terminal:
                self.say(f"{name}: running on {run.node}")
            return
        if run.state == "waiting":
            self.say(f"{name}: {run.fault}")
            return
        ended = sum(r.state in ("finished", "failed") for r in self._runs)
        text = f"{ended}/{len(self._runs)} {name}: {run.state}"
        text += f", {run.fault}" if run.fault else ""
        text += "" if run.seconds is None else f", {run.seconds:.1f} s"
        self.say(text + (f" on {run.node}" if run.node else ""))
        if run.state == "failed":
            for line in run.log.last_lines(_LAST_LINES):
                self.say(f"    {line}")
            if run.log.path.exists():
                self.say(f"    (its log: {run.log.path})")

    def _table(self) -> Group:
        counts = Counter(run.state for run in self._runs)
        heading = ", ".join(f"{counts[s]} {s}" for s in _STATES if counts[s])
        table = Table(box=box.SIMPLE_HEAD, expand=True)
        table.add_column("run", ratio=2, overflow="fold")
        for name in ("state", "node"):
            table.add_column(name, no_wrap=True)
        table.add_column("elapsed", justify="right", no_wrap=True)
        table.add_column("progress", ratio=1, no_wrap=True)
        # As many as fit, in the order of `_STATES`.
        room = max(1, self.console.height - _FRAME)
        order = sorted(self._runs, key=lambda run: _STATES.index(run.state))
        for run in order[:room]:
            running, seconds = run.state == "running", run.elapsed
            clock = datetime.timedelta(seconds=int(seconds or 0))
            table.add_row(
                Text(run.label),
                Text(run.state),
                Text(run.node or ""),
                Text("" if seconds is None else str(clock)),
                Text(run.log.progress() if running else run.fault),
            )
        return Group(Text(heading), table)
