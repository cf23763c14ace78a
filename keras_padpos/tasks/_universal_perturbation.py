"""One small change that fools a network on all pictures."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.tasks.attack_ball import check_attack
from keras_padpos.tasks.attack_ball import check_numbers
from keras_padpos.tasks.attack_ball import gradient_sign
from keras_padpos.tasks.attack_ball import round_down
from keras_padpos.tasks.attack_gradient import Gradient
from keras_padpos.tasks.attack_gradient import Loss
from keras_padpos.tasks.attack_gradient import attack_loss
from keras_padpos.tasks.attack_gradient import input_gradient
from keras_padpos.tasks.classifier import class_labels
from keras_padpos.training import kept_seeds

_CEILING = 9.0


def universal_perturbation(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    epsilon: float = 8.0,
    step: float = 1.0,
    epochs: int = 5,
    seed: int = 0,
    mask: np.ndarray | None = None,
    loss: Loss | None = None,
    gradient: Gradient | None = None,
    ceiling: float = _CEILING,
    batch_size: int = 64,
    advance: Callable[[int], Any] | None = None,
) -> np.ndarray:
    """Find one perturbation for all pictures, by stochastic gradient ascent.

    For each batch the perturbation goes one step along the sign of the sum of
    the gradients, at the perturbed pictures, and back into its ball. Pictures
    whose loss is above `ceiling` already have no vote, which would otherwise
    be the loudest; nor has a pixel that the perturbation takes out of [0,
    255], which stays at that end.

    GD-UAP (Mopuri et al., 2018), which makes activations large and needs no
    pictures, is another objective, and not offered. `loss` sees labels and
    outputs alone.

    Example:

    >>> inputs = keras.Input((2, 2, 3))
    >>> flat = keras.layers.Flatten()(inputs / 255)
    >>> model = keras.Model(inputs, keras.layers.Dense(2)(flat))
    >>> change = universal_perturbation(
    ...     model, np.zeros((4, 2, 2, 3)), np.zeros(4, int), epsilon=4,
    ...     mask=np.eye(2, dtype=bool),
    ... )
    >>> change.shape, float(abs(change).max()), float(abs(change[0, 1]).max())
    ((2, 2, 3), 4.0, 0.0)

    Args:
        model: See `pgd`.
        pictures: `(pictures, height, width, channels)` in [0, 255], to find
            it on; score it on others.
        labels: See `attack_loss`.
        epsilon: How large each value may be, in the pictures' unit.
        step: How far it goes at a time.
        epochs: Passes over the pictures.
        seed: Seed of their order.
        mask: `(height, width)`, bool: which pixels are perturbed; see
            `region_mask`. `None`: all.
        loss: As for `pgd`.
        gradient: As for `pgd`.
        ceiling: In the loss' unit.
        batch_size: Pictures a step.
        advance: Called with the number of pictures after each step.

    Returns:
        `(height, width, channels)`, float32, none above `epsilon` in size,
        and 0 outside of the mask. See `perturbed`.

    Raises:
        ValueError: If an argument is out of its range.
        GradientError: If the gradient is not a number.

    Source:
        Shafahi et al., *Universal Adversarial Training* (AAAI 2020), from
        memory: the sign, and the ceiling of 9 on the cross-entropy.
    """
    check_ints(epochs=epochs)
    pictures, labels = np.asarray(pictures), np.asarray(labels)
    mask = check_attack(
        pictures,
        labels,
        epsilon=epsilon,
        step=step,
        batch_size=batch_size,
        mask=mask,
    )
    if not len(pictures):
        raise InputError("`pictures` must be one or more. Received: none")
    shape = pictures.shape[1:]
    radius = np.full(shape, round_down(epsilon))
    if mask is not None:
        radius *= mask
    radius = ops.convert_to_tensor(radius, "float32")
    change = ops.zeros(shape, "float32")
    if gradient is None and loss is None:
        labels = class_labels(model, labels, single=True)
    gradient = gradient or input_gradient(model, loss or attack_loss)
    rng = np.random.default_rng(seed)
    with kept_seeds(model):
        for _ in range(epochs):
            order = rng.permutation(len(pictures))
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                moved = (
                    ops.convert_to_tensor(pictures[chosen], "float32") + change
                )
                losses, slopes = gradient(_clipped(moved), labels[chosen])
                votes = (losses < ceiling)[:, None, None, None]
                # What is clipped no longer moves with the perturbation.
                votes = votes & (moved >= 0) & (moved <= 255)
                slope = ops.sum(slopes * ops.cast(votes, "float32"), axis=0)
                change = ops.clip(
                    change + step * gradient_sign(slope), -radius, radius
                )
                if advance:
                    advance(len(chosen))
    # Minus zero, where the mask lets nothing through.
    return check_numbers(ops.convert_to_numpy(change)) + np.float32(0)


def perturbed(pictures: Any, perturbation: Any) -> Any:
    """Add a perturbation `(height, width, channels)`, and clip to [0, 255]."""
    return _clipped(
        ops.convert_to_tensor(pictures, "float32")
        + ops.convert_to_tensor(perturbation, "float32")
    )


def _clipped(pictures):
    return ops.clip(pictures, 0.0, 255.0)
