"""How far a run has come."""

import contextlib
import time
from collections.abc import Callable
from collections.abc import Iterator

from rich import progress as rich_progress
from rich.console import Console
from rich.text import Text

from keras_padpos.errors import printable


class Progress:
    """Show on standard error how far a run has come.

    On a terminal the unit of work under way has a bar. Every finished unit
    leaves one line, on a terminal and elsewhere, so that a log file stays
    short.

    Example:
        >>> with Progress(units=2) as progress:
        ...     progress.done_before("zeros")
        ...     with progress.unit("reflect", total=64) as advance:
        ...         for batch in range(2):
        ...             advance(32)

    Args:
        units: Number of units of work, finished ones included; `None` if
            unknown.
        console: Where to print; standard error if not given.
    """

    def __init__(
        self, units: int | None = None, console: Console | None = None
    ):
        self.units = units
        self.finished = 0
        self._console = console or Console(stderr=True)
        self._bars = rich_progress.Progress(
            rich_progress.TextColumn("{task.description}", markup=False),
            rich_progress.BarColumn(),
            rich_progress.MofNCompleteColumn(),
            rich_progress.TextColumn("{task.fields[noun]}", markup=False),
            rich_progress.TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> "Progress":
        self._bars.start()
        return self

    def __exit__(self, *error) -> None:
        self._bars.stop()

    @contextlib.contextmanager
    def unit(
        self, description: str, total: int | None = None, noun: str = "images"
    ) -> Iterator[Callable[..., None]]:
        """Show one unit of work, `total` of `noun`, while the block runs.

        Yields:
            `advance(count=1)`, to call when `count` more are done.
        """
        started, done = time.perf_counter(), 0
        description = printable(description)
        task = self._bars.add_task(description, total=total, noun=noun)

        def advance(count: int = 1) -> None:
            nonlocal done
            done += count
            self._bars.advance(task, count)

        try:
            yield advance
        finally:
            self._bars.remove_task(task)
            self._bars.refresh()
        # Reached only by a block that did not raise.
        seconds = time.perf_counter() - started
        if done == 1:
            noun = noun.removesuffix("es" if noun.endswith("ses") else "s")
        counted = f"{done} {noun}, " if done else ""
        self._line(f"{description}: {counted}{seconds:.1f} s")

    def done_before(self, description: str) -> None:
        """Count a unit that an earlier run finished."""
        self._line(f"{description}: done before")

    def _line(self, text: str) -> None:
        self.finished += 1
        if self.units is not None:
            text = f"{self.finished}/{self.units} {text}"
        self._console.print(Text(printable(text)), soft_wrap=True)
