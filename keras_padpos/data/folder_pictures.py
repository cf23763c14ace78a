"""Pictures of one folder, by name."""

import os
from collections.abc import Iterator
from pathlib import Path

from keras_padpos.data._sliced import sliced
from keras_padpos.data.picture_files import PictureFiles
from keras_padpos.errors import InputError

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


def _split(spec: str) -> tuple[Path, slice]:
    """Takes `"DIR[a:b]"` apart, unless a folder has just that name."""
    folder = Path(spec).expanduser()
    if folder.is_dir():
        return folder, slice(None)
    whole, part = sliced(spec)
    return Path(whole).expanduser(), part


class FolderPictures(PictureFiles):
    """The pictures of one folder, by name.

    Args:
        spec: `"DIR"`, or `"DIR[start:stop]"` to take some of its pictures,
            as Python slices the list sorted by name.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If the folder, or the slice, has no picture file.
    """

    def __init__(self, spec: str) -> None:
        folder, part = _split(spec)
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {os.fspath(folder)!r}")
        names = sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.suffix.lower() in EXTENSIONS and entry.is_file()
        )
        if not names[part]:
            among = f" in this slice of {len(names)}" if names else ""
            raise InputError(
                f"`spec` must name a folder with pictures "
                f"({', '.join(EXTENSIONS)}); there is none{among}. "
                f"Received: spec={spec!r}"
            )
        names = tuple(names[part])
        super().__init__(len(names), sources=names)
        self._folder = folder

    def candidates(self) -> Iterator[str]:
        """Starts a pass over the file names, sorted."""
        return iter(self.sources)

    def file(self, candidate: str) -> tuple[Path, str]:
        """Gives the path of one file name."""
        return self._folder / candidate, candidate
