"""Many exact heads from one pass."""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_padpos.probes._position_budget import needs_dual
from keras_padpos.probes._position_budget import position_budget
from keras_padpos.probes.exact_solver import ExactSolver
from keras_padpos.probes.exact_solver import check_folds
from keras_padpos.probes.feature_batches import FeatureBatches
from keras_padpos.probes.head import Head
from keras_padpos.probes.linear_probe import LinearProbe
from keras_padpos.training import OneDevice


@dataclass(frozen=True)
class _Plan:
    """How an exact head is fitted; heads of one plan share their sums."""

    kernel_size: int
    padding: int
    positions: int
    dual: bool


def fit_exact_probes(
    batches: FeatureBatches,
    heads: Sequence[Head],
    maps: Callable[[int], np.ndarray],
    *,
    ridge: float | str = 1e-3,
    positions: int | str = "auto",
    seed: int = 0,
    devices: OneDevice | None = None,
) -> tuple[list[LinearProbe], list[int]]:
    """Fit linear heads in closed form, all on one pass over the pictures."""
    shapes = batches.shapes
    grid = next(iter(shapes.values()))[0]
    number = _number(batches.images)
    if ridge == "auto" and number is not None:
        check_folds(number)
    plans, solvers = [], {}
    for head in heads:
        channels = sum(shapes[name][-1] for name in head.sees(tuple(shapes)))
        columns = head.kernel_size**2 * channels
        count = position_budget(
            columns, head.size(grid) ** 2, number, positions
        )
        plan = _Plan(
            head.kernel_size,
            head.padding,
            count,
            needs_dual(columns, number and number * count),
        )
        plans.append(plan)
    for plan in dict.fromkeys(plans):
        group = [
            head
            for head, its_plan in zip(heads, plans, strict=True)
            if its_plan == plan
        ]
        solvers[plan] = ExactSolver(
            maps(group[0].size(grid)),
            kernel_size=plan.kernel_size,
            padding=plan.padding,
            ridge=ridge,
            subsets=list(dict.fromkeys(h.sees(tuple(shapes)) for h in group)),
            positions=plan.positions,
            dual=plan.dual,
            seed=seed,
        )
    for first, features in batches.dealt():
        for solver in solvers.values():
            solver.update(features, first)
    if devices is not None and devices.processes > 1:
        for solver in solvers.values():
            solver.merge(*devices.gather(solver.state()))
    fitted = {}
    for plan in list(solvers):
        # Each is let go when it is solved: the matrices are large.
        solver = solvers.pop(plan)
        for number, head in enumerate(heads):
            if plans[number] == plan:
                fitted[number] = solver.solve(head.sees(tuple(shapes)))
    return (
        [fitted[number] for number in range(len(heads))],
        [plan.positions for plan in plans],
    )


def _number(images):
    # Not `delivered`, which is known only after a first pass: positions must
    # be the same for whichever network comes first.
    return images.delivered if images.expected is None else images.expected
