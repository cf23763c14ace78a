"""Pictures and masks in the folder layouts of Pascal VOC and DUTS."""

import collections
import os
import re
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keras_padpos.data.folders import EXTENSIONS
from keras_padpos.data.folders import sliced
from keras_padpos.data.masked_pictures import MaskedPictures
from keras_padpos.data.masked_pictures import StoredPair
from keras_padpos.errors import InputError

PASCAL_CLASSES = (
    "background",
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
_PASCAL_NAME = re.compile(r"20\d\d_\d{6}")
_EXTENSIONS = (".jpg", ".jpeg", ".png")


class VOCMasks(MaskedPictures):
    """Pictures and masks in the layout of Pascal VOC.

    `ImageSets/Segmentation/SPLIT.txt` lists names, one a line;
    `JPEGImages/NAME.jpg` (or jpeg, or png) is the picture and
    `SegmentationClass/NAME.png` the mask, whose palette indices, or grey
    values, are the classes; 255 is void. `split` may have a slice,
    `"train[:20]"`. Without `classes`, a number or names, they are those of
    Pascal VOC, if the pictures are called as its pictures are.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        split: str,
        shape: tuple[int, int],
        classes: int | Sequence[str] | None = None,
    ) -> None:
        folder = Path(folder).expanduser()
        names = _names(folder, split)
        if classes is None:
            if not all(_PASCAL_NAME.fullmatch(name) for name in names):
                raise InputError(
                    f"`classes` must say how many classes the masks in "
                    f"{os.fspath(folder)!r} have, or name them; only the "
                    f"names of Pascal VOC's own pictures tell. "
                    f"Received: classes=None"
                )
            classes = PASCAL_CLASSES
        number, class_names = (
            (classes, None)
            if isinstance(classes, int)
            else (len(classes), tuple(classes))
        )
        self._pairs = [_pair(folder, name) for name in names]
        super().__init__(
            shape,
            len(names),
            number,
            class_names,
            sources=tuple(picture.name for picture, _ in self._pairs),
        )

    def candidates(self) -> Iterator[tuple[Path, Path]]:
        """Starts a pass over the paths of pictures and masks, as listed."""
        return iter(self._pairs)

    def stored(self, candidate: tuple[Path, Path]) -> StoredPair:
        """Gives one picture and its mask by their paths."""
        return StoredPair(*candidate, *map(os.fspath, candidate))


def _names(folder: Path, split: str) -> list[str]:
    lists = folder / "ImageSets" / "Segmentation"
    for needed in (lists, folder / "JPEGImages", folder / "SegmentationClass"):
        if not needed.is_dir():
            raise FileNotFoundError(
                f"no folder {os.fspath(needed)!r}, which the layout of "
                f"Pascal VOC has"
            )
    name, part = sliced(split)
    path = lists / f"{name}.txt"
    if not path.is_file():
        splits = ", ".join(sorted(each.stem for each in lists.glob("*.txt")))
        raise InputError(
            f"no split {name!r} in {os.fspath(lists)!r}, but: {splits or '-'}"
        )
    try:
        # Some editors write a byte-order mark first.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{os.fspath(path)}: not UTF-8 (byte {error.start})"
        ) from error
    names = [line.strip() for line in lines if line.strip()]
    twice = [each for each, n in collections.Counter(names).items() if n > 1]
    if twice:
        raise InputError(f"{os.fspath(path)}: {twice[0]!r} is there twice")
    if not names[part]:
        among = f" in this slice of {len(names)}" if names else ""
        raise InputError(f"{os.fspath(path)}: no name{among}")
    return names[part]


def _pair(folder: Path, name: str) -> tuple[Path, Path]:
    pictures = [folder / "JPEGImages" / f"{name}{end}" for end in _EXTENSIONS]
    mask = folder / "SegmentationClass" / f"{name}.png"
    picture = next((each for each in pictures if each.is_file()), pictures[0])
    for kind, path in (("picture", picture), ("mask", mask)):
        if not path.is_file():
            raise FileNotFoundError(f"no {kind} {os.fspath(path)!r}")
    return picture, mask


SALIENCY_CLASSES = ("background", "salient")
_FOLDERS = {"train": "DUTS-TR", "test": "DUTS-TE"}


class DUTSMasks(MaskedPictures):
    """Pictures and saliency masks in the layout of DUTS.

    `DUTS-TR/DUTS-TR-Image` holds the pictures for training and
    `DUTS-TR/DUTS-TR-Mask` a mask of the same name, up to the extension, for
    each; `DUTS-TE` is for testing. A mask is grey: from 128 on, the upper
    half of its values, a pixel is salient, class 1, else background, 0.
    `split` is `"train"` or `"test"`, with or without a slice.
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
    paths: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in EXTENSIONS and path.is_file():
            if path.stem in paths:
                raise InputError(
                    f"{os.fspath(path)}: {paths[path.stem].name!r} has the "
                    f"same name"
                )
            paths[path.stem] = path
    return paths
