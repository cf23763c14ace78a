"""Pictures and saliency masks in the layout of DUTS."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from keras_padpos.data._sliced import sliced
from keras_padpos.data.folder_pictures import EXTENSIONS
from keras_padpos.data.masked_pictures import MaskedPictures
from keras_padpos.data.masked_pictures import StoredPair
from keras_padpos.errors import InputError

SALIENCY_CLASSES = ("background", "salient")
_FOLDERS = {"train": "DUTS-TR", "test": "DUTS-TE"}


class DUTSMasks(MaskedPictures):
    """Pictures and saliency masks in the layout of DUTS.

    `DUTS-TR/DUTS-TR-Image` holds the pictures for training and
    `DUTS-TR/DUTS-TR-Mask` a mask of the same name, up to the extension, for
    each; `DUTS-TE` is for testing. A mask is grey: from 128 on, the upper
    half of its values, a pixel is salient, class 1, else background, 0.

    Args:
        folder: Where `DUTS-TR` and `DUTS-TE` are.
        split: `"train"` or `"test"`, with or without a slice of the list
            sorted by name: `"train[:20]"`.
        shape: Height and width of what the source gives, in pixels.

    Raises:
        FileNotFoundError: If a folder, or a picture's mask or a mask's
            picture, is not there.
        ValueError: If there is no such split, if it is empty, or if a folder
            has a name with two extensions.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        split: str,
        shape: tuple[int, int],
    ) -> None:
        name, part = sliced(split)
        if name not in _FOLDERS:
            raise InputError(f"no split {name!r}, but: {', '.join(_FOLDERS)}")
        outer = _FOLDERS[name]
        inner = Path(folder).expanduser() / outer
        pictures = _by_name(inner / f"{outer}-Image")
        masks = _by_name(inner / f"{outer}-Mask")
        for kind, here, there in (
            ("mask of", pictures, masks),
            ("picture of", masks, pictures),
        ):
            alone = sorted(set(here) - set(there))
            if alone:
                path = os.fspath(here[alone[0]])
                raise FileNotFoundError(f"no {kind} {path!r}")
        names = sorted(pictures)
        if not names[part]:
            among = f" in this slice of {len(names)}" if names else ""
            raise InputError(f"{os.fspath(inner)}: no picture{among}")
        self._pairs = [(pictures[each], masks[each]) for each in names[part]]
        super().__init__(
            shape,
            len(self._pairs),
            len(SALIENCY_CLASSES),
            SALIENCY_CLASSES,
            sources=tuple(picture.name for picture, _ in self._pairs),
        )

    def candidates(self) -> Iterator[tuple[Path, Path]]:
        """Starts a pass over the paths of pictures and masks, by name."""
        return iter(self._pairs)

    def stored(self, candidate: tuple[Path, Path]) -> StoredPair:
        """Gives one picture and its mask by their paths."""
        return StoredPair(*candidate, *map(os.fspath, candidate))

    def values(self, mask: Image.Image) -> np.ndarray:
        """Reads what is salient in a mask."""
        if mask.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
            raise InputError(
                f"a mask must be an 8 bit grey picture; this one's mode is "
                f"{mask.mode}"
            )
        return (np.array(mask.convert("L")) >= 128).astype("uint8")


def _by_name(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder {os.fspath(folder)!r}, which the layout of DUTS has"
        )
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in EXTENSIONS and path.is_file():
            if path.stem in found:
                raise InputError(
                    f"{os.fspath(path)}: {found[path.stem].name!r} has the "
                    f"same name"
                )
            found[path.stem] = path
    return found
