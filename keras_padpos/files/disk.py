"""Files and folders that appear complete or not at all."""

import contextlib
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import BinaryIO

import numpy as np

from keras_padpos.errors import InputError


def existing_file(path: str | os.PathLike, ending: str, argument: str) -> Path:
    """The path of a file that exists and has an ending; else an InputError.

    Args:
        path: The file; `~` is the home.
        ending: What its name ends in, such as `.keras`.
        argument: Its name on the command line, for messages.
    """
    path = Path(path).expanduser()
    if path.suffix != ending:
        raise InputError(
            f"{argument} must be a file with the ending {ending}. "
            f"Received: {str(path)!r}"
        )
    if not path.is_file():
        raise InputError(
            f"{argument} must be a {ending} file. There is no file at "
            f"{str(path)!r}"
        )
    return path


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only once it is complete.

    The bytes go to a hidden file in the same directory, which takes the name
    when the block ends. If the block raises, or the disk is full, the hidden
    file is removed and an earlier file of that name stays as it was.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with atomic_file(path) as file:
        ...     _ = file.write(b"whole")
        >>> path.read_bytes()
        b'whole'

    Args:
        path: The file to write; its directory must exist. Of a symbolic link
            the file that it leads to is written.

    Yields:
        The hidden file, open for writing and reading bytes.

    Raises:
        InputError: If a device, a pipe or a socket is in its place.
        OSError: If it cannot be written; it names the file.
    """
    path = writable(path)
    # Not tempfile.mkstemp: its files are readable by their owner only, and
    # results are there to be shared.
    hidden = path.with_name(
        f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    )
    with _removed_on_error(hidden, path):
        with open(hidden, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)


@contextlib.contextmanager
def atomic_path(
    path: str | os.PathLike, *, replace_folder: bool = False
) -> Iterator[Path]:
    """Yield a hidden path, which is renamed to `path` once all is written.

    For what `atomic_file` cannot serve: folders, and files written by code
    that needs a name with the right ending. The hidden path is in the same
    directory. If the block raises, it is removed and `path` stays as it was.

    Args:
        path: The file or folder to make; its directory must exist. A file of
            this name is replaced by a file, and an empty folder by a folder.
            Of a symbolic link what it leads to is made.
        replace_folder: Whether a folder that is not empty is replaced too.

    Yields:
        The hidden path, with the ending of `path`. Nothing is there yet.

    Raises:
        InputError: If a device, a pipe or a socket is in its place.
        OSError: If it cannot be written, or `path` must not be replaced.
    """
    path = writable(path)
    hidden = path.with_name(
        f".{os.getpid()}-{secrets.token_hex(4)}.tmp.{path.name}"
    )
    with _removed_on_error(hidden, path):
        yield hidden
        # Else a machine that fails now may leave the name and no contents.
        for file in hidden.rglob("*") if hidden.is_dir() else [hidden]:
            if file.is_file():
                with open(file, "rb+") as stream:
                    os.fsync(stream.fileno())
        if hidden.is_dir() and path.is_dir():
            _replace_folder(hidden, path, replace_folder)
        else:
            os.replace(hidden, path)


def writable(path: str | os.PathLike) -> Path:
    """What a path leads to; InputError for a device, a pipe or a socket."""
    path = Path(path)
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if target.exists() and not (target.is_file() or target.is_dir()):
        raise InputError(
            f"{str(path)!r} is no regular file and is not replaced"
        )
    return target


@contextlib.contextmanager
def _removed_on_error(hidden: Path, path: Path) -> Iterator[None]:
    """Remove what is hidden if the block raises; errors name `path`."""
    try:
        yield
    except BaseException as error:
        if hidden.is_dir():
            shutil.rmtree(hidden, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                hidden.unlink()
        # An error while a file is open, for want of room say, names none.
        if isinstance(error, OSError) and error.errno is not None:
            if error.filename in (None, os.fspath(hidden)):
                error.filename = os.fspath(path)
        raise


def _replace_folder(hidden: Path, path: Path, with_content: bool) -> None:
    # No system call that Python has swaps two folders.
    old = hidden.with_name(f"{hidden.name}.old")
    if not with_content:
        # Raises if it is not empty; Windows replaces not even such a folder.
        path.rmdir()
    else:
        os.replace(path, old)
    try:
        os.replace(hidden, path)
    except BaseException:
        if with_content:
            os.replace(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def as_arrays(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Arrays by name as NumPy arrays; InputError if one holds no numbers."""
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
    """Write arrays as npz to a file that can be read; returns its SHA-256.

    The same arrays make the same bytes, at any time.
    """
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            # An entry made from a name alone would hold the time.
            entry = zipfile.ZipInfo(f"{_escaped(name)}.npy")
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256")  # type: ignore[arg-type]
    return digest.hexdigest()


def read_arrays(
    file: str | os.PathLike, digest: str | None = None
) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote.

    Raises InputError if the digest differs or the file is damaged, and
    OSError if it cannot be read.
    """
    if digest is not None:
        with open(file, "rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != digest:
                name = os.path.basename(file)
                raise InputError(f"{name} does not belong to it")
    with open_arrays(file) as archive:
        return dict(archive)


# What zip files have no bytes for: of names of files that are no UTF-8.
_ESCAPE = re.compile(r"\\u(d[89a-f][0-9a-f]{2})")


def _escaped(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


class _Arrays(Mapping):
    """The arrays in an archive, each read when asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._name = os.path.basename(getattr(file, "name", "arrays"))
        with self._damages():
            self.archive = np.load(file, allow_pickle=False)
            if not isinstance(self.archive, Mapping):
                raise ValueError  # a single array

    def __getitem__(self, name: str) -> np.ndarray:
        with self._damages():
            return self.archive[_escaped(name)]

    def __contains__(self, name: object) -> bool:
        return _escaped(str(name)) in self.archive

    def __iter__(self) -> Iterator[str]:
        return (
            _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), name)
            for name in self.archive
        )

    def __len__(self) -> int:
        return len(self.archive)

    @contextlib.contextmanager
    def _damages(self):
        # NumPy takes what it does not know for a pickle, and advises to load
        # that, which could run code.
        try:
            yield
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise InputError(
                f"{self._name} is no file of arrays, or damaged"
            ) from error


@contextlib.contextmanager
def open_arrays(
    file: str | os.PathLike | BinaryIO,
) -> Iterator[Mapping[str, np.ndarray]]:
    """Open what `write_arrays` wrote: each array is read when asked for.

    Raises InputError if the file is damaged, and OSError if it cannot be read.
    """
    with contextlib.ExitStack() as stack:
        if isinstance(file, (str, os.PathLike)):
            # NumPy does not close what it cannot read.
            file = stack.enter_context(open(file, "rb"))
        arrays = _Arrays(file)
        stack.enter_context(arrays.archive)
        yield arrays


def json_bytes(value: Any, *, indent: int | None = 2) -> bytes:
    r"""A value as strict JSON in UTF-8, with a line break at its end.

    A name of a file that is not UTF-8 is written in escapes, so that reading
    gives it back.

    Example:
        >>> json_bytes(["caf\xe9", "caf\udce9"], indent=None)
        b'["caf\xc3\xa9", "caf\\udce9"]\n'
    """
    text = json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode(errors="backslashreplace")


def strict_json(value: Any) -> Any:
    """Convert a value to types that strict JSON can express.

    JSON has no NaN and no infinity, so both become `None`.

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
