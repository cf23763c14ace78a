"""Files and folders that are there whole or not at all."""

import contextlib
import hashlib
import math
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import BinaryIO

import numpy as np

from keras_padpos.errors import InputError


def as_arrays(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Check that arrays can be written.

    Example:
        >>> as_arrays({"mae": [1, 2]})
        {'mae': array([1, 2])}

    Args:
        arrays: Arrays of numbers by name, or what NumPy makes one of.

    Returns:
        They as NumPy arrays.

    Raises:
        ValueError: If one does not hold numbers.
    """
    converted = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in converted.items():
        # Python objects need pickle, which can run code when read; dtypes
        # from outside NumPy (bfloat16) come back as raw bytes.
        if array.dtype.kind not in "biufcSU":
            raise InputError(
                f"`arrays` must hold numbers. Received: {name!r} of dtype "
                f"{array.dtype}. Convert it, to float32 say."
            )
    return converted


def write_arrays(stream: BinaryIO, arrays: Mapping[str, np.ndarray]) -> str:
    """Write arrays in NumPy's npz format.

    The same arrays make the same bytes, whenever they are written.

    Example:
        >>> import io
        >>> digests = [write_arrays(io.BytesIO(), {"x": np.ones(2)})
        ...            for _ in range(2)]
        >>> digests[0] == digests[1]
        True

    Args:
        stream: A file open for writing and reading bytes.
        arrays: As `as_arrays` returns them.

    Returns:
        The SHA-256 of what was written, in hexadecimal digits.
    """
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            # An entry made from a name alone would hold the time.
            entry = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()


def read_arrays(
    file: str | os.PathLike, digest: str | None = None
) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote.

    Args:
        file: The file.
        digest: What `write_arrays` returned; not compared if not given.

    Returns:
        The arrays by name.

    Raises:
        ValueError: If the digest is another, or the file is damaged.
        OSError: If it cannot be read.
        zipfile.BadZipFile: If it is damaged.
    """
    if digest is not None:
        with open(file, "rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                name = os.path.basename(file)
                raise InputError(f"{name} does not belong to it")
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


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


def strict_json(value: Any) -> Any:
    """Turn a value into what strict JSON can say.

    JSON has no NaN and no infinity (Python's own writer emits them all the
    same, and other readers refuse the file), so both become `None`.

    Example:
        >>> import numpy as np
        >>> strict_json({"mae": np.float64("nan"), "grid": (7, np.int64(7))})
        {'mae': None, 'grid': [7, 7]}

    Args:
        value: A number, string, bool, `None`, path, NumPy scalar or array, a
            tensor of any backend, or a mapping, list or tuple of those.

    Returns:
        The value made of dict, list, str, int, float, bool and `None` only.

    Raises:
        TypeError: If a value, or the key of a mapping, is of another kind.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    # int() and float() also undo subclasses, such as enum's IntEnum.
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_key(key): strict_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict_json(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "__array__"):
        return strict_json(np.asarray(value).tolist())
    raise TypeError(
        "`value` must be made of numbers, strings, bools, None, arrays, "
        "mappings, lists and tuples to be written as JSON. Received: "
        f"value={value!r} of type {type(value).__name__}. Convert it first."
    )


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return str(int(key))
    raise TypeError(
        "`value` must have strings or integers as keys to be written as JSON. "
        f"Received: key={key!r} of type {type(key).__name__}. Convert it first."
    )


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
