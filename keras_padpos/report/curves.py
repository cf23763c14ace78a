"""What a run logged, as lines of a small SVG picture."""

import dataclasses
import math
import re
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

WIDTH, HEIGHT = 360, 230
"""Of a picture, in its own units."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 12, 40
_COLOURS = 8

# The horizontal axis: the first of these that takes several values.
_TIMES = ("step", "epoch")

# What numbers units and their seeds.
_SEED = re.compile(r"^\d+-|[-_ ]?seed[-_ ]?\d+", re.IGNORECASE)

# More points of a line than the eye sees.
_MOST_POINTS = 300
_MOST_PANELS = 6

# Values that span more are drawn on a logarithmic axis.
_LARGE_SPAN = 50

# Smaller ones lose their digits.
_TINY = 1e-290


@dataclasses.dataclass(frozen=True)
class Curve:
    """One metric of one unit of work: pairs of a time and a finite value.

    `label` names it among all of its panel, `family` those of other seeds too.
    """

    label: str
    family: str
    points: tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class CurvePanel:
    """The lines of one metric against `time`, `"step"` or `"epoch"`."""

    metric: str
    time: str
    curves: tuple[Curve, ...]


def learning_curves(lines: Sequence[Mapping[str, Any]]) -> list[CurvePanel]:
    """Sort lines of metrics.jsonl into panels and curves.

    Lines have a `step` or an `epoch`, strings that tell curves apart (`unit`
    among them), and numbers: a panel for each of the first six that change
    with time, none where no curve has two points.
    """
    for time in _TIMES:
        timed = [line for line in lines if _is_finite(line.get(time))]
        if len({line[time] for line in timed}) > 1:
            break
    else:
        return []
    fields = dict.fromkeys(name for line in timed for name in line)
    names = [
        name
        for name in fields
        if any(isinstance(line.get(name), str) for line in timed)
        # What all curves have in common tells nothing.
        and len({str(line.get(name)) for line in timed}) > 1
    ]
    panels = []
    for metric in fields:
        own = [line for line in timed if _is_finite(line.get(metric))]
        if metric in _TIMES or not own:
            continue
        points: dict[str, dict[float, float]] = {}
        for line in own:
            label = ", ".join(str(line[n]) for n in names if n in line)
            points.setdefault(label, {})[line[time]] = line[metric]
        curves = tuple(
            Curve(
                label,
                _SEED.sub("", label).strip("-_, ") or label,
                _thinned(sorted(by_time.items())),
            )
            for label, by_time in points.items()
            if len(by_time) > 1
        )
        if len({value for curve in curves for _, value in curve.points}) > 1:
            panels.append(CurvePanel(metric, time, curves))
    return panels[:_MOST_PANELS]


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


def curve_plot(panel: CurvePanel) -> dict[str, Any]:
    """Lay out a panel, as the template draws it.

    Curves of one family, those that differ in their seed alone, have one
    colour. Values that are all positive and span a factor of more than 50 are
    drawn on a logarithmic axis. `lines` are the number of a colour, the points
    as SVG's `polyline` takes them, and a label; `legend` is empty if there are
    more families than colours.
    """
    points = [point for curve in panel.curves for point in curve.points]
    times, values = zip(*points, strict=True)
    logarithmic = min(values) > 0 and max(values) / min(values) > _LARGE_SPAN
    across = _Axis(min(times), max(times), _LEFT, WIDTH - _RIGHT)
    up = _Axis(min(values), max(values), HEIGHT - _BOTTOM, _TOP, logarithmic)
    families = list(dict.fromkeys(curve.family for curve in panel.curves))
    title = f"{panel.metric.replace('_', ' ')} against {panel.time}"
    count = len(panel.curves)
    return {
        "title": title + (" (log)" if logarithmic else ""),
        "label": f"{title}: {count} curve{'s' if count > 1 else ''}, from "
        f"{min(values):.3g} to {max(values):.3g}",
        "time": panel.time,
        "x_ticks": across.ticks(),
        "y_ticks": up.ticks(),
        "frame": (_LEFT, _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM),
        "lines": [
            (
                families.index(curve.family) % _COLOURS,
                " ".join(
                    f"{across(x):.1f},{up(y):.1f}" for x, y in curve.points
                ),
                curve.label,
            )
            for curve in panel.curves
        ],
        "legend": list(enumerate(_without_common_start(families)))
        if 1 < len(families) <= _COLOURS
        else [],
        "note": ""
        if len(families) <= _COLOURS
        else f"{len(families)} kinds of curves share {_COLOURS} colours; a "
        "curve tells its name when pointed at.",
    }


class _Axis:
    """From values to positions."""

    def __init__(self, low, high, start, end, logarithmic=False):
        self._logarithmic = logarithmic
        # Values that are all but one have an axis too.
        largest = max(abs(low), abs(high))
        if high - low <= max(1e-9 * largest, _TINY):
            reach = 0.1 * largest if largest > _TINY else 0.5
            low, high = low - reach, high + reach
        self._low, self._high = self._scaled(low), self._scaled(high)
        self._start, self._end = start, end

    def __call__(self, value):
        share = (self._scaled(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self):
        if self._logarithmic:
            low, high = math.floor(self._low), math.ceil(self._high)
            step = max(1, (high - low) // 4)
            values = [
                factor * 10.0**power
                for power in range(low, high + 1, step)
                for factor in ((1, 2, 5) if high - low < 3 else (1,))
            ]
        else:
            least = (self._high - self._low) / 5
            power = 10.0 ** math.floor(math.log10(least))
            step = next(
                factor * power
                for factor in (1, 2, 5, 10)
                if factor * power >= least
            )
            first = math.ceil(self._low / step - 1e-9)
            last = math.floor(self._high / step + 1e-9)
            values = [step * number for number in range(first, last + 1)]
        return [
            (round(self(value), 1), f"{value:.4g}")
            for value in values
            if self._low - 1e-9 <= self._scaled(value) <= self._high + 1e-9
        ]

    def _scaled(self, value):
        return math.log10(value) if self._logarithmic else value


def _without_common_start(labels):
    """What all labels begin with is left out, word by word."""
    parts = [label.replace(", ", "-").split("-") for label in labels]
    start = 0
    while all(len(each) > start + 1 for each in parts) and (
        len({each[start] for each in parts}) == 1
    ):
        start += 1
    return ["-".join(each[start:]) for each in parts]
