"""Windows along one axis of a picture."""

import math
from dataclasses import dataclass
from fractions import Fraction

from keras_padpos.errors import InputError
from keras_padpos.padding import PaddingMode


@dataclass(frozen=True)
class Reach:
    """Where padding reaches along one axis of an output of the whole picture.

    Attributes:
        stride: Cells of the picture for one position.
        first: First position that padding does not reach.
        last: The last one.
        positions: How many there are.
    """

    stride: Fraction
    first: int
    last: int
    positions: int

    def last_in(self, cells_less: int) -> int:
        """The last clear position of a window that is so much shorter."""
        return self.last - int(cells_less / self.stride)


@dataclass(frozen=True)
class WindowAxis:
    """One axis of the picture, which windows of one size are to cover.

    Example:

    >>> axis = WindowAxis(20, 2, (Reach(Fraction(2), 1, 8, 10),), None)
    >>> axis.window(9, 0), axis.starts(8)
    (8, (0, 4, 8, 12))
    >>> axis.cuts(axis.starts(8), 0)
    ((0, 0, 3), (1, 3, 5), (1, 5, 7), (1, 7, 10))

    Attributes:
        size: Cells of the picture.
        period: Windows start at multiples of so many cells.
        reaches: One for each output.
        mode: How the picture is continued, so that padding reaches nothing
            that is taken; `None`: it is not.
    """

    size: int
    period: int
    reaches: tuple[Reach, ...]
    mode: PaddingMode | None

    @property
    def halo(self) -> tuple[int, int]:
        """Cells before and after those whose output a window gives.

        Multiples of the period, as windows start at these.
        """
        before = max(each.first * each.stride for each in self.reaches)
        after = max(
            (each.positions - 1 - each.last) * each.stride
            for each in self.reaches
        )
        return self._whole_periods(before), self._whole_periods(after)

    def _whole_periods(self, cells):
        return math.ceil(cells / self.period) * self.period

    @property
    def added(self) -> tuple[int, int]:
        """Cells by which the picture is continued, before and after."""
        return (0, 0) if self.mode is None else self.halo

    @property
    def total(self) -> int:
        """Cells of the picture and those by which it is continued."""
        return self.size + sum(self.added)

    def is_split(self, cells: int) -> bool:
        """Whether windows of so many cells, at most, are several."""
        return cells < self.total

    def step(self, window: int) -> int:
        """The most cells between the starts of two windows."""
        return min(
            math.floor(
                (reach.last_in(self.size - window) - reach.first + 1)
                * reach.stride
                / self.period
            )
            * self.period
            for reach in self.reaches
        )

    @property
    def least(self) -> int:
        """The least size of a window that gives some of every output."""
        return min(self.lost + self.period, self.total)

    @property
    def lost(self) -> int:
        """Cells that two windows beside each other share, at least."""
        return self.total - self.step(self.total)

    def window(self, cells: int, number: int) -> int:
        """The least size with which as few windows do as with `cells`.

        Args:
            cells: The largest size.
            number: The axis, for the message.

        Raises:
            InputError: If padding reaches all of such windows.
        """
        over = max(self.total - cells, 0)
        window = self.total - -(-over // self.period) * self.period
        if window == self.total:
            return window
        if window < self.least:
            raise InputError(
                f"`tile` must be at least {self.least} on axis "
                f"{number} of the picture's {self.size} cells: padding reaches "
                f"every cell of a smaller window. Received: {cells}"
            )
        more = -(-(self.total - window) // self.step(window))
        while True:
            smaller = window - self.period
            step = self.step(smaller)
            if step < self.period or self.total - smaller > more * step:
                return window
            window = smaller

    def starts(self, window: int) -> tuple[int, ...]:
        """Where windows start, in cells of the picture."""
        rest = self.total - window
        begin = -self.added[0]
        if not rest:
            return (begin,)
        return (*range(begin, begin + rest, self.step(window)), begin + rest)

    def cuts(
        self, starts: tuple[int, ...], output: int
    ) -> tuple[tuple[int, int, int], ...]:
        """What is taken of each window for an output; see `TiledOutput`."""
        reach = self.reaches[output]

        def position(cells):
            return int(cells / reach.stride)

        # A window for the sake of another output may give nothing of this one.
        inner = [
            min(max(position(start) + reach.first, 0), reach.positions)
            for start in starts[1:]
        ]
        bounds = [0, *inner, reach.positions]
        return tuple(
            (low - position(start), low, high)
            for start, low, high in zip(
                starts, bounds[:-1], bounds[1:], strict=True
            )
        )
