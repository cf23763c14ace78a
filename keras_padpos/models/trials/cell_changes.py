"""Which positions of an output move when cells of a map are changed."""

from dataclasses import dataclass

import numpy as np

from keras_padpos.models.trials.moved_output import MovedOutput
from keras_padpos.models.trials.seen_axis import Axis
from keras_padpos.models.trials.seen_axis import axis_beside
from keras_padpos.models.trials.seen_axis import fitted_axis
from keras_padpos.models.trials.trial_run import TrialRun

Cells = tuple[int, ...]

# Of all changed copies of a map: 256 MiB.
_MOST_NUMBERS = 2**26


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
        count: How many cells in a row to change at first.
        draws: How many draws of its weights to try, at most.
    """

    def __init__(self, run: TrialRun, count: int = 2, draws: int = 2) -> None:
        self._run = run
        self._count: int | None = count
        self._rng = np.random.default_rng(1)
        self._draws = min(run.draws, draws)
        self._most_draws = draws
        self._output = MovedOutput(run)

    def seen(self) -> Seen:
        """What some cells in the middle show, or else all.

        Raises:
            TrialError: If the call cannot be run, or not twice alike.
        """
        while True:
            self._change_cells()
            positions = self._output.positions
            needed = 2 * max(
                -(-n // max(m, 1))
                for n, m in zip(self._run.sizes, positions, strict=True)
            )
            if self._count is None or needed <= self._count:
                break
            if not self._can_change(needed):
                return Seen(positions, far=self._far)
            self._count = needed
        seen = self._explained(positions)
        far = self._far
        if seen is None and not far and self._can_change(None):
            self._count = None
            self._draws = self._most_draws
            self._change_cells()
            seen = self._explained(positions)
        if seen is None:
            self._check_alone()
            seen = Seen(positions, far=far)
        return seen

    def _can_change(self, count):
        """Whether copies with so many cells changed fit into memory."""
        sizes = self._run.sizes
        cells = sum(min(count or n, n) for n in sizes)
        return 4 * cells * self._output.maps[0].size <= _MOST_NUMBERS

    def confirmed(self, expected: Seen, copies: int = 8) -> Seen | None:
        """Whether positions see no more than expected, in one run or two.

        Args:
            expected: What another size has shown, with the sizes of the
                output at this one.
            copies: How many copies to run at most, four or more.

        Returns:
            What was seen, if it is as expected; else `None`.

        Raises:
            TrialError: If the call cannot be run, or not twice alike.
        """
        axes, positions = expected.axes or (), expected.positions
        self._count = 2 * max(axis.stride for axis in axes)
        self._boxes = _boxes(self._run.sizes, copies // 4, joint=True)
        self._set_copies()
        if expected.gated:
            same = self._beside_the_gate(positions) == axes
        else:
            same = self._see_no_more(axes, positions)
        if not same or self._output.positions != positions:
            return None
        return self._described(axes, positions, gated=expected.gated)

    def _change_cells(self):
        """Change cells one by one, on a constant map and on a random one.

        Each is changed in both directions, since what a ReLU or a maximum
        hides in one shows in the other.
        """
        count = self._count
        self._boxes = _boxes(self._run.sizes, count, joint=count == 2)
        self._set_copies()
        mask = np.zeros(self._changed.shape[:-1] + (1,), bool)
        for copy in range(len(mask)):
            _, box = self._boxes[copy % len(self._boxes)]
            mask[(copy, *box)] = True
        one_by_one = np.where(
            mask, self._changed, self._output.maps[self._kinds]
        )
        self._moved = [self._output.by(one_by_one, self._kinds, 0)]
        if not self._far:  # else no window is to be compared
            self._moved += [
                self._output.by(one_by_one, self._kinds, draw)
                for draw in range(1, self._draws)
            ]

    def _set_copies(self):
        """Four copies for each box: two maps, changed in two directions."""
        self._kinds = np.repeat([0, 1], 2 * len(self._boxes))
        signs = np.tile(np.repeat([0, 1], len(self._boxes)), 2)
        changes = np.stack(self._run.changes(self._output.maps))
        self._changed = changes[signs, self._kinds]

    @property
    def _far(self):
        """Whether most positions move with each cell."""
        return bool(np.mean([np.any(each, -1) for each in self._moved]) > 0.5)

    def _explained(self, positions):
        moved = [
            np.abs(each).max(-1) > self._output.rounding(draw)
            for draw, each in enumerate(self._moved)
        ]
        axes = self._axes(np.any(moved, axis=0), positions)
        if axes is not None and self._see_no_more(axes, positions):
            return self._described(axes, positions, gated=False)
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
            fitted = fitted_axis(seen, n, m)
            if fitted is None:
                return None
            axes.append(fitted)
        return tuple(axes)

    def _see_no_more(self, axes, positions):
        """Whether positions stay when all that they do not see changes."""
        inside = self._inside(axes, positions)
        if not all(inside):
            return False
        keep = np.zeros(self._changed.shape[:-1] + (1,), bool)
        chosen = []
        for copy in range(len(keep)):
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
        changed = np.where(keep, self._output.maps[self._kinds], self._changed)
        for draw in range(self._draws):
            moved = self._output.by(changed, self._kinds, draw)
            if moved.shape[1:-1] != positions:
                return False
            if np.abs(moved[index]).max() > self._output.rounding(draw):
                return False
        return True

    def _inside(self, axes, positions):
        return [
            axis.inside(n, m)
            for axis, n, m in zip(axes, self._run.sizes, positions, strict=True)
        ]

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
        kinds = [0] * (2 * len(boxes))
        changed = self._output.maps[kinds]
        changes = run.changes(self._output.maps[0])
        for half in (0, 1):
            far = changes[half]
            for number, (_, box) in enumerate(boxes):
                changed[(half * len(boxes) + number, *box)] = far[box]
        effects = []
        for draw in range(self._draws):
            moved = self._output.by(changed, kinds, draw)
            least = 1e-4 * np.abs(moved).max() + 16 * self._output.rounding(
                draw
            )
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
                axis_beside(boxes, axis, stride, apart, n == m)
                for axis, (n, m) in enumerate(
                    zip(run.sizes, positions, strict=True)
                )
            ]
            if None not in axes:
                return tuple(axes)
        return None

    def _described(self, axes, positions, *, gated):
        """What was seen, with what a constant map becomes."""
        # Of an enlarged map every such position is another one of its cell's.
        inside = [
            [i for i in each if i % axis.factor == 0]
            for axis, each in zip(
                axes, self._inside(axes, positions), strict=True
            )
        ]
        positional = False
        if all(inside) and not self._output.noisy:
            for draw, base in self._output.bases.items():
                values = base[(0, *np.ix_(*inside))]
                values = values.reshape(-1, values.shape[-1])
                largest = np.ptp(values, axis=0).max()
                least = 1e-4 * np.abs(base).max() + 16 * self._output.rounding(
                    draw
                )
                positional = positional or bool(largest > least)
        return Seen(positions, axes, gated, positional)

    def _check_alone(self):
        """Run once more in another batch, where only the maps count."""
        self._output.by(self._changed[::-1], self._kinds[::-1], 0)


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
                    for cell in [(max(n // 2 - 2, 0) + k + axis) % n]
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
