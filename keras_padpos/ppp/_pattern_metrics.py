"""How large a pattern is, beside the features and beside its own noise."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.metrics import border_profile
from keras_padpos.metrics import jackknife_interval
from keras_padpos.metrics import side_asymmetry
from keras_padpos.ppp.statistics import PatternStatistics
from keras_padpos.ppp.statistics import ReferenceStatistics

ROUNDING = 1e-12
"""Variance of O, over its power, that is no more than rounding.

Both are means over units; the power is the mean of O² over crops. Where O
varies by less than a millionth of its usual size, nothing is divided by it.
"""

_WITH_INTERVAL = ("mae", "relative", "snr")
# Of the absolute value of a normal variable, in deviations.
_MEAN_ABSOLUTE = math.sqrt(2 / math.pi)


def pattern_metrics(
    statistics: PatternStatistics,
    reference: ReferenceStatistics,
    position: Sequence[tuple[int, int]],
    shared: np.ndarray,
) -> dict[str, Any]:
    """The figures of one layer of one network.

    With D = A - O, the padded less the reference features, of which there is
    one for each crop and unit (position and channel), the mean E and the
    variance Var over crops:

    * `mae`: mean over units of |E[D]|; `mae_noise`: what it would be about if
      E[D] were 0 everywhere, from how E[D] varies between groups of pictures.
      An absolute value never averages out: where `mae` is not well above
      `mae_noise`, it falls with more pictures, and its interval, which tells
      how much it varies, lies above 0 all the same;
    * `mae_per_image`: mean over units of E|D|, at least `mae`;
    * `deviation`: root of the mean over units of Var(D), how much the effect
      of padding differs from crop to crop;
    * `relative`: `mae` / std(O), where std(O) is the root of the mean over
      units of Var(O); `None` if no unit varies;
    * `snr`: mean over units of E[D]² / mean over units of Var(O), `None` if no
      unit varies; `snr_unbiased`: with the product of E[D] over both halves of
      the pictures for the square, which noise in E[D] does not enlarge;
    * `border`, `corner`, `centre`: the channel mean of |E[D]|, mean over the
      outermost positions, over the four corners, and over the innermost ones;
      `left_right`, `top_bottom`: its contrasts, see `side_asymmetry`.

    Intervals (`mae_ci95`, `relative_ci95`, `snr_ci95`) are those of a
    delete-a-group jackknife over pictures, see `jackknife_interval`, computed
    on up to 32,768 units of the layer.

    These definitions are ours: what Lin et al. call their metrics and how they
    compute them could not be read.

    Example:

    >>> import keras
    >>> from keras_padpos.ppp import PatternMeasurement
    >>> conv = keras.layers.Conv2D(2, 3, padding="same", name="conv")
    >>> inputs = keras.Input((None, None, 1))
    >>> net = keras.Model(inputs, {"conv": conv(inputs)})
    >>> measurement = PatternMeasurement({"zeros": net}, crop=4)
    >>> rng = np.random.default_rng(0)
    >>> measurement.update(rng.uniform(1, 2, (8, 6, 6, 1)).astype("float32"))
    >>> row = measurement.rows()[0]
    >>> row["mae_per_image"] >= row["mae"] > row["centre"]
    True

    Args:
        statistics: Of D.
        reference: Of O, at the positions of the crop.
        position: Which of these positions D has: rows and columns, each
            `(start, stop)`.
        shared: `(units,)` bool: which of the units kept for O are among those
            kept for D.

    Returns:
        The figures; `None` where there is none (an interval of fewer than two
        groups of pictures).
    """
    (top, bottom), (left, right) = position
    difference = statistics.difference
    mean = difference.mean
    typical = reference.moments.variance[top:bottom, left:right].mean()
    content = reference.moments.mean[top:bottom, left:right]
    varies = _varies(typical, np.square(content).mean())
    mae = float(np.abs(mean).mean())
    first, second = difference.means
    figures: dict[str, Any] = {
        "mae": mae,
        "mae_per_image": float(statistics.absolute.mean() / difference.count),
        "deviation": math.sqrt(difference.variance.mean()),
        "relative": mae / math.sqrt(typical) if varies else None,
        "snr": float(np.square(mean).mean() / typical) if varies else None,
        "snr_unbiased": (
            float((first * second).mean() / typical)
            if varies and difference.counts.all()
            else None
        ),
    }
    replicates, noise = _without_groups(statistics, reference, shared)
    for name in _WITH_INTERVAL:
        figures[f"{name}_ci95"] = (
            None
            if figures[name] is None
            else jackknife_interval(figures[name], replicates[name])
        )
    figures["mae_noise"] = noise
    pattern = np.abs(mean).mean(axis=-1)
    profile = border_profile(pattern)
    left_right, top_bottom = side_asymmetry(pattern)
    figures |= {
        "border": float(profile[0]),
        "corner": float(pattern[[0, 0, -1, -1], [0, -1, 0, -1]].mean()),
        "centre": float(profile[-1]),
        "left_right": left_right,
        "top_bottom": top_bottom,
    }
    return figures


def pattern_maps(statistics: PatternStatistics) -> dict[str, np.ndarray]:
    """Maps of a pattern, over channels.

    Example:

    >>> empty = PatternStatistics.empty((2, 3, 1), 6)
    >>> empty.difference.counts[:] = 1
    >>> pattern_maps(empty)["pattern"].shape
    (2, 3)

    Args:
        statistics: Of D.

    Returns:
        `pattern`, `signed` and `per_image`, each `(height, width)`: the
        channel means of |E[D]|, E[D] and E|D|; and `profile`, `(distances,)`:
        the first of them against the distance to the border.
    """
    mean = statistics.difference.mean
    pattern = np.abs(mean).mean(axis=-1)
    return {
        "pattern": pattern,
        "signed": mean.mean(axis=-1),
        "per_image": statistics.absolute / statistics.difference.count,
        "profile": border_profile(pattern),
    }


def _varies(variance, squared_mean):
    return variance > ROUNDING * (variance + squared_mean)


def _without_groups(statistics, reference, shared):
    """Figures without each group of pictures, and the noise of E[D]."""
    counts, sums = statistics.groups.without_each()
    _, theirs = reference.groups.without_each()
    nothing = {name: np.array([]) for name in _WITH_INTERVAL}
    if len(counts) < 2 or counts.min() < 2 or not shared.any():
        return nothing, None
    below = counts[:, None]
    means = sums[:, 0] / below
    total, squares = (theirs[:, each][:, shared] for each in (0, 1))
    variances = np.maximum(squares - total**2 / below, 0) / (below - 1)
    typical = variances.mean(axis=1)
    figures = dict(nothing, mae=np.abs(means).mean(axis=1))
    if _varies(typical, np.square(total / below).mean(axis=1)).all():
        figures["relative"] = figures["mae"] / np.sqrt(typical)
        figures["snr"] = np.square(means).mean(axis=1) / typical
    groups = len(counts)
    errors = np.sqrt((groups - 1) * means.var(axis=0))
    return figures, float(_MEAN_ABSOLUTE * errors.mean())
