"""Sample photographs that PyPI packages carry."""

import functools
import importlib.metadata
import os
from collections.abc import Iterator

import numpy as np
from PIL import Image

from keras_padpos.data.sources import PictureFiles
from keras_padpos.data.sources import PictureSource
from keras_padpos.errors import MissingPackageError
from keras_padpos.errors import extra_hint

# Everyday photographs: people, animals, things, buildings, surfaces. Left
# out: drawings, text and test charts; what microscopes, telescopes and eye
# clinics took (cell, ihc, retina, microaneurysms, hubble, moon); the strip
# `clock_motion`, blurred along one axis; and `motorcycle_right`, the same
# scene as `motorcycle_left`. No photograph is in both splits. The surfaces
# (brick, grass, gravel) are all in train: among only four test photographs,
# one that looks the same everywhere would weigh too much.
PHOTOGRAPHS = {
    "train": (
        ("scikit-image", "skimage/data/astronaut.png"),
        ("scikit-image", "skimage/data/brick.png"),
        ("scikit-image", "skimage/data/camera.png"),
        ("scikit-learn", "sklearn/datasets/images/china.jpg"),
        ("scikit-image", "skimage/data/coffee.png"),
        ("scikit-image", "skimage/data/grass.png"),
        ("scikit-image", "skimage/data/gravel.png"),
        ("scikit-image", "skimage/data/motorcycle_left.png"),
    ),
    "test": (
        ("scikit-image", "skimage/data/chelsea.png"),
        ("scikit-image", "skimage/data/coins.png"),
        ("scikit-learn", "sklearn/datasets/images/flower.jpg"),
        ("scikit-image", "skimage/data/rocket.jpg"),
    ),
}
DEFAULT_COUNTS = {"train": 24, "test": 12}


def _locate(package: str, path: str) -> str:
    """Finds a data file of an installed package without importing it."""
    hint = extra_hint("samples")
    try:
        files = importlib.metadata.files(package) or ()
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingPackageError(
            f"The sample photographs need {package}, which is not installed: "
            f"{hint}"
        ) from error
    for file in files:
        if file.as_posix() == path:
            return str(file.locate())
    raise MissingPackageError(
        f"The sample photographs need {path}, which the installed {package} "
        f"does not list among its files: {hint}"
    )


def locate_photographs(split: str) -> list[str]:
    """The paths of the photographs of `"train"` or `"test"`, in order."""
    return [_locate(*photograph) for photograph in PHOTOGRAPHS[split]]


class SamplePhotographs(PictureSource):
    """Random crops of photographs that PyPI packages carry.

    Crop i is of photograph i modulo their number: its side is drawn uniformly
    from `size` up to the shorter side of the photograph (below `size`: that
    shorter side), its place uniformly from all that fit; it is resized to
    `size` by bicubic interpolation and mirrored left to right half of the
    time. All this depends on the split, the seed and i alone.
    """

    expected: int

    def __init__(self, split: str, size: int, count: int, seed: int) -> None:
        names = tuple(path for _, path in PHOTOGRAPHS[split])
        super().__init__(count, sources=names)
        self._paths = locate_photographs(split)
        self._stream = (seed, list(PHOTOGRAPHS).index(split))
        self._size = size
        # Twelve photographs of 0.3 to 1.1 MB; each is cropped many times.
        self._photograph = functools.cache(self._read)

    def _read(self, index: int) -> Image.Image:
        with Image.open(self._paths[index]) as image:
            return image.convert("RGB")

    def candidates(self) -> Iterator[int]:
        """Starts a pass over the crops' numbers."""
        return iter(range(self.expected))

    def numbered_candidates(self) -> Iterator[tuple[int, int]]:
        """Starts a pass over the crops, each with its photograph's number."""
        number = len(self._paths)
        return ((crop % number, crop) for crop in self.candidates())

    def load(self, candidate: int) -> np.ndarray:
        """Takes one crop, by its number."""
        photograph = self._photograph(candidate % len(self._paths))
        rng = np.random.default_rng([*self._stream, candidate])
        shorter = min(photograph.size)
        side = rng.integers(min(self._size, shorter), shorter, endpoint=True)
        left = rng.integers(photograph.width - side, endpoint=True)
        top = rng.integers(photograph.height - side, endpoint=True)
        box = (int(left), int(top), int(left + side), int(top + side))
        crop = photograph.crop(box)
        crop = crop.resize((self._size, self._size), Image.Resampling.BICUBIC)
        if rng.random() < 0.5:
            crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return np.array(crop)


class PhotographFiles(PictureFiles):
    """Whole photographs that PyPI packages carry."""

    def __init__(self, split: str) -> None:
        names = tuple(path for _, path in PHOTOGRAPHS[split])
        super().__init__(len(names), sources=names)
        self._paths = locate_photographs(split)

    def candidates(self) -> Iterator[str]:
        """Starts a pass over the paths of the photographs."""
        return iter(self._paths)

    def file(self, candidate: str) -> tuple[str, str]:
        """Gives the path of a photograph, and its name."""
        return candidate, os.path.basename(candidate)
