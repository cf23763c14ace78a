"""Training that a validation set steers."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_padpos.training import Checkpoint
from keras_padpos.training import LocalModel
from keras_padpos.training import OneDevice
from keras_padpos.training import Part
from keras_padpos.training import train_epochs


def validated_training(
    model: keras.Model,
    optimizer: Callable[[], keras.optimizers.Optimizer],
    batch: Callable[[int, int], tuple[Any, Any]],
    steps: int,
    validation: tuple[np.ndarray, np.ndarray],
    *,
    epochs: int,
    batch_size: int,
    decide: Callable[[float], bool],
    part: Part,
    log: Callable[..., None] | None = None,
    checkpoint: Checkpoint | None = None,
    spread: OneDevice | None = None,
) -> int:
    """Train a classifier on cross-entropy; validate after each epoch.

    Args:
        model: To logits; compiled here, and trained in place.
        optimizer: Makes the optimiser, in the scope of `spread`.
        batch: See `training.train_epochs`.
        steps: Batches an epoch.
        validation: Inputs and labels.
        epochs: How many, at most.
        batch_size: Validation examples that go through at once.
        decide: Called after each epoch with the cross-entropy on the
            validation set; returns whether to go on.
        part: What `decide` changes, for checkpoints.
        log: Called after each epoch with `epoch` and the metrics, those of
            the validation set under `val_`.
        checkpoint: Where to go on from, and where states go.
        spread: What to train on.

    Returns:
        How many epochs there were.
    """
    spread = spread or OneDevice()
    # Better now than at the end of the first epoch.
    for each in {len(batch(0, number)[1]) for number in (0, steps - 1)}:
        spread.check_batch(each)
    with spread.scope():
        _compile(model, optimizer())
    local = LocalModel(model, spread)
    if local.now() is not model:
        _compile(local.now(), "sgd")

    def after_epoch(epoch, logs):
        found = local.now().evaluate(
            *validation, batch_size=batch_size, verbose=0, return_dict=True
        )
        found = {f"val_{name}": np.array(each) for name, each in found.items()}
        # What process 0 finds decides for all: they must not part ways.
        found = spread.gather(found)[0]
        logs |= {name: float(each) for name, each in found.items()}
        if log:
            log(epoch=epoch, **logs)
        return decide(logs["val_cross_entropy"])

    return train_epochs(
        model,
        batch,
        steps,
        epochs=epochs,
        after_epoch=after_epoch,
        parts={"decision": part, "local": local},
        checkpoint=checkpoint,
        spread=spread,
    )


def _compile(model, optimizer):
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            # The loss counts weight decay too.
            keras.metrics.SparseCategoricalCrossentropy(
                from_logits=True, name="cross_entropy"
            )
        ],
        # TensorFlow on a CPU needs twice as long with XLA.
        jit_compile=keras.backend.backend() == "jax",
    )
