"""What a run of a sweep has printed."""

import datetime
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

_BEGIN = re.compile(r"^\[sweep\] attempt \d+ on (\S+), ", re.MULTILINE)

# A line that `Progress` leaves.
_UNIT = re.compile(r"\d+/\d+ ")

# Enough for the first line of an attempt, and for the last of any.
_HEAD = 4_000
_TAIL = 16_000


class SweepLog:
    r"""The file that a run of a sweep prints into.

    It lies in the folder that all nodes share, so that whoever sweeps can see
    how far the run is, and what its last words were. Each attempt begins with
    a line of the sweep's own.

    Example:
        >>> import tempfile
        >>> log = SweepLog(tempfile.mkdtemp() + "/run.log")
        >>> log.begin(1, "host/1a2b3c", ["python", "-m", "experiments.count"])
        >>> log.node()
        'host/1a2b3c'
        >>> with open(log.path, "a") as file:
        ...     _ = file.write("1/2 zeros: 64 images, 3.2 s\n")
        >>> log.progress()
        '1/2 zeros: 64 images, 3.2 s'

    Args:
        path: The file; it need not be there.
        start: Where the part begins that is looked at, in bytes.
    """

    def __init__(self, path: str | os.PathLike, start: int = 0):
        self.path = Path(path)
        self.start = start

    def from_here(self) -> "SweepLog":
        """The same file, of which only what is still to come is looked at."""
        try:
            return SweepLog(self.path, self.path.stat().st_size)
        except OSError:
            return SweepLog(self.path)

    def begin(self, attempt: int, node: str, command: Sequence[str]) -> None:
        """Write the line that begins an attempt.

        Args:
            attempt: Its number, from 1 on.
            node: The machine that it runs on, without blanks.
            command: The words of the command.

        Raises:
            OSError: If it cannot be written.
        """
        now = datetime.datetime.now().isoformat(" ", "seconds")
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(
                f"[sweep] attempt {attempt} on {node}, {now}: "
                f"{shlex.join(command)}\n"
            )

    def node(self) -> str | None:
        """The machine of the first attempt; `None` if none has begun."""
        found = _BEGIN.search(self._read(self.start, _HEAD))
        return found and found[1]

    def progress(self) -> str:
        """The last unit of work that the run reports, else its last line."""
        lines = self.last_lines(20)
        units = [line for line in lines if _UNIT.match(line)]
        return (units or lines or [""])[-1]

    def last_lines(self, count: int) -> list[str]:
        """The last lines that the run has printed, blank ones left out.

        Args:
            count: How many at most.

        Returns:
            The lines, without what would move a terminal's cursor.
        """
        try:
            size = self.path.stat().st_size
        except OSError:
            return []
        text = self._read(max(self.start, size - _TAIL), _TAIL)
        # Of a line that was written over again, the last form.
        lines = [line.rpartition("\r")[2] for line in text.split("\n")]
        lines = ["".join(filter(str.isprintable, line)) for line in lines]
        lines = [
            line.rstrip()
            for line in lines
            if line.strip() and not _BEGIN.match(line)
        ]
        return lines[-count:]

    def _read(self, start: int, count: int) -> str:
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                return file.read(count).decode("utf-8", errors="replace")
        except OSError:
            return ""
