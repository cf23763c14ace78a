"""A classifier trained as one unit of a run."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.work_directory import WorkDirectory


def trained_classifier(
    work: WorkDirectory,
    label: str,
    network: Any,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    rolling: RollingCheckpoint,
    spread: Any,
    advance: Callable[[int], Any],
    calibrate: bool,
    batch_size: int,
    seed: int,
    **options: Any,
) -> tuple[Any, int, dict[str, np.ndarray]]:
    """Train a network from where it was interrupted, calibrate and save it.

    Args:
        work: The run's directory, which gets the model.
        label: Names the unit.
        network: To logits; made in the scope of `spread`.
        pictures: See `tasks.train_classifier`.
        labels: See `tasks.train_classifier`.
        rolling: Where its states and its curve go.
        spread: What to train on.
        advance: Called with numbers of steps.
        calibrate: Whether to take BatchNorm's statistics again at the end.
        batch_size: Pictures a step.
        seed: Seed of what is drawn.
        **options: Of `tasks.train_classifier`.

    Returns:
        The network on one device, how many steps there were, and the curve:
        an array of each metric, under its name.
    """
    from keras_padpos import tasks
    from keras_padpos import training

    def log(**metrics):
        before = rolling.lines[-1]["step"] if rolling.lines else 0
        rolling.log(**metrics)
        advance(metrics["step"] - before)

    steps = tasks.train_classifier(
        network,
        pictures,
        labels,
        batch_size=batch_size,
        seed=seed,
        log=log,
        checkpoint=rolling,
        spread=spread,
        **options,
    )
    local = training.LocalModel(network, spread).now()
    if calibrate:
        tasks.calibrate_classifier(
            local, pictures, batch_size=batch_size, seed=seed
        )
    work.save_model(label, local)
    return local, steps, rolling.curves()
