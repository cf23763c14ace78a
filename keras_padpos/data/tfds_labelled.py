"""Pictures and classes of a TensorFlow Datasets data set."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_padpos.data._read_picture import BrokenPictureError
from keras_padpos.data._read_picture import read_picture
from keras_padpos.data.pair_source import PairSource
from keras_padpos.data.tfds_pictures import TFDSPictures
from keras_padpos.errors import InputError


class TFDSLabelled(PairSource):
    """Pictures and classes of a TensorFlow Datasets data set, as stored.

    Args:
        spec: `"NAME"` or `"NAME:SPLIT"`, as TFDS writes them.
        shape: Height and width of what the source gives, in pixels.
        data_dir: Where TFDS keeps its data sets. `None`: TFDS' own default.

    Raises:
        ValueError: If TFDS has no such data set or split, or no classes in a
            feature named `label`.
        OSError: If it can be neither found nor downloaded.
    """

    def __init__(
        self,
        spec: str,
        shape: tuple[int, int],
        data_dir: str | os.PathLike[str] | None,
    ) -> None:
        self._examples = TFDSPictures(spec, data_dir)
        features = self._examples.builder.info.features
        label = features["label"] if "label" in features else None
        if not hasattr(label, "num_classes"):
            raise InputError(
                f"`spec` must name a data set with classes in a feature "
                f"`label`; its features are: {', '.join(features)}. "
                f"Received: spec={'tfds:' + spec!r}"
            )
        super().__init__(
            self._examples.expected,
            label.num_classes,
            tuple(label.names),
            shuffle_buffer=self._examples.shuffle_buffer,
            masks=False,
        )
        self._shape = shape

    def candidates(self) -> Iterator[tuple[tuple[int, Any], int]]:
        """Starts a pass over the encoded pictures, numbered, and classes."""
        for index, example in self._examples.examples():
            yield (index, example["image"]), int(example["label"])

    def load(
        self, candidate: tuple[tuple[int, Any], int]
    ) -> tuple[np.ndarray, int]:
        """Decodes and resizes one picture."""
        encoded, label = candidate
        file, name = self._examples.file(encoded)
        if not 0 <= label < self.classes:
            raise InputError(f"{name}: no class {label} of {self.classes}")
        try:
            return read_picture(file, self._shape, name), label
        except BrokenPictureError as error:
            raise InputError(str(error)) from error
