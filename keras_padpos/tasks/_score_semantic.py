"""How right maps of pictures are, and how far from the border."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_padpos.metrics import BAND_EDGES
from keras_padpos.metrics import BandedConfusion
from keras_padpos.metrics import SaliencyScores

if TYPE_CHECKING:
    from keras_padpos.data import PairedSet


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
            for mask, found in zip(masks, answers, strict=True):
                scores.update(mask, found)
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
