"""Files and folders that are there whole or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from keras_padpos.runs.atomic_file import name_file


@contextlib.contextmanager
def atomic_path(
    path: str | os.PathLike, *, replace_folder: bool = False
) -> Iterator[Path]:
    """Lend a name to write under, which becomes `path` once all is written.

    For what `atomic_file` cannot serve: folders, and files written by somebody
    who wants a name with the right ending. What is written goes to a hidden
    name in the same directory. If the block raises, it is removed and what
    stood under `path` stays as it was.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "saved"
        >>> with atomic_path(path) as hidden:
        ...     hidden.mkdir()
        ...     _ = (hidden / "note.txt").write_text("whole")
        >>> [file.name for file in path.iterdir()]
        ['note.txt']

    Args:
        path: The file or folder to make; its directory must exist. A file
            under this name is replaced by a file, and an empty folder by a
            folder.
        replace_folder: Whether a folder with something in it is replaced too.

    Yields:
        The hidden name, with the ending of `path`. Nothing is there yet.

    Raises:
        OSError: If it cannot be written, or if something stands under
            `path` that is not to be replaced; it names a file.
    """
    path = Path(path)
    hidden = path.with_name(
        f".{os.getpid()}-{secrets.token_hex(4)}.tmp.{path.name}"
    )
    try:
        yield hidden
        _flush_to_disk(hidden)
        if hidden.is_dir() and path.is_dir():
            _replace_folder(hidden, path, replace_folder)
        else:
            os.replace(hidden, path)
    except BaseException as error:
        if hidden.is_dir():
            shutil.rmtree(hidden, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                hidden.unlink()
        name_file(error, path, hidden)
        raise


def _replace_folder(hidden, path, whatever_it_holds):
    if not whatever_it_holds:
        # Raises if there is something in it. Windows replaces no folder, not
        # even an empty one.
        path.rmdir()
        os.replace(hidden, path)
        return
    # No system call that Python has swaps two folders.
    old = hidden.with_name(f"{hidden.name}.old")
    os.replace(path, old)
    try:
        os.replace(hidden, path)
    except BaseException:
        os.replace(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _flush_to_disk(hidden):
    """Else a machine that fails now may leave the name and no contents."""
    files = hidden.rglob("*") if hidden.is_dir() else [hidden]
    for file in files:
        if file.is_file():
            with open(file, "rb+") as stream:
                os.fsync(stream.fileno())
