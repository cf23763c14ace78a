"""Score networks that classify every pixel, and baselines."""

import itertools
from collections.abc import Callable
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import keras
import numpy as np
from scipy.special import expit

from keras_padpos.checks import check_ints
from keras_padpos.metrics import BAND_EDGES
from keras_padpos.metrics import BandedConfusion
from keras_padpos.metrics import PixelPrior
from keras_padpos.metrics import SaliencyScores

if TYPE_CHECKING:
    from keras_padpos.data import PairedSet


def semantic_answers(
    model: keras.Model,
) -> Callable[[np.ndarray], np.ndarray]:
    """From pictures to class maps, or to saliency maps.

    Example:

    >>> inputs = keras.Input((2, 2, 3))
    >>> answer = semantic_answers(keras.Model(inputs, inputs * 1.0))
    >>> print(answer(np.full((1, 2, 2, 3), [1, 9, 4], "float32"))[0])
    [[1 1]
     [1 1]]

    Args:
        model: From pictures to logits `(batch, height, width, classes)`, on
            one device.

    Returns:
        A function of pictures `(batch, height, width, 3)`, raw RGB. It gives
        the classes of the greatest logits, int64 `(batch, height, width)`; of
        a network of one logit its sigmoid, float32 in [0, 1].
    """

    def answer(pictures):
        logits = np.asarray(model.predict_on_batch(pictures))
        if logits.shape[-1] == 1:
            return expit(logits[..., 0].astype("float32"))
        return logits.argmax(axis=-1)

    return answer


BASELINES = ("majority", "prior")
"""The most frequent class everywhere, and that of each position."""


def semantic_baselines(
    pairs: "PairedSet", *, saliency: bool = False, batch_size: int = 16
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What knowing the training masks alone answers.

    Args:
        pairs: What networks are trained on; its masks are read once, and its
            pictures are not decoded.
        saliency: Whether saliency maps are asked for: the prior is then the
            share of training masks that are salient at each position.
        batch_size: Masks that are read at once.

    Returns:
        From each of `BASELINES` to a function as of `semantic_answers`.

    Raises:
        ValueError: If `batch_size` is no int of at least 1, or if there is
            anything wrong with a mask.
    """
    check_ints(batch_size=batch_size)
    prior = PixelPrior(pairs.classes, pairs.shape, void=pairs.void)
    masks = pairs.targets()
    while batch := list(itertools.islice(masks, batch_size)):
        prior.update(np.stack(batch))
    maps = {
        "majority": prior.predict_majority(pairs.shape),
        "prior": prior.predict(pairs.shape),
    }
    if saliency:
        maps = {
            "majority": maps["majority"].astype("float32"),
            "prior": prior.shares(pairs.shape)[..., 1].astype("float32"),
        }
    return {name: _always(each) for name, each in maps.items()}


def _always(answer):
    return lambda pictures: np.repeat(answer[None], len(pictures), axis=0)


def score_semantic(
    answer: Callable[[np.ndarray], np.ndarray],
    pairs: "PairedSet",
    *,
    saliency: bool = False,
    batch_size: int = 16,
    edges: Sequence[float] = BAND_EDGES,
    advance: Callable[[int], Any] | None = None,
) -> list[dict[str, Any]]:
    """Score class maps or saliency maps, in bands of distance to the border.

    Pictures are read once, and memory does not depend on how many there are.

    Args:
        answer: From pictures `(batch, height, width, 3)` to class maps, or to
            saliency maps in [0, 1]: of `semantic_answers` or
            `semantic_baselines`.
        pairs: Pictures and masks.
        saliency: Whether the maps are saliency maps.
        batch_size: Pictures that are answered at once.
        edges: Ends of the bands, as for `metrics.border_bands`.
        advance: Called with the number of pictures after each batch.

    Returns:
        A dict for each band, with its name under `"band"`: `"overall"`, then
        those of `metrics.band_names`. Of class maps `"mean_iou"`,
        `"pixel_accuracy"`, `"class_iou"` and `"pixels"`, as
        `BandedConfusion` has them. Of saliency maps as of `SaliencyScores`:
        overall the means over pictures, as published; and, because those of a
        band are over pixels, all pixels of all pictures once more, as band
        `"pooled"`, before the others.

    Raises:
        ValueError: If there is no picture, a mask of saliency holds anything
            but 0 and 1, or an answer does not fit.
        ImportError: If `pysodmetrics` is missing, for saliency.
    """
    scores = (
        SaliencyScores(edges)
        if saliency
        else BandedConfusion(pairs.classes, edges, void=pairs.void)
    )
    for pictures, masks in pairs.batches(batch_size):
        answers = answer(pictures)
        if saliency:
            for pair in zip(masks, answers, strict=True):
                scores.update(*pair)
        else:
            scores.update(masks, answers)
        if advance:
            advance(len(pictures))
    overall = scores.result()
    bands = overall.pop("bands")
    if saliency:
        pooled = {"band": "pooled", **overall.pop("pooled")}
        bands = [pooled, *bands]
    return [{"band": "overall", **overall}, *bands]
