"""Windows of a picture, and what of each goes into the output."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from keras_padpos.padding import PaddingMode

Cells = tuple[int, ...]
# From so many times the picture on, `print` hints at larger windows.
_COSTLY = 1.5


@dataclass(frozen=True)
class TiledOutput:
    """One output of a network, put together from windows.

    Attributes:
        name: Its name.
        shape: Its shape for the whole picture, without the batch.
        dtype: Its dtype.
        first: Its first spatial axis, counted without the batch.
        cuts: For each spatial axis one triple a window: the position of the
            window's output at which the part that is taken starts, and the
            positions of the whole output at which this part starts and ends.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    first: int
    cuts: tuple[tuple[tuple[int, int, int], ...], ...]

    def slices(
        self, index: Cells
    ) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """What is taken of a window's output, and where it goes.

        Args:
            index: The window's number along each axis.
        """
        source = [slice(None)] * len(self.shape)
        target = [slice(0, size) for size in self.shape]
        for axis, (number, cuts) in enumerate(
            zip(index, self.cuts, strict=True), start=self.first
        ):
            local, start, stop = cuts[number]
            source[axis] = slice(local, local + stop - start)
            target[axis] = slice(start, stop)
        return tuple(source), tuple(target)


@dataclass(frozen=True)
class TilingPlan:
    """How a picture is cut into windows of one size.

    Printed, it is one line, and a hint where overlaps cost much.

    Attributes:
        picture: Spatial sizes of the picture, in cells.
        window: Spatial sizes of every window, in cells.
        starts: Where windows start, one tuple an axis; negative where they
            begin before the picture, which is then continued.
        period: Windows start at multiples of so many cells, one number an
            axis.
        halo: Cells that a window shows before and after those whose output
            it gives, at most, in whole periods: one pair an axis. At the
            picture's own border there is none.
        overlap: Cells that two windows beside each other share, at least, one
            number an axis; 0 where there is one window. Two halos, but for
            rounding, and more where layers without padding take cells off.
        border: How the picture is continued along each axis; `None`: it is
            not, and the network pads.
        outputs: The outputs, in the order of `model.outputs`.
    """

    picture: Cells
    window: Cells
    starts: tuple[Cells, ...]
    period: Cells
    halo: tuple[tuple[int, int], ...]
    overlap: Cells
    border: tuple[PaddingMode | None, ...]
    outputs: tuple[TiledOutput, ...]

    @property
    def grid(self) -> Cells:
        """Number of windows along each axis."""
        return tuple(map(len, self.starts))

    @property
    def computed(self) -> float:
        """Cells of all windows over cells of the picture."""
        windows = math.prod(self.grid) * math.prod(self.window)
        return windows / math.prod(self.picture)

    def windows(self) -> Iterator[Cells]:
        """Each window's number along each axis, row by row."""
        return itertools.product(*map(range, self.grid))

    def start(self, index: Cells) -> Cells:
        """Where a window starts."""
        return tuple(
            starts[number]
            for starts, number in zip(self.starts, index, strict=True)
        )

    def __str__(self) -> str:
        halo = str(max(cells for pair in self.halo for cells in pair))
        if any(
            cells > sum(pair)
            for cells, pair in zip(self.overlap, self.halo, strict=True)
        ):
            halo += f", overlap {_alike(self.overlap)}"
        noun = "window" if math.prod(self.grid) == 1 else "windows"
        hint = ""
        if self.computed > _COSTLY:
            hint = " A larger `tile` computes less, and takes more memory."
        return (
            f"{_by(self.grid)} {noun} of {_by(self.window)} cells on a "
            f"picture of {_by(self.picture)}; starts at multiples of "
            f"{_alike(self.period)}, halo {halo}; {self.computed:.2f} times "
            f"the picture is computed.{hint}"
        )


def _alike(numbers):
    return str(numbers[0]) if len(set(numbers)) == 1 else _by(numbers)


def _by(numbers):
    return "x".join(map(str, numbers))
