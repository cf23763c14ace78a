"""Pictures and masks of TensorFlow Datasets data sets."""

import io
import os
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import NamedTuple

import numpy as np
from PIL import Image

from keras_padpos.data.masked_pictures import MaskedPictures
from keras_padpos.data.masked_pictures import StoredPair
from keras_padpos.data.scene_instance_classes import SCENE_INSTANCE_CLASSES
from keras_padpos.data.tfds_pictures import TFDSPictures
from keras_padpos.errors import InputError


class _Kind(NamedTuple):
    feature: str
    values: Callable[[Image.Image], np.ndarray]
    class_names: tuple[str, ...]


def _trimap(mask: Image.Image) -> np.ndarray:
    """1, 2, 3 are pet, background and the border that is not classified."""
    stored = np.array(mask)
    if mask.mode not in ("L", "P") or not np.isin(stored, (1, 2, 3)).all():
        raise InputError("a trimap must hold 1, 2 and 3 and nothing else")
    return (stored - 1).astype("uint8")


def _instances(mask: Image.Image) -> np.ndarray:
    """Red is the category from 1 on, 0 nothing; green tells instances apart."""
    if mask.mode not in ("RGB", "RGBA"):
        raise InputError(
            f"an annotation must be a picture whose red channel holds the "
            f"category; this one's mode is {mask.mode}"
        )
    # 0, no category, becomes 255, void.
    return np.array(mask)[..., 0] - np.uint8(1)


_KINDS = {
    "oxford_iiit_pet": _Kind(
        "segmentation_mask", _trimap, ("pet", "background", "border")
    ),
    "scene_parse150": _Kind("annotation", _instances, SCENE_INSTANCE_CLASSES),
}


class TFDSMasks(MaskedPictures):
    """Pictures and masks of a TensorFlow Datasets data set, as stored.

    * `oxford_iiit_pet`: trimaps of the classes pet, background and border
      ("1: Foreground 2: Background 3: Not classified", its README says).
    * `scene_parse150`: in spite of its name TFDS (1.0.0) reads, not the 150
      classes of scene parsing, but `annotations_instance.tar`, the instance
      segmentation of the Places Challenge 2017. Its red channel holds one of
      100 categories of things, from 1 on
      (github.com/CSAILVision/placeschallenge, `instancesegmentation`); what
      is none of them, such as sky, wall and floor, is void here.

    Args:
        spec: `"NAME"` or `"NAME:SPLIT"`, as TFDS writes them.
        shape: Height and width of what the source gives, in pixels.
        data_dir: Where TFDS keeps its data sets. `None`: TFDS' own default.

    Raises:
        ValueError: If the set is none of these, or has no such split.
        OSError: If it can be neither found nor downloaded.
    """

    def __init__(
        self,
        spec: str,
        shape: tuple[int, int],
        data_dir: str | os.PathLike[str] | None,
    ) -> None:
        name = spec.partition(":")[0].partition("/")[0]
        if name not in _KINDS:
            raise InputError(
                f"`spec` must name a data set with masks that is known here: "
                f"{', '.join(_KINDS)}. Received: spec={'tfds:' + spec!r}"
            )
        self._kind = _KINDS[name]
        self._examples = TFDSPictures(
            spec, data_dir, ("image", self._kind.feature)
        )
        super().__init__(
            shape,
            self._examples.expected,
            len(self._kind.class_names),
            self._kind.class_names,
            shuffle_buffer=self._examples.shuffle_buffer,
        )

    def candidates(self) -> Iterator[tuple[int, Any, Any]]:
        """Starts a pass over the encoded pictures and masks, numbered."""
        for index, example in self._examples.examples():
            yield index, example["image"], example[self._kind.feature]

    def stored(self, candidate: tuple[int, Any, Any]) -> StoredPair:
        """Gives one picture and its mask as open files."""
        index, picture, mask = candidate
        name = self._examples.example_name(index)
        return StoredPair(
            io.BytesIO(picture), io.BytesIO(mask), name, f"mask of {name}"
        )

    def values(self, mask: Image.Image) -> np.ndarray:
        """Reads a mask's classes as its data set writes them."""
        return self._kind.values(mask)
