"""Many heads trained side by side on the same batches."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.probes.feature_batches import FeatureBatches
from keras_padpos.probes.gradient_solver import EPOCHS
from keras_padpos.probes.gradient_solver import GradientSolver
from keras_padpos.probes.gradient_solver import mean_losses
from keras_padpos.probes.head import Head


def gradient_read_outs(
    batches: FeatureBatches,
    heads: Sequence[Head],
    targets: Mapping[str, np.ndarray],
    *,
    optimizer: str = "sgd",
    epochs: int = EPOCHS,
    learning_rate: float | None = None,
    seed: int = 0,
    log: Callable[..., None] | None = None,
) -> list[GradientSolver]:
    """Train heads of any shape, all on the same passes over the pictures.

    Args:
        batches: The features.
        heads: Shapes of heads.
        targets: From a target's name to its map, at the size at which the
            loss is taken.
        optimizer: See `GradientSolver`.
        epochs: Passes over the pictures.
        learning_rate: See `GradientSolver`.
        seed: Of initial weights and of the pictures' order.
        log: Called after each epoch, for each head and target, with `epoch`,
            `loss`, `head` (its label) and `target`.

    Returns:
        The trained heads, in the order of `heads`.

    Raises:
        ValueError: If a head sees an unknown stage, or a loss is no longer
            finite.
    """
    shapes = batches.shapes
    grid = next(iter(shapes.values()))[0]
    solvers = []
    for head in heads:
        seen = head.sees(tuple(shapes))
        channels = sum(shapes[name][-1] for name in seen)
        solvers.append(
            GradientSolver(
                targets,
                (grid, grid, channels),
                head,
                optimizer=optimizer,
                learning_rate=learning_rate,
                seed=seed,
            )
        )
    for epoch in range(epochs):
        steps: list[list[Any]] = [[] for _ in solvers]
        for features in batches.shuffled(epoch, seed):
            joined = {}
            for solver, its_steps in zip(solvers, steps, strict=True):
                seen = solver.head.sees(tuple(shapes))
                if seen not in joined:
                    joined[seen] = solver.head.joined(features)
                losses = solver.step(joined[seen], epoch)
                its_steps.append((losses, len(joined[seen])))
        if log:
            for solver, its_steps in zip(solvers, steps, strict=True):
                for target, loss in mean_losses(its_steps).items():
                    log(
                        head=solver.head.label,
                        target=target,
                        epoch=epoch,
                        loss=loss,
                    )
    return solvers
