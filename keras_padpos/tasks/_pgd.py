"""The pictures near given ones that a network does worst on."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.checks import is_int
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


def pgd(
    model: keras.Model,
    pictures: np.ndarray,
    labels: np.ndarray,
    *,
    epsilon: float = 8.0,
    step: float = 2.0,
    steps: int = 10,
    seed: int = 0,
    mask: np.ndarray | None = None,
    loss: Loss | None = None,
    gradient: Gradient | None = None,
    batch_size: int = 64,
    advance: Callable[[int], Any] | None = None,
) -> np.ndarray:
    """Attack a network by projected gradient descent in the maximum norm.

    Each picture starts at a random place of its ball and goes `steps` times
    along the sign of its own loss' gradient; what the last step leads to is
    returned. A network whose answers are so sure that the gradient vanishes
    in float32 stays where it started; and padding that draws noise at
    inference (`randn`) makes each gradient one of many: neither is robust for
    that reason.

    Example:

    >>> inputs = keras.Input((2, 2, 3))
    >>> flat = keras.layers.Flatten()(inputs / 255)
    >>> model = keras.Model(inputs, keras.layers.Dense(2)(flat))
    >>> pictures = np.full((1, 2, 2, 3), 254, "uint8")
    >>> attacked = pgd(model, pictures, np.array([0]), epsilon=4, steps=3)
    >>> bool(attacked.min() >= 250), bool(attacked.max() <= 255), attacked.dtype
    (True, True, dtype('float32'))

    Args:
        model: From pictures in [0, 255] to logits, of the picture or of each
            pixel; used as at inference, and left as it is, what it draws
            noise from too.
        pictures: `(pictures, height, width, channels)` in [0, 255].
        labels: See `attack_loss`.
        epsilon: How far each value may go, in the pictures' unit: 8 is 8/255
            of their range.
        step: How far it goes at a time.
        steps: How many times; 0: the random start is returned.
        seed: Seed of the starts. A picture's start is its own: it depends on
            the seed and on the picture's place alone.
        mask: `(height, width)`, bool: which pixels may change. `None`: all.
        loss: What to make large: from labels and logits to `(batch,)`.
            `None`: `attack_loss`.
        gradient: What `input_gradient` made of the model and the loss, to use
            it again. `None`: it is made.
        batch_size: Pictures that go through at once.
        advance: Called with the number of pictures after each batch.

    Returns:
        `(pictures, height, width, channels)`, float32. No value is farther
        than `epsilon` from the given one, nor outside of [0, 255], exactly.

    Raises:
        ValueError: If an argument is out of its range.
        GradientError: If the gradient is not a number.

    Source:
        Madry et al., *Towards Deep Learning Models Resistant to Adversarial
        Attacks* (ICLR 2018).
    """
    check_steps(steps)
    pictures = np.asarray(pictures, "float32")
    mask = check_attack(
        pictures,
        labels,
        epsilon=epsilon,
        step=step,
        batch_size=batch_size,
        mask=mask,
    )
    if gradient is None and loss is None:
        labels = class_labels(model, labels, single=True)
    gradient = gradient or input_gradient(model, loss or attack_loss)
    attacked = np.empty_like(pictures)
    with kept_seeds(model):
        for start in range(0, len(pictures), batch_size):
            part = slice(start, start + batch_size)
            low, high = _box(pictures[part], epsilon, mask)
            places = range(start, start + len(low))
            x = low + _shares(seed, places, low.shape[1:]) * (high - low)
            x, low, high = (
                ops.convert_to_tensor(each, "float32")
                for each in (x, low, high)
            )
            x = ops.clip(x, low, high)
            classes = ops.convert_to_tensor(labels[part])
            for _ in range(steps):
                _, slope = gradient(x, classes)
                x = ops.clip(x + step * gradient_sign(slope), low, high)
            attacked[part] = check_numbers(ops.convert_to_numpy(x))
            if advance:
                advance(len(attacked[part]))
    return attacked


def check_steps(steps: int) -> None:
    """Raise unless the number of steps is an int of 0 or more."""
    if not is_int(steps, 0):
        raise InputError(
            f"`steps` must be an int of 0 or more. Received: {steps!r}"
        )


def _shares(seed, places, shape):
    """Where in its box each value starts, from 0 to 1."""
    return np.stack(
        [
            np.random.default_rng([seed, place]).random(shape, "float32")
            for place in places
        ]
    )


def _box(pictures, epsilon, mask):
    """The least and the largest value that each pixel may have.

    Sums are rounded inwards: to nearest they could be outside of the ball.
    """
    radius = float(round_down(epsilon))
    exact = pictures.astype("float64")
    sides = []
    for sign, limit in ((-1, 0), (1, 255)):
        side = (exact + sign * radius).astype("float32")
        outside = sign * (side - exact) > radius
        side = np.where(
            outside, np.nextafter(side, np.float32(-sign * np.inf)), side
        )
        side = sign * np.minimum(sign * side, np.float32(sign * limit))
        if mask is not None:
            side = np.where(mask, side, pictures)
        sides.append(side)
    return sides
