"""Which positions of an output move when cells of a map are changed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_padpos.models.graph.trial_run import TrialError
from keras_padpos.models.graph.trial_run import TrialRun

Cells = tuple[int, ...]


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


@dataclass(frozen=True)
class Seen:
    """What changing cells of maps of one size has shown.

    Attributes:
        positions: Sizes of the output.
        axes: What its positions see, one entry a spatial axis; `None` if no
            window fits all of them.
        gated: See `Behaviour`.
        positional: Likewise.
        far: Whether most positions moved with each cell.
    """

    positions: Cells
    axes: tuple[Axis, ...] | None = None
    gated: bool = False
    positional: bool = False
    far: bool = False


class CellChanges:
    """Changes cells of maps of one size, and looks which positions move.

    Args:
        run: What runs the call.
        output: Number of its output.
        draws: How many draws of its weights to try, at most.
    """

    def __init__(self, run: TrialRun, output: int, draws: int) -> None:
        self._run = run
        self._output = output
        self._rng = np.random.default_rng(1)
        self._draws = [
            run.weights(draw) for draw in range(min(run.draws, draws))
        ]

    def seen(self) -> Seen:
        """What some cells in the middle show, or else all.

        Raises:
            TrialError: If the call cannot be run, or not twice alike.
        """
        count = 2
        while True:
            self._change_cells(count)
            positions = self._bases[0].shape[1:-1]
            needed = 2 * max(
                -(-n // max(m, 1))
                for n, m in zip(self._run.sizes, positions, strict=True)
            )
            if needed <= count:
                break
            count = needed
        seen = self._explained(positions)
        far = self._far
        if seen is None and not far:
            self._change_cells(None)
            seen = self._explained(positions)
        if seen is None:
            self._check_alone()
            seen = Seen(positions, far=far)
        return seen

    def reaches_far(self) -> bool:
        """Whether cells on one side of a map move what is half a map off.

        Else what looked like a gate on a smaller map was a wide window.
        """
        run = self._run
        x, others = run.make([True, True])
        near, far = zip(
            *(
                (slice(n // 8, n // 4 + 1), slice(5 * n // 8, 3 * n // 4))
                for n in run.sizes
            ),
            strict=True,
        )
        changed = x.copy()
        for copy, sign in enumerate((1, -1)):
            changed[(copy, *near)] = run.change(x, sign)[(copy, *near)]
        base = self._outputs(x, self._draws[0], others)
        moved = self._outputs(changed, self._draws[0], others) - base
        positions = moved.shape[1:-1]
        box = tuple(
            slice(part.start * m // n, max(part.stop * m // n, 1))
            for part, n, m in zip(far, run.sizes, positions, strict=True)
        )
        return bool(
            np.abs(moved)[(slice(None), *box)].max() > self._rounding(base)
        )

    def _change_cells(self, count):
        """Change cells one by one, on a constant map and on a random one.

        Each is changed in both directions, since what a ReLU or a maximum
        hides in one shows in the other. `count` of them about the middle are
        changed, or all if it is `None`.
        """
        run = self._run
        self._count = count
        self._boxes = _boxes(run.sizes, count, joint=count == 2)
        self._signs = np.repeat([1, -1, 1, -1], len(self._boxes))
        self._constant = np.repeat([True, False], 2 * len(self._boxes))
        self._x, self._others = run.make(self._constant)
        mask = np.zeros(self._x.shape[:-1] + (1,), bool)
        for copy in range(len(self._x)):
            _, box = self._boxes[copy % len(self._boxes)]
            mask[(copy, *box)] = True
        self._changed = np.where(
            self._signs.reshape((-1,) + (1,) * (self._x.ndim - 1)) > 0,
            run.change(self._x),
            run.change(self._x, -1),
        )
        self._one_by_one = np.where(mask, self._changed, self._x)
        self._bases: list[Any] = []
        self._moved: list[Any] = []
        self._run_draws(1)
        if not self._far:  # else no window is to be compared
            self._run_draws(len(self._draws))

    def _run_draws(self, count):
        """Run as many draws of the weights, those that are not yet."""
        for weights in self._draws[len(self._bases) : count]:
            base = self._outputs(self._x, weights)
            self._bases.append(base)
            self._moved.append(self._outputs(self._one_by_one, weights) - base)

    @property
    def _far(self):
        """Whether most positions move with each cell."""
        return bool(np.mean([np.any(each, -1) for each in self._moved]) > 0.5)

    def _outputs(self, x, weights, others=None):
        """The output, channels last."""
        others = self._others if others is None else others
        made = self._run.outputs(x, others, weights)[self._output]
        if made.ndim == len(self._run.sizes) + 1:
            return made[..., None]
        return np.moveaxis(made, 1, -1) if self._run.first == 2 else made

    def _rounding(self, base):
        return self._run.epsilon * max(float(np.abs(base).max()), 1e-30)

    def _explained(self, positions):
        moved = [
            np.abs(each).max(-1) > self._rounding(base)
            for each, base in zip(self._moved, self._bases, strict=True)
        ]
        axes = self._axes(np.any(moved, axis=0), positions)
        if axes is not None:
            self._run_draws(len(self._draws))
            if self._see_no_more(axes, positions):
                return self._described(axes, positions, gated=False)
        if len(self._draws) > 1 or self._run.draws == 1:
            self._check_alone()
        axes = self._beside_the_gate(positions)
        if axes is None:
            return None
        return self._described(axes, positions, gated=True)

    def _axes(self, moved, positions):
        """What fits the positions that moved with each cell, if anything."""
        axes = []
        for axis, (n, m) in enumerate(
            zip(self._run.sizes, positions, strict=True)
        ):
            others = tuple(k + 1 for k in range(len(positions)) if k != axis)
            rows = moved.any(axis=others) if others else moved
            seen = {}
            for copy, row in enumerate(rows):
                across, box = self._boxes[copy % len(self._boxes)]
                if across in (None, axis):
                    p = box[axis].start
                    seen[p] = seen.get(p, np.zeros(m, bool)) | row
            fitted = _fitted(seen, n, m)
            if fitted is None:
                return None
            axes.append(fitted)
        return tuple(axes)

    def _see_no_more(self, axes, positions):
        """Whether positions stay when all that they do not see changes."""
        inside = [
            axis.inside(n, m)
            for axis, n, m in zip(axes, self._run.sizes, positions, strict=True)
        ]
        if not all(inside):
            return False
        keep = np.zeros(self._x.shape[:-1] + (1,), bool)
        chosen = []
        for copy in range(len(self._x)):
            position = tuple(int(self._rng.choice(each)) for each in inside)
            windows = [
                slice(low, high + 1)
                for low, high in (
                    axis.cells(i)
                    for axis, i in zip(axes, position, strict=True)
                )
            ]
            keep[(copy, *windows)] = True
            chosen.append((copy, *position))
        index = tuple(np.array(chosen).T)
        changed = np.where(keep, self._x, self._changed)
        return all(
            np.abs(self._outputs(changed, weights) - base)[index].max()
            <= self._rounding(base)
            for weights, base in zip(self._draws, self._bases, strict=True)
        )

    def _beside_the_gate(self, positions):
        """What positions see besides a gate; `None` if there is none.

        On a constant map a gate makes no difference between neighbouring
        cells: only the positions whose windows hold one of them and not the
        other move unequally.
        """
        run = self._run
        if self._count is None:
            return None
        step = self._count // 2
        boxes = _boxes(run.sizes, 3 * step, joint=step == 1)
        x, others = run.make([True] * (2 * len(boxes)))
        changed = x.copy()
        for half, sign in enumerate((1, -1)):
            far = run.change(x[0], sign)
            for number, (_, box) in enumerate(boxes):
                changed[(half * len(boxes) + number, *box)] = far[box]
        effects = []
        for weights in self._draws:
            base = self._outputs(x, weights, others)
            moved = self._outputs(changed, weights, others) - base
            least = 1e-4 * np.abs(moved).max() + 16 * self._rounding(base)
            # One direction alone may move a maximum.
            moving = (np.abs(moved) > least).any((0, -1))
            if moving.mean() < 0.9:
                return None
            moved = moved.reshape(2, len(boxes), *moved.shape[1:])
            effects.append((moved, least))

        def apart(one, other):
            return np.any(
                [
                    (np.abs(moved[:, one] - moved[:, other]) > least).any(
                        (0, -1)
                    )
                    for moved, least in effects
                ],
                axis=0,
            )

        for stride in range(1, step + 1):
            axes = [
                _beside(boxes, axis, stride, apart, n == m)
                for axis, (n, m) in enumerate(
                    zip(run.sizes, positions, strict=True)
                )
            ]
            if None not in axes:
                return tuple(axes)
        return None

    def _described(self, axes, positions, *, gated):
        """What was seen, with what a constant map becomes."""
        inside = [
            axis.inside(n, m)
            for axis, n, m in zip(axes, self._run.sizes, positions, strict=True)
        ]
        # Of an enlarged map every such position is another one of its cell's.
        inside = [
            [i for i in each if i % axis.factor == 0]
            for axis, each in zip(axes, inside, strict=True)
        ]
        positional = False
        if all(inside):
            for base in self._bases:
                if np.abs(base[0] - base[1]).max() > self._rounding(base):
                    continue  # it adds noise
                values = base[(0, *np.ix_(*inside))]
                values = values.reshape(-1, values.shape[-1])
                spread = np.ptp(values, axis=0).max()
                least = 1e-4 * np.abs(base).max() + 16 * self._rounding(base)
                positional = positional or bool(spread > least)
        return Seen(positions, axes, gated, positional)

    def _check_alone(self):
        """That copies do the same each time, whatever the others are."""
        x = self._x.copy()
        x[0] = self._changed[0]
        for weights, base in zip(self._draws, self._bases, strict=False):
            apart = np.abs(self._outputs(x, weights) - base)
            if apart[1:].max() > self._rounding(base):
                raise TrialError(
                    "it gives another result each time it runs, or mixes the "
                    "examples of a batch"
                )


def _boxes(sizes, count, *, joint=False):
    """Cells to change, each with the axis on which it is a single one.

    Windows further apart than they are wide may miss a cell on one axis or
    another, so several are changed side by side on the other axes; `joint`
    cells are single on all.
    """
    if joint:
        # Not on a diagonal, which swapped axes would keep.
        return [
            (
                None,
                tuple(
                    slice(cell, cell + 1)
                    for axis, n in enumerate(sizes)
                    for cell in [(max(n // 2 - 2, 0) + k + 2 * axis) % n]
                ),
            )
            for k in range(count)
        ]
    boxes = []
    for across, n in enumerate(sizes):
        length = n if count is None else min(count, n)
        start = (n - length) // 2
        for p in range(start, start + length):
            box = [slice(0, size) for size in sizes]
            if count is not None:
                half = max(count // 4, 1)
                box = [
                    slice(max(size // 2 - half, 0), size // 2 + half)
                    for size in sizes
                ]
            box[across] = slice(p, p + 1)
            boxes.append((across, tuple(box)))
    return boxes


def _beside(boxes, axis, stride, apart, same_size):
    """The axis on which two changes differ as those of neighbours do."""
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


def _fitted(seen, cells, positions):
    """The axis that fits which positions each cell moves, if one does."""
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
