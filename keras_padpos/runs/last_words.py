"""What is said of a process that ends without a word."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import TextIO

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
