"""An output on disk that a killed prediction goes on with."""

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.tiling.picture_window import release

_SECONDS = 5.0


class ProgressFile:
    """A `.npy` file that is there once it is complete.

    Until then its numbers are in `NAME.part`, and how many windows are done
    in `NAME.json`, beside it.

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
        InputError: If the file is there, or the one of another prediction.
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
        if self.path.suffix != ".npy":
            problem = "must have the ending .npy"
        elif self.path.exists():
            problem = "is there already"
        elif not self.path.parent.is_dir():
            problem = "must lie in a folder that is there"
        else:
            problem = ""
        if problem:
            raise InputError(f"`out` {problem}. Received: {str(path)!r}")
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._file = self.path.with_name(f"{self.path.name}.json")
        self._state = json.loads(
            json.dumps({"config": config, "windows": windows})
        )
        self._saved = time.monotonic()
        self.done = 0
        if self._file.is_file() and self._part.is_file():
            state = json.loads(self._file.read_text(encoding="utf-8"))
            if state["config"] != self._state["config"]:
                raise InputError(
                    f"`out`: {self._part.name} is of another prediction, with "
                    "another model, picture, border or backend. Delete it and "
                    f"{self._file.name}, or choose another `out`."
                )
            if state["windows"] == self._state["windows"]:
                self.done = state["done"]
        mode = "r+" if self.done else "w+"
        self.array = np.lib.format.open_memmap(
            self._part,
            mode=mode,  # type: ignore[arg-type]
            dtype=None if self.done else np.dtype(dtype),
            shape=None if self.done else shape,  # type: ignore[arg-type]
        )

    def save(self, done: int, *, now: bool = False) -> None:
        """Note that so many windows are done, `now` or every few seconds."""
        if not now and time.monotonic() - self._saved < _SECONDS:
            return
        self.array.flush()
        release(self.array)
        text = json.dumps({**self._state, "done": done})
        hidden = self._file.with_name(f".{self._file.name}")
        hidden.write_text(text, encoding="utf-8")
        os.replace(hidden, self._file)
        self._saved = time.monotonic()

    def finish(self) -> np.ndarray:
        """Give the file its name, and open it for reading."""
        self.array.flush()
        del self.array
        os.replace(self._part, self.path)
        self._file.unlink(missing_ok=True)
        return np.load(self.path, mmap_mode="r")
