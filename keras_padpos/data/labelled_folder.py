"""Pictures whose sub-folder is their class."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_padpos.data._read_picture import BrokenPictureError
from keras_padpos.data._read_picture import read_picture
from keras_padpos.data.folder_pictures import EXTENSIONS
from keras_padpos.data.pair_source import PairSource
from keras_padpos.errors import InputError


class LabelledFolder(PairSource):
    """Pictures whose sub-folder is their class.

    The classes are the sub-folders, sorted by name; the pictures of a class
    are sorted by name, too. Sub-folders whose name begins with a dot are
    left out.

    Args:
        folder: Where the sub-folders are.
        shape: Height and width of what the source gives, in pixels.
        count: Take so many pictures: the first of each class, then the second
            of each, and so on. They stay sorted. `None`: all.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it has no sub-folder, or one without a picture.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        shape: tuple[int, int],
        count: int | None = None,
    ) -> None:
        folder = Path(folder).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {os.fspath(folder)!r}")
        classes = sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        )
        if not classes:
            raise InputError(
                f"no sub-folder, one a class, in {os.fspath(folder)!r}"
            )
        pairs = []
        for number, name in enumerate(classes):
            pictures = sorted(
                entry
                for entry in (folder / name).iterdir()
                if entry.suffix.lower() in EXTENSIONS and entry.is_file()
            )
            if not pictures:
                raise InputError(
                    f"no picture ({', '.join(EXTENSIONS)}) in "
                    f"{os.fspath(folder / name)!r}"
                )
            pairs += [
                (turn, number, picture) for turn, picture in enumerate(pictures)
            ]
        chosen = set(sorted(pairs)[:count])
        self._pairs = [(each[2], each[1]) for each in pairs if each in chosen]
        super().__init__(
            len(self._pairs),
            len(classes),
            tuple(classes),
            sources=tuple(
                f"{path.parent.name}/{path.name}" for path, _ in self._pairs
            ),
            masks=False,
        )
        self._shape = shape

    def candidates(self) -> Iterator[tuple[Path, int]]:
        """Starts a pass over the pictures' paths and classes."""
        return iter(self._pairs)

    def load(self, candidate: tuple[Path, int]) -> tuple[np.ndarray, int]:
        """Decodes and resizes one picture."""
        path, label = candidate
        try:
            return read_picture(path, self._shape, os.fspath(path)), label
        except BrokenPictureError as error:
            raise InputError(str(error)) from error
