"""A classifier trained as one unit of a run."""

import functools
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_padpos.runs.calibrated_at_end import calibrated_at_end
from keras_padpos.runs.training_unit import TrainingUnit
from keras_padpos.runs.work_directory import WorkDirectory


def trained_classifier(
    work: WorkDirectory,
    unit: TrainingUnit,
    make: Callable[[], Any],
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    spread: "OneDevice",  # noqa: F821
    calibrates: bool,
    batch_size: int,
    seed: int,
    prepare: Callable[[Any], Mapping[str, Any]] = lambda network: {},
    **options: Any,
) -> tuple[Any, dict[str, Any]]:
    """Train a network from where it was interrupted, calibrate and save it.

    One that has diverged is neither calibrated nor saved.

    Args:
        work: The run's directory, which gets the model.
        unit: The unit, which names the model and gets the curve.
        make: Makes the network, to logits; see `TrainingUnit.trained`.
        pictures: See `tasks.train_classifier`.
        labels: See `tasks.train_classifier`.
        spread: What to train on.
        calibrates: Whether to take BatchNorm's statistics again at the end.
        batch_size: Pictures a step.
        seed: Seed of what is drawn.
        prepare: Changes the network before it is trained, and tells what is
            to be known of that.
        **options: Of `tasks.train_classifier`.

    Returns:
        The network on one device, and a dict: `"steps"`, how many there were,
        `"reason"`, why it cannot be scored, or `None`, and what `prepare` told.
    """
    from keras_padpos import tasks
    from keras_padpos import training

    def train(network):
        note = dict(prepare(network))
        note["steps"] = tasks.train_classifier(
            network,
            pictures,
            labels,
            batch_size=batch_size,
            seed=seed,
            log=unit.log,
            checkpoint=unit.rolling,
            spread=spread,
            **options,
        )
        local = training.LocalModel(network, spread).now()
        calibrate = functools.partial(
            tasks.calibrate_classifier,
            local,
            pictures,
            batch_size=batch_size,
            seed=seed,
        )
        note["reason"] = calibrated_at_end(
            local,
            pictures[:batch_size].astype("float32"),
            calibrate if calibrates else None,
        )
        if not note["reason"]:
            work.save_model(unit.label, local)
        return local, note

    return unit.trained(make, train, spread)
