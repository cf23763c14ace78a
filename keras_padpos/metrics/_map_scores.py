"""Scores of a predicted position map."""

import numpy as np
from scipy import stats

from keras_padpos.checks import as_floats
from keras_padpos.errors import InputError

_CONSTANT = 1e-6
"""Spread below which a prediction is constant, as a share of the target's."""


def rank_correlation(predictions: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Spearman correlation (SPC) of each predicted map with the target.

    Ties share their mean rank. A constant prediction has no ranks; it scores
    0, as Islam et al. (ICLR 2020, Table 1) print it. Rounding noise is not
    position: a prediction whose standard deviation is less than 1e-6 of the
    target's counts as constant.

    Example:

    >>> ramp = np.linspace(0, 1, 6).reshape(2, 3)
    >>> [float(r) for r in rank_correlation([ramp, -ramp, 0 * ramp], ramp)]
    [1.0, -1.0, 0.0]

    Args:
        predictions: `(maps, height, width)`.
        target: `(height, width)`.

    Returns:
        `(maps,)`, values in [-1, 1].

    Raises:
        ValueError: If the shapes do not fit, a value is not finite, or the
            target is constant.
    """
    predictions = as_floats("predictions", predictions, "(maps, height, width)")
    target = as_floats("target", target, "(height, width)")
    if predictions.shape[1:] != target.shape:
        raise InputError(
            "`predictions` must be maps of the target's shape "
            f"{target.shape}. Received: shape {predictions.shape}"
        )
    scale = target.std()
    if scale == 0:
        raise InputError("`target` must not be constant.")
    maps = predictions.reshape(len(predictions), -1)
    varied = maps.std(axis=1) >= _CONSTANT * scale
    scores = np.zeros(len(maps))
    if varied.any():
        ranks = _centred_ranks(maps[varied])
        wanted = _centred_ranks(target.reshape(1, -1))
        scores[varied] = (ranks @ wanted[0]) / (
            np.linalg.norm(ranks, axis=1) * np.linalg.norm(wanted)
        )
    return scores


def _centred_ranks(maps):
    ranks = stats.rankdata(maps, axis=1)
    return ranks - ranks.mean(axis=1, keepdims=True)


def chance_mae(target: np.ndarray) -> float:
    """The least mean absolute error that any constant map reaches.

    Example:

    >>> round(chance_mae(np.linspace(0, 1, 224)), 3)
    0.251

    Args:
        target: The map to be predicted.

    Returns:
        The mean distance to the median, in the target's unit.

    Raises:
        ValueError: If the map is empty, or not finite.
    """
    target = as_floats("target", target)
    return float(np.abs(target - np.median(target)).mean())
