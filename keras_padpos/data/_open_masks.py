"""Open a set of pictures with masks by a short text."""

import os
import re
from collections.abc import Sequence

from keras_padpos.checks import check_ints
from keras_padpos.checks import check_shape
from keras_padpos.checks import is_int
from keras_padpos.data.mask_layouts import DUTSMasks
from keras_padpos.data.mask_layouts import VOCMasks
from keras_padpos.data.masked_pictures import MaskedPictures
from keras_padpos.data.paired_set import PairedSet
from keras_padpos.data.tfds_sets import TFDSMasks
from keras_padpos.errors import InputError

# A slice after the split has a colon, too.
_FOLDER = re.compile(r"(?P<path>.+):(?P<split>[^:\[\]]+(\[.*\])?)")
_ACCEPTED = (
    "'voc:PATH:SPLIT', 'duts:PATH:train', 'duts:PATH:test' or "
    "'tfds:NAME[:SPLIT]'"
)


def open_masks(
    spec: str,
    *,
    size: int | tuple[int, int] = 224,
    classes: int | Sequence[str] | None = None,
    count: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
) -> PairedSet:
    """Opens a set of pictures with masks by a short text.

    A mask holds each pixel's class, from 0 on, or 255, void, where none is
    known.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> inner = Path(tempfile.mkdtemp()) / "DUTS-TE"
    >>> for kind, mode in (("Image", "RGB"), ("Mask", "L")):
    ...     folder = inner / f"DUTS-TE-{kind}"
    ...     folder.mkdir(parents=True)
    ...     Image.new(mode, (60, 40), "white").save(folder / "a.png")
    >>> masks = open_masks(f"duts:{inner.parent}:test", size=32)
    >>> len(masks), masks.class_names
    (1, ('background', 'salient'))
    >>> for picture, mask in masks:
    ...     print(picture.shape, mask.shape, mask.dtype, mask.max())
    (32, 32, 3) (32, 32) uint8 1

    Args:
        spec: Which pictures.

            * `"voc:PATH:SPLIT"`: the layout of Pascal VOC, see `VOCMasks`.
              `SPLIT` is the name of a list in `ImageSets/Segmentation`.
            * `"duts:PATH:train"`, `"duts:PATH:test"`: the layout of DUTS,
              see `DUTSMasks`; classes background and salient, the upper half
              of the grey values.
            * `"tfds:oxford_iiit_pet:SPLIT"`, `"tfds:scene_parse150:SPLIT"`:
              data sets of TensorFlow Datasets, see `TFDSMasks`. `SPLIT` is
              `train` if left out. A data set that is not in `data_dir` is
              downloaded.

            A split with a slice, `"train[:20]"`, is a part of it.
        size: Height and width of pictures and masks, in pixels: an int for a
            square, or a pair (height, width). The aspect ratio is not kept.
            Pictures are resized by bicubic interpolation, masks by taking
            the nearest pixel, both as Pillow does.
        classes: How many classes there are, 255 at most, or their names: for
            a layout of Pascal VOC with other pictures than Pascal VOC's own.
            All others know theirs.
        count: Take the first `count` pairs. `None`: all.
        data_dir: Where TensorFlow Datasets keeps its data sets. `None`: its
            own default.

    Returns:
        A `PairedSet`. Whether files are there has been checked; what is
        wrong in them is an error once they are read: one that cannot be
        decoded, a mask of another size than its picture's, a class that is
        out of range.

    Raises:
        FileNotFoundError: If a folder, a picture or a mask is not there.
        OSError: If a data set can be neither found nor downloaded.
        ValueError: If an argument is out of its range, or if there is no
            such split, an empty one, or one with a name twice.
    """
    shape = check_shape(size)
    if count is not None:
        check_ints(count=count)
    source = _source(spec, shape, _checked_classes(classes), data_dir)
    return PairedSet(spec, shape, source, count)


def _source(
    spec: str,
    shape: tuple[int, int],
    classes: int | tuple[str, ...] | None,
    data_dir: str | os.PathLike[str] | None,
) -> MaskedPictures:
    kind, _, rest = spec.partition(":")
    if classes is not None and kind in ("duts", "tfds"):
        raise InputError(
            f"`classes` must be None: {kind} sets know theirs. "
            f"Received: classes={classes!r}"
        )
    if kind == "tfds":
        return TFDSMasks(rest, shape, data_dir)
    parts = _FOLDER.fullmatch(rest)
    if kind not in ("voc", "duts") or not parts:
        raise InputError(f"`spec` must be {_ACCEPTED}. Received: spec={spec!r}")
    try:
        if kind == "voc":
            return VOCMasks(parts["path"], parts["split"], shape, classes)
        return DUTSMasks(parts["path"], parts["split"], shape)
    except (FileNotFoundError, ValueError) as error:
        if "`" in str(error):
            raise
        # Not every subclass is made from a message.
        missing = isinstance(error, FileNotFoundError)
        raise (FileNotFoundError if missing else InputError)(
            f"`spec` must name a whole set of pictures and masks: {error}. "
            f"Received: spec={spec!r}"
        ) from error


def _checked_classes(
    classes: int | Sequence[str] | None,
) -> int | tuple[str, ...] | None:
    if classes is None:
        return None
    names = tuple(classes) if isinstance(classes, (tuple, list)) else ()
    number = len(names) or classes
    if not is_int(number, 1) or number > 255 or len(set(names)) < len(names):
        raise InputError(
            f"`classes` must be an int from 1 to 255, or a list of as many "
            f"different names. Received: classes={classes!r}"
        )
    return names or int(number)
