"""An output on disk that a killed prediction goes on with."""

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.path_lock import PathLock
from keras_padpos.tiling.picture_window import release

_SECONDS = 5.0


class ProgressFile:
    """A `.npy` file that is there once it is complete.

    Until then its numbers are in the hidden file `.NAME.npy.part`, and how
    many windows are done in `.NAME.npy.progress`, beside it. The disk space is
    reserved at once. One process at a time writes to it: it holds a lock,
    `.NAME.npy.lock`, until `finish` or `close`, or the process ends.

    Args:
        path: The file.
        shape: Shape of the array.
        dtype: Its dtype.
        config: What is predicted, as JSON has it. The numbers of another
            prediction are not touched.
        windows: In which windows, as JSON has it. Others begin anew.

    Attributes:
        array: The memmap.
        done: Number of windows whose output is in it.

    Raises:
        InputError: If the file is there, or the one of another prediction, or
            another process writes to it.
        OSError: If it cannot be written, on a full disk say; it names `path`.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        shape: tuple[int, ...],
        dtype: str,
        config: Any,
        windows: Any,
    ) -> None:
        self.path = Path(path).expanduser()
        self._check_path()
        self._part, self._file = hidden_files(self.path)
        self._state = json.loads(
            json.dumps({"config": config, "windows": windows})
        )
        self._saved = time.monotonic()
        self.done = 0
        with self._named():
            self._lock: PathLock | None = PathLock.take(self.path, "`out`")
            try:
                # Another process may have finished it since.
                self._check_path()
                self.array = self._resumed(shape, np.dtype(dtype))
                if self.array is None:
                    self.array = self._begun(shape, np.dtype(dtype))
            except BaseException:
                self.close()
                raise

    def _check_path(self):
        if self.path.suffix != ".npy":
            problem = "must have the ending .npy"
        elif self.path.exists():
            problem = "is there already"
        elif not self.path.parent.is_dir():
            problem = "must lie in a folder that is there"
        else:
            return
        raise InputError(f"`out` {problem}. Received: {str(self.path)!r}")

    def _resumed(self, shape, dtype):
        """The array of an earlier prediction; `None` if there is none.

        What is damaged counts as none.
        """
        try:
            state = json.loads(self._file.read_bytes())
            done, config = int(state["done"]), state["config"]
            windows = state["windows"]
            # Opened for writing, a file that was cut would be made longer.
            array = np.lib.format.open_memmap(self._part, mode="r")
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        if config != self._state["config"]:
            raise InputError(
                f"`out`: {self._part.name} is of another prediction, with "
                "another model, picture, border or backend. Delete it and "
                f"{self._file.name}, or choose another `out`."
            )
        if windows != self._state["windows"]:
            return None
        if (array.shape, array.dtype) != (shape, dtype):
            return None
        self.done = done
        return np.lib.format.open_memmap(self._part, mode="r+")

    def _begun(self, shape, dtype):
        """A new array, for which there is room on the disk."""
        # Else it would be taken for that of the new array after a kill.
        self._file.unlink(missing_ok=True)
        try:
            array = np.lib.format.open_memmap(
                self._part, mode="w+", dtype=dtype, shape=shape
            )
            # On a full disk, writing to the map of a file with holes would
            # kill the process.
            with open(self._part, "r+b") as stream:
                _reserve(stream.fileno())
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise
        return array

    def save(self, done: int, *, now: bool = False) -> None:
        """Note that so many windows are done, `now` or every few seconds."""
        self.done = done
        if not now and time.monotonic() - self._saved < _SECONDS:
            return
        text = json.dumps({**self._state, "done": done})
        new = self._file.with_name(f"{self._file.name}.new")
        with self._named():
            self.array.flush()
            release(self.array)
            try:
                new.write_text(text, encoding="utf-8")
                os.replace(new, self._file)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
        self._saved = time.monotonic()

    def finish(self) -> np.ndarray:
        """Give the file its name, and open it for reading.

        Raises:
            InputError: If another file has got this name meanwhile.
        """
        if self.path.exists():
            self.save(self.done, now=True)
            self.close()
            raise InputError(
                f"`out`: {str(self.path)!r} was made by another program while "
                "this prediction ran. Move it, and the same call finishes: "
                f"all is in {self._part.name}."
            )
        with self._named():
            self.array.flush()
            del self.array
            os.replace(self._part, self.path)
            self._file.unlink(missing_ok=True)
            self.close()
            return np.load(self.path, mmap_mode="r")

    def close(self) -> None:
        """Let other processes write to it."""
        self._lock = None

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Let errors of files name the path that the caller knows."""
        try:
            yield
        except OSError as error:
            error.filename = os.fspath(self.path)
            raise


def hidden_files(path: Path) -> tuple[Path, Path]:
    """The numbers and the progress of a prediction that is not complete."""
    return (
        path.with_name(f".{path.name}.part"),
        path.with_name(f".{path.name}.progress"),
    )


def _reserve(descriptor: int) -> None:
    """Take the room on the disk that a file's size needs."""
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, os.fstat(descriptor).st_size)
    except OSError as error:
        # Some file systems cannot.
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
