"""What a run logged, as lines to draw."""

import dataclasses
import math
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

# Against what is drawn: the first of these that takes several values.
_TIMES = ("step", "epoch")

# What numbers units and their seeds.
_SEED = re.compile(r"^\d+-|[-_ ]?seed[-_ ]?\d+", re.IGNORECASE)

# More values than are drawn of a line; the eye sees no more.
_MOST_POINTS = 300
_MOST_PANELS = 6


@dataclasses.dataclass(frozen=True)
class Curve:
    """A line: one metric of one unit of work.

    Args:
        label: Names it among all of its panel.
        family: What it has in common with those of other seeds.
        points: Pairs of a time and a finite value, by time.
    """

    label: str
    family: str
    points: tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class CurvePanel:
    """The lines of one metric.

    Args:
        metric: Its name.
        time: `"step"` or `"epoch"`.
        curves: A line each.
    """

    metric: str
    time: str
    curves: tuple[Curve, ...]


def learning_curves(lines: Sequence[Mapping[str, Any]]) -> list[CurvePanel]:
    """Sort lines of metrics.jsonl into panels and curves.

    Example:

    >>> (panel,) = learning_curves([
    ...     {"unit": f"vgg5-seed{seed}", "epoch": epoch, "loss": 0.5**epoch}
    ...     for seed in (0, 1) for epoch in (0, 1)
    ... ])
    >>> panel.metric, [curve.label for curve in panel.curves]
    ('loss', ['vgg5-seed0', 'vgg5-seed1'])
    >>> {curve.family for curve in panel.curves}
    {'vgg5'}

    Args:
        lines: Each with a `step` or an `epoch`, strings that tell curves
            apart (`unit` among them), and numbers.

    Returns:
        A panel for each of the first six numbers that change with time; none
        where no curve has two points.
    """
    time = _time(lines)
    if time is None:
        return []
    lines = [line for line in lines if _is_finite(line.get(time))]
    names = [
        name
        for name in dict.fromkeys(name for line in lines for name in line)
        if any(isinstance(line.get(name), str) for line in lines)
    ]
    # What all curves have in common tells nothing.
    names = [
        name
        for name in names
        if len({str(line.get(name)) for line in lines}) > 1
    ]
    metrics = dict.fromkeys(
        name
        for line in lines
        for name, value in line.items()
        if name not in _TIMES and _is_finite(value)
    )
    panels = []
    for metric in metrics:
        curves: dict[str, dict[float, float]] = {}
        for line in lines:
            if _is_finite(line.get(metric)):
                label = ", ".join(str(line[n]) for n in names if n in line)
                points = curves.setdefault(label, {})
                points[line[time]] = line[metric]
        drawn = tuple(
            Curve(
                label,
                _SEED.sub("", label).strip("-_, ") or label,
                _thinned(sorted(points.items())),
            )
            for label, points in curves.items()
            if len(points) > 1
        )
        values = {value for curve in drawn for _, value in curve.points}
        if len(values) > 1:
            panels.append(CurvePanel(metric, time, drawn))
    return panels[:_MOST_PANELS]


def _time(lines):
    for name in _TIMES:
        if (
            len(
                {line.get(name) for line in lines if _is_finite(line.get(name))}
            )
            > 1
        ):
            return name
    return None


def _is_finite(value):
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        # Whole numbers can be larger than any float.
        and abs(value) < 1e300
        and math.isfinite(value)
    )


def _thinned(points):
    """Evenly chosen ones, the first and the last among them."""
    if len(points) <= _MOST_POINTS:
        return tuple(points)
    step = (len(points) - 1) / (_MOST_POINTS - 1)
    return tuple(points[round(step * number)] for number in range(_MOST_POINTS))
