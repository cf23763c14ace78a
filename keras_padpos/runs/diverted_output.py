"""What a library prints, kept in a file."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO


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
