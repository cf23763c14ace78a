"""One axis of a map, in cells of the picture."""

from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class Line:
    """Places in the picture, from a position's number: `start + i * step`."""

    step: float
    start: float

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

    stride: int
    before: int
    beyond: int  # size - before: what is seen from i * stride on
    positions: int
    first: int
    last: int
    low: Line
    high: Line

    def after(
        self, kernel, stride, dilation, pads, positions, *, stretches=False
    ):
        """The axis behind a window that adds cells in front and behind."""
        step = self.stride
        extent = (kernel - 1) * dilation
        before = pads[0]
        scale, start = 1, -before
        if stretches and sum(pads):
            scale = self.positions / (self.positions + sum(pads))
            start = (scale - 1) / 2
        return FieldAxis(
            step * stride,
            self.before + before * step,
            self.beyond + (extent - before) * step,
            positions,
            max(-(-(self.first + before) // stride), 0),
            min((self.last + before - extent) // stride, positions - 1),
            self.low.behind(scale * stride, start),
            self.high.behind(scale * stride, start + scale * extent),
        )

    def cut(self, start, positions):
        """The axis without its first cells."""
        return self.after(1, 1, 1, (-start, 0), positions)
