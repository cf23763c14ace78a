"""Files that are there whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only once it is complete.

    The bytes go to a hidden file in the same directory, which takes the name
    when the block ends. If the block raises, or the disk is full, the hidden
    file is removed and what stood under the name stays as it was.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with atomic_file(path) as file:
        ...     _ = file.write(b"whole")
        >>> path.read_bytes()
        b'whole'

    Args:
        path: The file to write; its directory must exist.

    Yields:
        The hidden file, open for writing and reading bytes.

    Raises:
        OSError: If it cannot be written; it names the file.
    """
    path = Path(path)
    # Not tempfile.mkstemp: its files are readable by their owner only, and
    # results are there to be shared.
    hidden = path.with_name(
        f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    )
    try:
        with open(hidden, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            hidden.unlink()
        name_file(error, path, hidden)
        raise


def name_file(
    error: BaseException, path: str | os.PathLike, hidden: str | os.PathLike
) -> None:
    """Let an error of the operating system name the file it is about.

    What fails while a file is open, for want of room say, names none.

    Example:
        >>> import errno
        >>> error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        >>> name_file(error, "maps.png", ".maps.png.tmp")
        >>> str(error)
        "[Errno 28] No space left on device: 'maps.png'"

    Args:
        error: The error; it is left as it is if it is no `OSError`, or names
            another file.
        path: The file.
        hidden: What stands in for it while it is written.
    """
    if isinstance(error, OSError) and error.errno is not None:
        if error.filename in (None, os.fspath(hidden)):
            error.filename = os.fspath(path)
