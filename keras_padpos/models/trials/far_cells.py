"""Whether positions see cells far off, for which small maps have no room."""

from typing import Any

import numpy as np

from keras_padpos.models.trials.cell_changes import Seen
from keras_padpos.models.trials.moved_output import MovedOutput
from keras_padpos.models.trials.trial_run import TrialRun


def reaches_far(run: TrialRun) -> bool:
    """Whether cells on one side of a map move what is half a map off.

    Else what looked like a gate on a smaller map was a wide window.

    Raises:
        TrialError: If the call cannot be run.
    """
    output = MovedOutput(run)
    near, far = zip(
        *(
            (slice(n // 8, n // 4 + 1), slice(5 * n // 8, 3 * n // 4))
            for n in run.sizes
        ),
        strict=True,
    )
    changed = output.maps[[0, 0]]
    for copy, each in enumerate(run.changes(output.maps[0])):
        changed[(copy, *near)] = each[near]
    base, *moved = output.outputs(
        np.concatenate([output.maps[:1], changed]), np.zeros(3, int), 0
    )
    positions = base.shape[:-1]
    box = tuple(
        slice(part.start * m // n, max(part.stop * m // n, 1))
        for part, n, m in zip(far, run.sizes, positions, strict=True)
    )
    least = run.epsilon * max(float(np.abs(base).max()), 1e-30)
    return bool(max(np.abs(each - base)[box].max() for each in moved) > least)


def reach_beyond(run: TrialRun, expected: Seen, axis: int) -> int:
    """How far off cells move positions that should not see them.

    Changed are slabs across one axis near its ends, so that taps far
    apart fall on the map.

    Args:
        run: What runs the call on a long map.
        expected: What a shorter map has shown, with the sizes of the
            output at this one.
        axis: Number of the axis.

    Returns:
        The largest distance from the cells that positions are expected to
        see, in cells; 0 if no other move, and as much as the map is long
        if the output has other sizes than expected.

    Raises:
        TrialError: If the call cannot be run, or not twice alike.
    """
    output = MovedOutput(run)
    n, window = run.sizes[axis], (expected.axes or ())[axis]
    step, gated = window.stride, expected.gated
    first = min(max(n // 8, window.extent), max((n - 1) // 2 - step, 0))
    starts = [first, max(n - 1 - first - 2 * step, 0)]
    if gated:  # a gate makes no difference between neighbouring cells
        starts = [p + k for p in starts for k in (0, step)]
    kind = 0 if gated else 1
    kinds = [kind] * (2 * len(starts))
    changed = output.maps[kinds]
    for half, each in enumerate(run.changes(output.maps[kind])):
        for number, p in enumerate(starts):
            box: list[Any] = [slice(None)] * len(run.sizes)
            box[axis] = slice(p, p + step)
            changed[(half * len(starts) + number, *box)] = each[tuple(box)]
    others = tuple(k + 1 for k in range(len(run.sizes)) if k != axis)
    reach = 0
    for draw in range(run.draws):
        moved = output.by(changed, kinds, draw)
        if moved.shape[1:-1] != expected.positions:
            return n
        least, length = output.rounding(draw), step
        slabs = starts * 2
        if gated:
            least = 1e-4 * np.abs(moved).max() + 16 * least
            moved = moved[::2] - moved[1::2]
            slabs, length = slabs[::2], 2 * step
        rows = (np.abs(moved) > least).any((*others, -1))
        for p, row in zip(slabs, rows, strict=True):
            for position in np.flatnonzero(row):
                low, high = window.cells(int(position))
                reach = max(reach, low - (p + length - 1), p - high)
    return reach


def border_reads_far(run: TrialRun) -> bool:
    """Whether positions near an end see cells of the other half of the map.

    As where cells beyond the end are those of the far side, or of the whole.
    Windows must be shorter than a quarter of the map.

    Raises:
        TrialError: If the call cannot be run, or not twice alike.
    """
    output = MovedOutput(run)
    kinds = [1] * (4 * len(run.sizes))
    changed = output.maps[kinds]
    for half, each in enumerate(run.changes(output.maps[1])):
        for axis, n in enumerate(run.sizes):
            for end, cells in enumerate((slice(n // 2, n), slice(0, n // 2))):
                box = (slice(None),) * axis + (cells,)
                changed[(4 * axis + 2 * end + half, *box)] = each[box]
    for draw in range(run.draws):
        moved = np.abs(output.by(changed, kinds, draw)) > output.rounding(draw)
        for axis, m in enumerate(moved.shape[1:-1]):
            rows = np.moveaxis(moved[4 * axis : 4 * axis + 4], axis + 1, 0)
            near = max(m // 4, 1)
            if rows[:near, :2].any() or rows[m - near :, 2:].any():
                return True
    return False
