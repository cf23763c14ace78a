"""One axis of a map, in cells of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from statistics import fmean
from typing import Any

Pair = tuple[int, int]


@dataclass(frozen=True)
class SeenCells:
    """The first and the last cell of a map that each position sees.

    Positions repeat: position `k * len(ranges) + p` sees the cells
    `k * period + ranges[p][0]` to `k * period + ranges[p][1]`, past the ends
    of the map too. A window that moves by a stride has one range; what
    enlarges by 2 has two, and a period of 1. Both ends never decrease from one
    position to the next. Of a position that sees no cell, as between the
    kernels of a transposed convolution, the first lies behind the last.
    """

    period: int
    ranges: tuple[Pair, ...]

    @property
    def stride(self) -> int | Fraction:
        """Cells between neighbouring positions: an int where it is whole."""
        return _plain(Fraction(self.period, len(self.ranges)))

    @property
    def size(self) -> int:
        """The most cells that a position sees."""
        return max(high - low + 1 for low, high in self.ranges)

    @property
    def mean(self) -> Pair | tuple[Fraction | int, Fraction | int]:
        """Where the first position sees, on the mean of one period."""
        count, stride = len(self.ranges), self.stride
        starts = []
        for ends in zip(*self.ranges, strict=True):
            total = sum(end - p * stride for p, end in enumerate(ends))
            starts.append(_plain(Fraction(total) / count))
        return starts[0], starts[1]

    def at(self, position: int) -> Pair:
        """The first and the last cell that a position sees."""
        periods, phase = divmod(position, len(self.ranges))
        low, high = self.ranges[phase]
        return low + periods * self.period, high + periods * self.period

    def behind(self, layer: "SeenCells") -> "SeenCells":
        """The cells seen by the positions of a layer that sees this map."""
        period = lcm(layer.period, len(self.ranges))
        count = period // layer.period * len(layer.ranges)
        seen = [layer.at(i) for i in range(count)]
        return SeenCells(
            period // len(self.ranges) * self.period,
            tuple((self.at(low)[0], self.at(high)[1]) for low, high in seen),
        )

    def over(self, count: int) -> "SeenCells":
        """The same with as many ranges, a multiple of what there are."""
        ranges = tuple(map(self.at, range(count)))
        return SeenCells(self.period * count // len(self.ranges), ranges)

    def within(self, first: int, last: int) -> Pair:
        """The first and the last position that see no cells but these."""
        count = len(self.ranges)
        starts, ends = [], []
        for phase, (low, high) in enumerate(self.ranges):
            starts.append(-((low - first) // self.period) * count + phase)
            ends.append((last - high) // self.period * count + phase)
        return min(starts), max(ends)

    @classmethod
    def joining(cls, several: Sequence["SeenCells"]) -> "SeenCells":
        """What is seen where maps of one stride lie on one another."""
        count = lcm(*(len(each.ranges) for each in several))
        several = [each.over(count) for each in several]
        return cls(
            several[0].period,
            tuple(
                (min(low for low, _ in ranges), max(high for _, high in ranges))
                for ranges in zip(
                    *(each.ranges for each in several), strict=True
                )
            ),
        )


@dataclass(frozen=True)
class Line:
    """Places in the picture, from a position's number: `start + i * step`."""

    step: Any
    start: Any

    def behind(self, step, start):
        """The line of a map whose `i` lies on `start + i * step` of this."""
        return Line(self.step * step, self.step * start + self.start)

    @classmethod
    def joining(cls, outermost, lines, weights):
        """Of lines side by side the outermost, else their weighted mean."""
        starts = [line.start for line in lines]
        steps = [line.step for line in lines]
        if len(set(steps)) == 1:
            return cls(steps[0], outermost(starts))
        return cls(fmean(steps, weights), fmean(starts, weights))


@dataclass(frozen=True)
class FieldAxis:
    """One axis of a map, in cells of the picture.

    `first` and `last` bound the positions that padding does not reach; `low`
    and `high` are the first and the last cell that a position sees.
    """

    seen: SeenCells
    positions: int
    first: int
    last: int
    low: Line
    high: Line

    @classmethod
    def of_picture(cls, size: int) -> "FieldAxis":
        """An axis of the picture itself."""
        line = Line(1, 0)
        return cls(SeenCells(1, ((0, 0),)), size, 0, size - 1, line, line)

    @property
    def stride(self) -> int | Fraction:
        """Cells of the picture between neighbouring positions."""
        return self.seen.stride

    def behind(
        self, layer: SeenCells, positions: int, stretched: int = 0
    ) -> "FieldAxis":
        """The axis of what a layer makes of the map.

        Args:
            layer: The cells of this map that its positions see.
            positions: How many they are.
            stretched: Cells that the layer adds by enlarging its input, in
                place of a frame.
        """
        low, high = layer.mean
        scale: Any = 1
        if stretched:
            scale = self.positions / (self.positions + stretched)
            extent = high - low
            low = (scale - 1) / 2
            high = low + scale * extent
        first, last = layer.within(self.first, self.last)
        return FieldAxis(
            self.seen.behind(layer),
            positions,
            max(first, 0),
            min(last, positions - 1),
            self.low.behind(scale * layer.stride, low),
            self.high.behind(scale * layer.stride, high),
        )

    def cut(self, start: int, positions: int) -> "FieldAxis":
        """The axis without its first cells."""
        return self.behind(SeenCells(1, ((start, start),)), positions)

    @classmethod
    def joining(
        cls, axes: Sequence["FieldAxis"], weights: Sequence[int]
    ) -> "FieldAxis":
        """The union of axes of one stride and as many positions.

        Args:
            axes: The axes.
            weights: How strong each one is, for what lies in the middle.
        """
        return cls(
            SeenCells.joining([axis.seen for axis in axes]),
            axes[0].positions,
            max(axis.first for axis in axes),
            min(axis.last for axis in axes),
            Line.joining(min, [axis.low for axis in axes], weights),
            Line.joining(max, [axis.high for axis in axes], weights),
        )


def _plain(number: Fraction) -> int | Fraction:
    """An int where it is whole."""
    return int(number) if number.denominator == 1 else number
