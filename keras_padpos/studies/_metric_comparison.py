"""How stable metrics are, and whether they tell padding from none."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.studies._metric_values import MetricValue

_NO_PADDING = "none"


def metric_comparison(values: Sequence[MetricValue]) -> list[dict[str, Any]]:
    """Compare metrics of the same networks.

    Example:

    >>> values = [
    ...     MetricValue("net", mode, seed, "score", value + seed)
    ...     for mode, value in {"none": 0, "zeros": 4, "reflect": 8}.items()
    ...     for seed in (0, 1)
    ... ]
    >>> (line,) = metric_comparison(values)
    >>> line["modes"]["zeros"][:2], round(line["stability"], 3)
    ((4.5, 0.7071067811865476), 0.177)
    >>> line["difference"], line["above"], line["below"]
    (6.0, 2, 0)

    Args:
        values: See `metric_values`.

    Returns:
        For each model and metric, in order, a dict with `model`, `metric`,
        `networks` (how many) and

        * `modes`: from a padding mode to mean and standard deviation over
          seeds (`None` for one) and their number;
        * `sd`: the standard deviation within a mode, pooled over modes that
          pad; `range`: of these modes' means; `stability`, the one over the
          other (less is more stable), and `stability_ci95`, from the chi
          square distribution of the pooled variance, the range taken as it
          is;
        * `share`, `share_ci95`: of the variance over networks that pad, how
          much lies between modes: see `metrics.variance_share`;
        * `difference`: the mean over the means of modes that pad, less the
          mean of networks without padding; `difference_ci95`: Welch's
          interval of it, in which modes that pad and seeds of no padding are
          the samples; `standardised`: it over the root of the mean of both
          samples' variances;
        * `higher`: how often, of all pairs of a network that pads and one
          that does not, the one that pads has the higher value, ties half;
        * `above`, `below`: for how many modes that pad, out of
          `padding_modes`, the values of all seeds lie above all those without
          padding, or below.

        What there are too few networks for is `None`.
    """
    grouped: dict[tuple[str, str], list[MetricValue]] = {}
    for value in values:
        grouped.setdefault((value.model, value.metric), []).append(value)
    return [
        {"model": model, "metric": metric, **_compare(mine)}
        for (model, metric), mine in grouped.items()
    ]


def _compare(values):
    by_mode: dict[str, list[float]] = {}
    for value in values:
        mine = by_mode.setdefault(value.padding_mode, [])
        if value.value is not None:
            mine.append(float(value.value))
    by_mode = {mode: mine for mode, mine in by_mode.items() if mine}
    padded = {
        mode: mine for mode, mine in by_mode.items() if mode != _NO_PADDING
    }
    return {
        "networks": sum(map(len, by_mode.values())),
        "modes": {
            mode: (
                float(np.mean(mine)),
                float(np.std(mine, ddof=1)) if len(mine) > 1 else None,
                len(mine),
            )
            for mode, mine in by_mode.items()
        },
        **_stability(list(padded.values())),
        **_separation(padded, by_mode.get(_NO_PADDING, [])),
    }


def _stability(groups):
    from keras_padpos.metrics import variance_share

    freedom = sum(len(mine) - 1 for mine in groups)
    line = dict.fromkeys(("sd", "range", "stability", "stability_ci95"))
    if groups:
        line["range"] = float(np.ptp([np.mean(mine) for mine in groups]))
    if freedom:
        squares = sum(
            np.square(np.array(mine) - np.mean(mine)).sum() for mine in groups
        )
        line["sd"] = math.sqrt(squares / freedom)
        if line["range"]:
            # Half a second that no binary's --help should take.
            from scipy import stats

            # Of the pooled variance over the true one.
            tails = stats.chi2.ppf([0.975, 0.025], freedom) / freedom
            line["stability"] = line["sd"] / line["range"]
            line["stability_ci95"] = [
                float(line["stability"] / math.sqrt(tail)) for tail in tails
            ]
    found = variance_share(groups)
    line["share"] = found and found.share
    line["share_ci95"] = found and [found.low, found.high]
    return line


def _separation(padded, none):
    line = dict.fromkeys(
        (
            "difference",
            "difference_ci95",
            "standardised",
            "higher",
            "above",
            "below",
        )
    )
    line["padding_modes"] = len(padded)
    if not padded or not none:
        return line
    means = [float(np.mean(mine)) for mine in padded.values()]
    every = np.concatenate(list(padded.values()))
    line["difference"] = float(np.mean(means) - np.mean(none))
    line["higher"] = float(
        np.mean(
            [
                (np.sign(value - other) + 1) / 2
                for value in every
                for other in none
            ]
        )
    )
    line["above"] = sum(min(mine) > max(none) for mine in padded.values())
    line["below"] = sum(max(mine) < min(none) for mine in padded.values())
    if min(len(means), len(none)) < 2:
        return line
    spread = math.sqrt((np.var(means, ddof=1) + np.var(none, ddof=1)) / 2)
    if not spread:
        return line
    line["difference_ci95"] = _welch(means, none)
    line["standardised"] = line["difference"] / spread
    return line


def _welch(first, second):
    """Interval of a difference of means; one sample may be all alike."""
    from scipy import stats

    if not np.ptp(second):
        found = stats.ttest_1samp(np.subtract(first, second[0]), 0.0)
    elif not np.ptp(first):
        found = stats.ttest_1samp(np.subtract(first[0], second), 0.0)
    else:
        found = stats.ttest_ind(first, second, equal_var=False)
    interval = found.confidence_interval(0.95)
    return [float(interval.low), float(interval.high)]
