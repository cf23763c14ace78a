"""What the rows of a run of `pattern_formation` come to."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

_Rows = Sequence[Mapping[str, Any]]


def formation_summary(rows: _Rows, figure: str = "relative") -> dict[str, Any]:
    """Mean and spread over seeds at start and end, and what changed between.

    Ratios are compared on their logarithm; a pattern of 0 has none, and is
    left out of all but the first table.

    Example:

    >>> rows = [
    ...     {"padding_mode": mode, "seed": seed, "step": step, "layer": "conv",
    ...      "test_accuracy": 0.5, "relative": value * (1 + seed / 100)}
    ...     for mode, values in {"zeros": (1, 4), "reflect": (1, 2)}.items()
    ...     for step, value in zip((0, 9), values)
    ...     for seed in (0, 1)
    ... ]
    >>> found = formation_summary(rows)
    >>> [round(line["ratio"], 6) for line in found["modes"]]
    [4.0, 2.0]
    >>> (line,) = found["layers"]
    >>> round(line["end_factor"], 6), round(line["growth"], 3)
    (2.0, 2.828)

    Args:
        rows: Of a run.
        figure: What is compared: `"relative"`, `"snr_of_means"`, ...

    Returns:
        A dict of two lists.

        * `modes`: for each layer and mode `start_mean`, `start_sd`,
          `end_mean`, `end_sd` (standard deviations over seeds, `None` for
          one); `ratio`, the geometric mean over seeds of end over start, and
          `ratio_ci95` by Student's t; `accuracy_mean`, `accuracy_sd`;
          `start_noise` and `end_noise`, how much of `mae` there would be
          about if there were no pattern (`mae_noise` / `mae`, mean over
          seeds; `None` where that is not known); and `seeds`.
        * `layers`: for each layer `start_share` and `end_share`, the share of
          the variance of the logarithm that lies between modes, not seeds,
          with `start_share_ci95` and `end_share_ci95`; `start_factor` and
          `end_factor`, the largest mode's geometric mean over the smallest's;
          `growth`, the geometric mean over modes of `ratio`, with
          `growth_ci95` by Student's t over modes; and `modes`, how many these
          are.
    """
    steps = {row["step"] for row in rows}
    start, end = min(steps), max(steps)
    found: dict[str, list] = {"modes": [], "layers": []}
    for layer in dict.fromkeys(row["layer"] for row in rows):
        logs: dict[str, dict[str, list[float]]] = {"start": {}, "end": {}}
        ratios = []
        for mode in dict.fromkeys(row["padding_mode"] for row in rows):
            first, last = (
                _by_seed(rows, layer, mode, step, figure)
                for step in (start, end)
            )
            values = [list(each.values()) for each in (first, last)]
            line = {"layer": layer, "padding_mode": mode, "seeds": len(last)}
            for name, each in zip(("start", "end"), values, strict=True):
                line |= mean_and_sd(name, each)
            accuracies = _by_seed(rows, layer, mode, end, "test_accuracy")
            line |= mean_and_sd("accuracy", list(accuracies.values()))
            line |= {
                "start_noise": _noise(rows, layer, mode, start),
                "end_noise": _noise(rows, layer, mode, end),
                "ratio": None,
                "ratio_ci95": None,
            }
            positive = all(
                value and value > 0 for each in values for value in each
            )
            if positive and first.keys() == last.keys():
                logs["start"][mode], logs["end"][mode] = map(_logs, values)
                change = [math.log(last[seed] / first[seed]) for seed in first]
                line["ratio"] = math.exp(np.mean(change))
                line["ratio_ci95"] = _interval(change)
                ratios.append(float(np.mean(change)))
            found["modes"].append(line)
        found["layers"].append(
            {"layer": layer, **_layer(logs), **_growth(ratios)}
        )
    return found


def mean_and_sd(name: str, values: Sequence[float | None]) -> dict[str, Any]:
    """Mean and standard deviation under `NAME_mean` and `NAME_sd`.

    Example:

    >>> mean_and_sd("end", [1.0, 3.0])
    {'end_mean': 2.0, 'end_sd': 1.4142135623730951}

    Args:
        name: What the keys begin with.
        values: One a seed; `None` among them makes both `None`.

    Returns:
        The two, the latter `None` for one value.
    """
    if not values or any(value is None for value in values):
        return {f"{name}_mean": None, f"{name}_sd": None}
    return {
        f"{name}_mean": float(np.mean(values)),
        f"{name}_sd": float(np.std(values, ddof=1))
        if len(values) > 1
        else None,
    }


def _noise(rows, layer, mode, step):
    """How much of a pattern's size noise alone would give."""
    sizes = _by_seed(rows, layer, mode, step, "mae")
    noise = _by_seed(rows, layer, mode, step, "mae_noise")
    if not all(sizes.values()) or None in noise.values():
        return None
    return float(np.mean([noise[seed] / sizes[seed] for seed in sizes]))


def _by_seed(rows, layer, mode, step, figure):
    return {
        row["seed"]: row.get(figure)
        for row in rows
        if (row["layer"], row["padding_mode"], row["step"])
        == (layer, mode, step)
    }


def _logs(values):
    return [math.log(value) for value in values]


def _layer(logs):
    """Between modes and between seeds, at start and end."""
    from keras_padpos.metrics import variance_share

    line = {}
    for name, groups in logs.items():
        found = variance_share(list(groups.values()))
        means = [np.mean(values) for values in groups.values()]
        line |= {
            f"{name}_share": found and found.share,
            f"{name}_share_ci95": found and [found.low, found.high],
            f"{name}_factor": math.exp(np.ptp(means)) if means else None,
        }
    return line


def _growth(ratios):
    return {
        "growth": math.exp(np.mean(ratios)) if ratios else None,
        "growth_ci95": _interval(ratios),
        "modes": len(ratios),
    }


def _interval(logs):
    """Student's t of a mean of logarithms, as a pair of ratios."""
    if len(logs) < 2:
        return None
    if np.ptp(logs) == 0:
        return [math.exp(logs[0])] * 2
    # Half a second that no binary's --help should take.
    from scipy import stats

    found = stats.ttest_1samp(logs, 0.0).confidence_interval(0.95)
    return [math.exp(found.low), math.exp(found.high)]
