"""Pictures of a TensorFlow Datasets data set."""

import io
import os
import re
from collections.abc import Iterator
from typing import Any

from keras_padpos.data.picture_files import PictureFiles
from keras_padpos.errors import InputError

# NAME is "cifar10", "voc/2012", or either with a version, "cifar10:3.0.2".
_SPEC = re.compile(r"(?P<name>[^:\[\]]+(:\d[\d.*]*)?)(:(?P<split>.+))?")
# Encoded pictures, at most a few hundred MB.
_SHUFFLE_BUFFER = 2048


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class TFDSPictures(PictureFiles):
    """Pictures of a TensorFlow Datasets data set, in its stored order.

    Args:
        spec: `"NAME"` or `"NAME:SPLIT"` (without the prefix `"tfds:"`), with
            the split as TFDS writes it, by default `"train"`.
        data_dir: Where TFDS keeps its data sets. `None`: TFDS' own default.
        encoded: The features that hold pictures, which are left encoded. The
            first is `image`.

    Attributes:
        builder: Knows the data set's features.

    Raises:
        ValueError: If TFDS has no such data set, or this one no such split
            or no pictures in a feature named `image`.
        OSError: If the data set is neither in `data_dir` nor can be
            downloaded and prepared.
    """

    def __init__(
        self,
        spec: str,
        data_dir: str | os.PathLike[str] | None,
        encoded: tuple[str, ...] = ("image",),
    ) -> None:
        import tensorflow_datasets as tfds

        received = f"Received: spec={'tfds:' + spec!r}"
        parts = _SPEC.fullmatch(spec)
        if parts is None:
            raise InputError(
                f"`spec` must be 'tfds:NAME' or 'tfds:NAME:SPLIT'. {received}"
            )
        name, split = parts["name"], parts["split"] or "train"
        if data_dir is not None:
            data_dir = os.fspath(data_dir)
        try:
            builder = tfds.builder(name, data_dir=data_dir)
        except tfds.core.DatasetNotFoundError as error:
            raise InputError(
                f"`spec` must name a data set that TensorFlow Datasets knows "
                f"(tfds.list_builders()) or that is in `data_dir` "
                f"({data_dir!r}). {received}"
            ) from error
        # AssertionError: a version that TFDS does not have.
        except (AssertionError, ValueError) as error:
            raise InputError(
                f"`spec` names a data set that TensorFlow Datasets cannot "
                f"open: {_first_line(error)} {received}"
            ) from error
        features = builder.info.features
        names = list(features) if hasattr(features, "keys") else []
        if "image" not in names or not isinstance(
            features["image"], tfds.features.Image
        ):
            raise InputError(
                f"`spec` must name a data set with pictures in a feature "
                f"`image`; its features are: {', '.join(names)}. {received}"
            )
        try:
            builder.download_and_prepare()
        # No network, no space, a manual download, a missing package: TFDS
        # has no common error for them.
        except Exception as error:
            raise OSError(
                f"The data set {name!r} is not prepared in `data_dir` "
                f"({os.fspath(builder.data_dir)!r}) and could not be "
                f"downloaded: {_first_line(error)}"
            ) from error
        try:
            self._dataset = builder.as_dataset(
                split=split,
                shuffle_files=False,
                decoders={each: tfds.decode.SkipDecoding() for each in encoded},
                # The cache wants every pass to be read to its end.
                read_config=tfds.ReadConfig(try_autocache=False),
            )
            splits = builder.info.splits
            expected = splits[split].num_examples if splits else None
        except ValueError as error:
            raise InputError(
                f"`spec` names a split that is not there: "
                f"{_first_line(error)} {received}"
            ) from error
        super().__init__(expected, shuffle_buffer=_SHUFFLE_BUFFER)
        self._name = f"tfds:{name}:{split}"
        self.builder = builder

    def candidates(self) -> Iterator[tuple[int, Any]]:
        """Starts a pass over the encoded pictures, numbered."""
        for index, example in self.examples():
            yield index, example["image"]

    def examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Starts a pass over whole examples, numbered."""
        return enumerate(self._dataset.as_numpy_iterator())

    def file(self, candidate: tuple[int, Any]) -> tuple[io.BytesIO, str]:
        """Gives one encoded picture as an open file, and its name."""
        index, encoded = candidate
        return io.BytesIO(encoded), self.example_name(index)

    def example_name(self, index: int) -> str:
        """What errors call an example, counted from 0 within a slice."""
        return f"example {index} of {self._name}"
