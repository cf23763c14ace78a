"""Whether what a network says of a pixel depends on the patch around it."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_padpos.metrics import TranslationInvariance
from keras_padpos.metrics import patch_offsets
from keras_padpos.published.patch_facts import ENLARGED_PIXELS
from keras_padpos.published.patch_facts import PATCH_PIXELS
from keras_padpos.published.patch_facts import PATCH_STRIDE

if TYPE_CHECKING:
    from keras_padpos.data import PairedSet

_ENLARGED = ENLARGED_PIXELS / PATCH_PIXELS
_STRIDE = PATCH_STRIDE / PATCH_PIXELS
_SALIENT = 0.5


def invariance_size(patch: tuple[int, int]) -> tuple[int, int]:
    """The size of pictures to cut patches out of, as in the source.

    Example:

    >>> invariance_size((475, 475))
    (1050, 1050)

    Args:
        patch: Height and width of what a network takes.

    Returns:
        Height and width, 1050 / 475 of the patch's and more than twice it.
    """
    height, width = (
        max(round(_ENLARGED * size), 2 * size + 1) for size in patch
    )
    return height, width


def score_invariance(
    answer: Callable[[np.ndarray], np.ndarray],
    pairs: "PairedSet",
    patch: tuple[int, int],
    *,
    stride: int | None = None,
    batch_size: int = 16,
    advance: Callable[[int], Any] | None = None,
) -> dict[str, Any]:
    """Score how far answers depend on where a picture was cut.

    Every pixel that is at least a patch's size away from the borders of its
    picture is answered at many places of overlapping patches. Networks that
    commute with translation always answer alike; borders in sight, and the
    strides of a network, are what make others differ.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from keras_padpos import data
    >>> inner = Path(tempfile.mkdtemp()) / "DUTS-TE"
    >>> for kind, mode in (("Image", "RGB"), ("Mask", "L")):
    ...     folder = inner / f"DUTS-TE-{kind}"
    ...     folder.mkdir(parents=True)
    ...     Image.new(mode, (60, 40), "white").save(folder / "a.png")
    >>> pairs = data.open_masks(
    ...     f"duts:{inner.parent}:test", size=invariance_size((8, 8))
    ... )
    >>> def left_half(patches):
    ...     return np.broadcast_to(np.arange(8) < 4, patches.shape[:3]) * 1.0
    >>> score_invariance(left_half, pairs, (8, 8))
    {'mean_entropy': 1.0, 'disagreement': 1.0, 'invariance_images': 1}

    Args:
        answer: From patches `(batch, height, width, 3)` to class maps, or to
            saliency maps in [0, 1], which count as salient from 0.5 on: of
            `semantic_answers` or `semantic_baselines`.
        pairs: Pictures of more than twice the patch's size, such as
            `invariance_size`. Their masks are not used.
        patch: Height and width that `answer` takes.
        stride: Pixels from one patch to the next. Defaults to 47 / 475 of the
            patch's smaller side, at least 1.
        batch_size: Patches that are answered at once.
        advance: Called with 1 after each picture.

    Returns:
        `"mean_entropy"` (meanE), in bits, and `"disagreement"` (disR), in
        [0, 1], as of `metrics.TranslationInvariance`, means over pictures;
        and `"invariance_images"`, how many there were.

    Raises:
        ValueError: If the pictures are too small for the patch, the stride is
            less than 1, or an answer does not fit.

    Source:
        Mukai and Yamanaka, *Improving Translation Invariance in Convolutional
        Neural Networks with Peripheral Prediction Padding* (ICIP 2023). They
        enlarged the smaller side and kept the aspect ratio; pictures here
        have the size that `pairs` gives them.
    """
    if stride is None:
        stride = max(1, round(_STRIDE * min(patch)))
    offsets = patch_offsets(pairs.shape, patch, stride)
    # A saliency map becomes one of two classes.
    classes = max(pairs.classes, 2)
    results = []
    for picture, _ in pairs:
        scores = TranslationInvariance(classes, pairs.shape, patch)
        for first in range(0, len(offsets), batch_size):
            some = offsets[first : first + batch_size]
            patches = np.stack([_cut(picture, each, patch) for each in some])
            answers = np.asarray(answer(patches.astype("float32")))
            if answers.dtype.kind == "f":
                answers = (answers >= _SALIENT).astype("int64")
            for each, offset in zip(answers, some, strict=True):
                scores.update(each, offset)
        results.append(scores.result())
        if advance:
            advance(1)
    return {
        **{
            name: float(np.mean([each[name] for each in results]))
            for name in ("mean_entropy", "disagreement")
        },
        "invariance_images": len(results),
    }


def _cut(picture, offset, patch):
    (top, left), (height, width) = offset, patch
    return picture[top : top + height, left : left + width]
