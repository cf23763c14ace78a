"""Many heads trained side by side on the same batches."""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.probes.feature_batches import FeatureBatches
from keras_padpos.probes.gradient_solver import EPOCHS
from keras_padpos.probes.gradient_solver import GradientSolver
from keras_padpos.probes.head import Head
from keras_padpos.training import Checkpoint
from keras_padpos.training import OneDevice
from keras_padpos.training import Part
from keras_padpos.training import TrainingPosition


def fit_gradient_probes(
    batches: FeatureBatches,
    heads: Sequence[Head],
    targets: Mapping[str, np.ndarray],
    *,
    optimizer: str = "sgd",
    epochs: int = EPOCHS,
    learning_rate: float | None = None,
    seed: int = 0,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    devices: OneDevice | None = None,
) -> list[GradientSolver]:
    """Train heads of any shape, all on the same passes over the pictures."""
    if devices is not None and not devices.trains_on_batch:
        # Heads are small: the features are what is devices.
        devices = None
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
                devices=devices,
            )
        )
    losses = _Losses()
    parts: dict[str, Part] = {
        str(number): each for number, each in enumerate(solvers)
    }
    parts |= {"losses": losses, "features": batches}
    if not batches.resumable:
        checkpoint = None
    at = TrainingPosition(parts, checkpoint)
    while at.epoch < epochs:
        for features in batches.shuffled(at.epoch, seed, at.step):
            joined = {}
            step_losses = []
            for solver in solvers:
                seen = solver.head.sees(tuple(shapes))
                if seen not in joined:
                    joined[seen] = solver.head.joined(features)
                step_losses.append(
                    list(solver.step(joined[seen], at.epoch).values())
                )
            losses.append(step_losses, len(joined[seen]))
            at.next_step()
        for solver, each in zip(solvers, losses.means(), strict=True):
            for target, loss in zip(targets, each, strict=True):
                if log:
                    log(
                        head=solver.head.label,
                        target=target,
                        epoch=at.epoch,
                        loss=float(loss),
                    )
        losses.clear()
        at.next_epoch()
    return solvers


class _Losses:
    """The losses of an epoch's steps, heads and targets."""

    def __init__(self):
        self.clear()

    def clear(self):
        self._steps = []
        self._sizes = []

    def append(self, losses, size):
        self._steps.append(losses)
        self._sizes.append(size)

    def means(self):
        """Mean over the steps, each weighted by its pictures."""
        return np.average(self._steps, axis=0, weights=self._sizes)

    def state(self):
        return {
            "steps": np.array(self._steps, "float64"),
            "sizes": np.array(self._sizes, "int64"),
        }

    def restore(self, state):
        self._steps = state["steps"].tolist()
        self._sizes = state["sizes"].tolist()
