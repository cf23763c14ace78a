"""Whole photographs that PyPI packages carry."""

import os
from collections.abc import Iterator

from keras_padpos.data.picture_files import PictureFiles
from keras_padpos.data.sample_photographs import PHOTOGRAPHS
from keras_padpos.data.sample_photographs import locate_photographs


class PhotographFiles(PictureFiles):
    """Whole photographs that PyPI packages carry.

    Args:
        split: `"train"` or `"test"`; they share no photograph.

    Raises:
        ImportError: If scikit-image or scikit-learn is not installed.
    """

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
