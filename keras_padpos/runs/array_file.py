"""Arrays in a file, without pickle."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from typing import Any
from typing import BinaryIO

import numpy as np


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
            raise ValueError(
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
                raise ValueError(f"{name} does not belong to it")
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
