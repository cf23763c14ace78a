"""The standard streams of a binary."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from collections.abc import Mapping

OUTPUT = "standard output"
"""What errors of the standard output name."""


@contextlib.contextmanager
def redirected(targets: Mapping[int, int]) -> Iterator[None]:
    """Let file descriptors lead to others, for what C++ prints too."""
    flush_streams()
    saved = {number: os.dup(number) for number in targets}
    try:
        for number, target in targets.items():
            os.dup2(target, number)
        yield
    finally:
        flush_streams()
        for number, descriptor in saved.items():
            os.dup2(descriptor, number)
            os.close(descriptor)


def flush_streams() -> None:
    """Write out what Python holds back."""
    for stream in (sys.stdout, sys.stderr):
        # None under pythonw and in some notebooks.
        if stream is not None:
            stream.flush()


def mend_streams() -> None:
    """Have all three streams, and let them print any name."""
    # Else the next file that is opened would get what C++ prints.
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper) and "write" not in vars(stream):
        for name in ("write", "flush"):
            # Decorated, as there is no other way to tell its errors later.
            setattr(stream, name, _naming_output()(getattr(stream, name)))


@contextlib.contextmanager
def _naming_output() -> Iterator[None]:
    """Let errors of the standard output name it."""
    try:
        yield
    except OSError as error:
        error.filename = OUTPUT
        raise


def end_output() -> None:
    """Write what is left in a broken standard output's buffer nowhere.

    At the end of the process it would fail again.
    """
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        sys.stdout.flush()
