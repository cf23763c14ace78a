"""What positions see of one axis of a map, fitted to what moved."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Box = tuple[int | None, tuple[slice, ...]]


@dataclass(frozen=True)
class Axis:
    """What the positions of an output see of one axis of the input.

    Position `i` sees the cells `i * stride - before` to
    `i * stride - before + extent - 1`; of an enlarged map, cell `p` is seen
    by the positions `p * factor - before` to
    `p * factor - before + extent - 1`.
    """

    stride: int = 1
    before: int = 0
    extent: int = 1
    factor: int = 1

    def cells(self, position: int) -> tuple[int, int]:
        """First and last cell that a position sees."""
        if self.factor > 1:
            last = position + self.before
            return -((self.extent - 1 - last) // self.factor), (
                last // self.factor
            )
        first = position * self.stride - self.before
        return first, first + self.extent - 1

    def after(self, cells: int, positions: int) -> int:
        """Cells by which the last position sees past the end."""
        return self.cells(positions - 1)[1] - (cells - 1)

    def inside(self, cells: int, positions: int) -> list[int]:
        """The positions that see nothing past an end."""
        windows = [self.cells(i) for i in range(positions)]
        return [
            i
            for i, (low, high) in enumerate(windows)
            if low >= 0 and high < cells
        ]


def axis_beside(
    boxes: Sequence[Box],
    axis: int,
    stride: int,
    apart: Callable[[int, int], np.ndarray],
    same_size: bool,
) -> Axis | None:
    """The axis that fits how changes of neighbouring cells differ.

    Args:
        boxes: The cells that were changed, each with the axis on which it is
            a single one, or `None`.
        axis: Number of the axis.
        stride: The stride to try.
        apart: At which positions two changes make a difference.
        same_size: Whether there are as many positions as cells.
    """
    numbers = {
        box[axis].start: number
        for number, (across, box) in enumerate(boxes)
        if across in (None, axis)
    }
    ends = {}
    for p, number in numbers.items():
        if p + stride not in numbers:
            continue
        where = apart(number, numbers[p + stride])
        if where.mean() >= 0.5:
            return None
        cells = np.nonzero(where)[axis]
        if len(cells):
            # The last sees the second cell alone.
            ends[p] = int(cells.min()), int(cells.max()) - 1
    if not ends:
        return Axis() if stride == 1 and same_size else None
    for p, (low, high) in ends.items():
        if p + stride in ends and ends[p + stride] != (low + 1, high + 1):
            return None
    before = max(high * stride - p for p, (_, high) in ends.items())
    beyond = max(p - low * stride for p, (low, _) in ends.items())
    return Axis(stride, before, before + beyond + 1)


def fitted_axis(
    seen: Mapping[int, np.ndarray], cells: int, positions: int
) -> Axis | None:
    """The axis that fits which positions each cell moves, if one does.

    Args:
        seen: From a cell to whether each position moved with it.
        cells: Cells of the map.
        positions: Positions of the output.
    """
    if cells == positions == 1:
        return Axis()
    hulls = {
        p: (int(np.flatnonzero(row)[0]), int(np.flatnonzero(row)[-1]))
        for p, row in seen.items()
        if row.any()
    }
    if not hulls:
        return None
    every = len(seen) == cells
    for stride in range(1, max(len(seen) // 2, 1) + 1):
        fitting, failing = set(), 0
        for p in seen:
            if p + stride not in seen:
                continue
            one, other = hulls.get(p), hulls.get(p + stride)
            if (
                one
                and other
                and one[0] + 1 == other[0]
                and (one[1] + 1 == other[1])
            ):
                fitting |= {p, p + stride}
            elif one or other:
                failing += 1
        if fitting and (not failing or (every and failing < len(fitting))):
            pairs = [(p, *hulls[p]) for p in fitting]
            before = max(high * stride - p for p, _, high in pairs)
            beyond = max(p - low * stride for p, low, _ in pairs)
            return Axis(stride, before, before + beyond + 1)
    return _enlarging(seen, hulls, cells, positions)


def _enlarging(seen, hulls, cells, positions):
    factor = round(positions / cells)
    pairs = [(p, p + 1) for p in hulls if p + 1 in hulls]
    if factor < 2 or not pairs:
        return None
    if any(
        hulls[q][end] - hulls[p][end] != factor
        for p, q in pairs
        for end in (0, 1)
    ):
        return None
    p, (low, high) = next(iter(hulls.items()))
    return Axis(1, p * factor - low, high - low + 1, factor)
