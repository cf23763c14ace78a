"""Pictures in folders."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.data.decoding import read_picture
from keras_padpos.data.sources import PairSource
from keras_padpos.data.sources import PictureFiles
from keras_padpos.errors import InputError

_SLICED = re.compile(r"(?P<whole>.+)\[(?P<start>(-?\d+)?):(?P<stop>(-?\d+)?)\]")


def sliced(text: str) -> tuple[str, slice]:
    """`"train[20:40]"` as the name and the slice; without one, all of it."""
    match = _SLICED.fullmatch(text)
    if match is None:
        return text, slice(None)
    bounds = [int(match[b]) if match[b] else None for b in ("start", "stop")]
    return match["whole"], slice(*bounds)


EXTENSIONS = (
    ".bmp",
    ".gif",
    ".jpeg",
    ".jpg",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
)


def _pictures(folder: Path) -> list[str]:
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.suffix.lower() in EXTENSIONS and entry.is_file()
    )


def _sub_folders(folder: Path) -> list[str]:
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )


def _split(spec: str) -> tuple[Path, slice]:
    """Takes `"DIR[a:b]"` apart, unless a folder has just that name."""
    folder = Path(spec).expanduser()
    if folder.is_dir():
        return folder, slice(None)
    whole, part = sliced(spec)
    return Path(whole).expanduser(), part


class FolderPictures(PictureFiles):
    """The pictures of one folder, by name.

    Of a folder that holds none itself, those of its sub-folders. `spec` is
    `"DIR"`, or `"DIR[start:stop]"` to take some of its pictures, as Python
    slices the list sorted by name.
    """

    def __init__(self, spec: str) -> None:
        folder, part = _split(spec)
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {os.fspath(folder)!r}")
        names = _pictures(folder) or [
            f"{inner}/{name}"
            for inner in _sub_folders(folder)
            for name in _pictures(folder / inner)
        ]
        if not names[part]:
            among = f" in this slice of {len(names)}" if names else ""
            raise InputError(
                f"`spec` must name a folder with pictures "
                f"({', '.join(EXTENSIONS)}); there is none{among}. "
                f"Received: spec={spec!r}"
            )
        sources = tuple(names[part])
        super().__init__(len(sources), sources)
        self._folder = folder

    def candidates(self) -> Iterator[str]:
        """Starts a pass over the file names, sorted."""
        return iter(self.sources)

    def file(self, candidate: str) -> tuple[Path, str]:
        """Gives the path of one file name."""
        return self._folder / candidate, candidate

    def class_indices(self, classes: int) -> list[int] | None:
        """The numbers of the sub-folders, if all are below `classes`."""
        names = [source.rpartition("/")[0] for source in self.sources]
        if not all(name.isdecimal() and int(name) < classes for name in names):
            return None
        return [int(name) for name in names]


class LabelledFolder(PairSource):
    """Pictures whose sub-folder is their class.

    The classes are the sub-folders, sorted by name; the pictures of a class
    are sorted by name, too. Sub-folders whose name begins with a dot are
    left out. `count` takes the first picture of each class, then the second
    of each, and so on; they stay sorted.
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
        classes = _sub_folders(folder)
        if not classes:
            raise InputError(
                f"no sub-folder, one a class, in {os.fspath(folder)!r}"
            )
        pairs = []
        for number, name in enumerate(classes):
            pictures = [
                folder / name / file for file in _pictures(folder / name)
            ]
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
