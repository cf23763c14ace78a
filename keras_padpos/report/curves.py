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


WIDTH, HEIGHT = 360, 230
"""Of the picture, in its own units."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 12, 40
_COLOURS = 8

# Values that span more are drawn on a logarithmic axis.
_LARGE_SPAN = 50

# Smaller ones lose their digits.
_TINY = 1e-290


@dataclasses.dataclass(frozen=True)
class CurvePlot:
    """What a template draws.

    Args:
        title: What is drawn against what.
        words: The same for those who do not see it, with the range.
        time: Label of the horizontal axis.
        x_ticks: Pairs of a position and a label.
        y_ticks: Pairs of a position and a label.
        frame: Left, top, right and bottom of the axes.
        lines: A triple each: the number of its colour, the points as SVG's
            `polyline` takes them, and a label.
        legend: Pairs of the number of a colour and what it stands for; empty
            if there are more families than colours.
        note: What a reader should know.
    """

    title: str
    words: str
    time: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    frame: tuple[float, float, float, float]
    lines: tuple[tuple[int, str, str], ...]
    legend: tuple[tuple[int, str], ...]
    note: str


def curve_plot(panel: CurvePanel) -> CurvePlot:
    """Lay out a panel.

    Curves of one family, those that differ in their seed alone, have one
    colour. Values that are all positive and span a factor of more than 50 are
    drawn on a logarithmic axis.

    Example:

    >>> from keras_padpos.report.curves import Curve
    >>> plot = curve_plot(CurvePanel(
    ...     "loss", "epoch", (Curve("a", "a", ((0, 1.0), (10, 0.5))),)))
    >>> plot.lines
    ((0, '52.0,12.0 350.0,190.0', 'a'),)
    >>> [label for _, label in plot.y_ticks]
    ['0.5', '0.6', '0.7', '0.8', '0.9', '1']

    Args:
        panel: At least one curve.

    Returns:
        The plot.
    """
    points = [point for curve in panel.curves for point in curve.points]
    times, values = zip(*points, strict=True)
    logarithmic = min(values) > 0 and max(values) / min(values) > _LARGE_SPAN
    across = _Axis(min(times), max(times), _LEFT, WIDTH - _RIGHT)
    up = _Axis(min(values), max(values), HEIGHT - _BOTTOM, _TOP, logarithmic)
    families = list(dict.fromkeys(curve.family for curve in panel.curves))
    lines = tuple(
        (
            families.index(curve.family) % _COLOURS,
            " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in curve.points),
            curve.label,
        )
        for curve in panel.curves
    )
    legend = ()
    if 1 < len(families) <= _COLOURS:
        legend = tuple(enumerate(_without_common_ends(families)))
    note = (
        ""
        if len(families) <= _COLOURS
        else (
            f"{len(families)} kinds of curves share {_COLOURS} colours; a "
            "curve tells its name when pointed at."
        )
    )
    metric = panel.metric.replace("_", " ")
    return CurvePlot(
        f"{metric} against {panel.time}" + (" (log)" if logarithmic else ""),
        f"{metric} against {panel.time}: {len(lines)} "
        f"curve{'s' if len(lines) > 1 else ''}, from {min(values):.3g} to "
        f"{max(values):.3g}",
        panel.time,
        across.ticks(),
        up.ticks(),
        (_LEFT, _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM),
        lines,
        legend,
        note,
    )


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
            step = _round_step((self._high - self._low) / 5)
            first = math.ceil(self._low / step - 1e-9)
            last = math.floor(self._high / step + 1e-9)
            values = [step * number for number in range(first, last + 1)]
        return tuple(
            (round(self(value), 1), f"{value:.4g}")
            for value in values
            if self._low - 1e-9 <= self._scaled(value) <= self._high + 1e-9
        )

    def _scaled(self, value):
        return math.log10(value) if self._logarithmic else value


def _round_step(least):
    """The smallest of 1, 2 and 5 times a power of ten that is not below."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(
        factor * power for factor in (1, 2, 5, 10) if factor * power >= least
    )


def _without_common_ends(labels):
    """What is common to all is left out, word by word."""
    words = [label.replace(", ", "-").split("-") for label in labels]
    start = 0
    while all(len(each) > start + 1 for each in words) and (
        len({each[start] for each in words}) == 1
    ):
        start += 1
    return ["-".join(each[start:]) for each in words]
