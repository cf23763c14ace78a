"""Answers that look at no picture."""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_padpos.metrics import PixelPrior
from keras_padpos.tasks._check_counts import check_counts

if TYPE_CHECKING:
    from keras_padpos.data import PairedSet

BASELINES = ("majority", "prior")
"""The most frequent class everywhere, and that of each place."""


def semantic_baselines(
    pairs: "PairedSet", *, saliency: bool = False, batch_size: int = 16
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What knowing the training masks alone answers.

    Args:
        pairs: What networks are trained on; its masks are read once, and its
            pictures are not decoded.
        saliency: Whether saliency maps are asked for: the prior is then the
            share of training masks that are salient at each place.
        batch_size: Masks that are read at once.

    Returns:
        From each of `BASELINES` to a function as of `semantic_answers`.

    Raises:
        ValueError: If `batch_size` is no int of at least 1, or if there is
            anything wrong with a mask.
    """
    check_counts(batch_size=batch_size)
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
