"""Pictures, classes and masks of TensorFlow Datasets data sets."""

import contextlib
import io
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.data.decoding import read_picture
from keras_padpos.data.masked_pictures import MaskedPictures
from keras_padpos.data.masked_pictures import StoredPair
from keras_padpos.data.scene_instance_classes import SCENE_INSTANCE_CLASSES
from keras_padpos.data.sources import PairSource
from keras_padpos.data.sources import PictureFiles
from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import

# NAME is "cifar10", "voc/2012", or either with a version, "cifar10:3.0.2".
_SPEC = re.compile(r"(?P<name>[^:\[\]]+(:\d[\d.*]*)?)(:(?P<split>.+))?")
# Encoded pictures, at most a few hundred MB.
_SHUFFLE_BUFFER = 2048


# Seconds that a host has to answer before a download starts.
_PATIENCE = 15


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _prepare(builder, name):
    """Download and prepare a data set that is not on disk."""
    with _quiet("absl"):  # it warns of what is not there
        if builder.is_prepared():
            return
    folder = os.fspath(builder.data_dir)
    # `tfds.testing.mock_data` has a method of its own, without a network.
    module = getattr(builder.download_and_prepare, "__module__", None) or ""
    downloads = module.startswith("tensorflow_datasets.core")
    try:
        if downloads:
            print(
                f"downloading {name} to {folder}", file=sys.stderr, flush=True
            )
            if not _has_downloads(folder):
                _check_hosts(builder.url_infos or ())
        with _quiet("urllib3"):
            builder.download_and_prepare()
    # No network, no space, a manual download, a missing package: TFDS has no
    # common error for them.
    except Exception as error:
        raise OSError(
            f"The data set {name!r} is not prepared in `data_dir` ({folder!r}) "
            f"and could not be downloaded: {_first_line(error)}"
        ) from error


def _has_downloads(folder):
    """Whether archives lie beside a data set, so that none may be missing."""
    # DIR/NAME/VERSION or DIR/NAME/CONFIG/VERSION; archives in DIR/downloads.
    return any(
        any(parent.joinpath("downloads").glob("*"))
        for parent in list(Path(folder).parents)[1:3]
    )


def _check_hosts(urls):
    """Raise if a host does not answer; the download would try for minutes."""
    import requests

    answers: dict[str, str | None] = {}

    def ask(host, url):
        try:
            requests.head(url, timeout=_PATIENCE)
            answers[host] = None
        except requests.RequestException as error:
            answers[host] = type(error).__name__

    hosts = {
        parts.hostname or "": f"{parts.scheme}://{parts.netloc}/"
        for parts in map(urlsplit, urls)
        if parts.scheme in ("http", "https")
    }
    # Daemons: to look a name up may take as long as it likes.
    threads = [
        threading.Thread(target=ask, args=each, daemon=True)
        for each in hosts.items()
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + _PATIENCE
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))
    for host in hosts:
        if (
            reason := answers.get(host, f"nothing in {_PATIENCE} s")
        ) is not None:
            raise ConnectionError(f"{host} does not answer ({reason})")


@contextlib.contextmanager
def _quiet(name):
    """Keep the lines of a logger below errors off the screen."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


class TFDSPictures(PictureFiles):
    """Pictures of a TensorFlow Datasets data set, in its stored order.

    Args:
        spec: `"NAME"` or `"NAME:SPLIT"` (without the prefix `"tfds:"`), with
            the split as TFDS writes it, by default `"train"`.
        data_dir: Where TFDS keeps its data sets, a directory that exists.
            `None`: TFDS' own default.
        encoded: The features that hold pictures, which are left encoded. The
            first is `image`.

    Attributes:
        builder: Knows the data set's features.

    Raises:
        ValueError: If TFDS has no such data set, or this one no such split
            or no pictures in a feature named `image`.
        OSError: If `data_dir` does not exist, or the data set is neither
            there nor can be downloaded and prepared. Where no host answers,
            that is known within seconds.
    """

    def __init__(
        self,
        spec: str,
        data_dir: str | os.PathLike[str] | None,
        encoded: tuple[str, ...] = ("image",),
    ) -> None:
        if data_dir is not None:
            data_dir = os.path.expanduser(os.fspath(data_dir))
            # TFDS opens remote directories too.
            if "://" not in data_dir and not os.path.isdir(data_dir):
                raise FileNotFoundError(
                    "`data_dir` must be a directory that exists. "
                    f"Received: {data_dir!r}"
                )
        tfds = optional_import(
            "tensorflow_datasets", "tensorflow", f"'tfds:{spec}'"
        )
        received = f"Received: spec={'tfds:' + spec!r}"
        parts = _SPEC.fullmatch(spec)
        if parts is None:
            raise InputError(
                f"`spec` must be 'tfds:NAME' or 'tfds:NAME:SPLIT'. {received}"
            )
        name, split = parts["name"], parts["split"] or "train"
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
        _prepare(builder, name)
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

    def class_indices(self, classes: int) -> list[int] | None:
        """The feature `label`, if it is of so many classes; one pass."""
        features = self.builder.info.features
        label: Any = features["label"] if "label" in features else None
        if getattr(label, "num_classes", None) != classes:
            return None
        return [int(example["label"]) for _, example in self.examples()]

    def example_name(self, index: int) -> str:
        """What errors call an example, counted from 0 within a slice."""
        return f"example {index} of {self._name}"


class TFDSLabelled(PairSource):
    """Pictures and classes of a TensorFlow Datasets data set, as stored."""

    def __init__(
        self,
        spec: str,
        shape: tuple[int, int],
        data_dir: str | os.PathLike[str] | None,
    ) -> None:
        self._examples = TFDSPictures(spec, data_dir)
        features = self._examples.builder.info.features
        label: Any = features["label"] if "label" in features else None
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
