"""What attacks in the maximum norm have in common."""

from typing import Any

import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.tasks._check_counts import check_counts
from keras_padpos.tasks._check_sizes import check_sizes
from keras_padpos.tasks.gradient_error import GradientError


def check_attack(
    pictures: np.ndarray,
    labels: Any,
    *,
    epsilon: float,
    step: float,
    batch_size: int,
    mask: np.ndarray | None,
) -> np.ndarray | None:
    """Check what an attack is given.

    Example:

    >>> check_attack(
    ...     np.zeros((2, 1, 3, 3)), [0, 1], epsilon=8, step=2, batch_size=1,
    ...     mask=[[1, 0, 1]],
    ... ).shape
    (1, 3, 1)

    Args:
        pictures: `(pictures, height, width, channels)`.
        labels: As many.
        epsilon: The ball's radius.
        step: How far a step goes.
        batch_size: Pictures at once.
        mask: `(height, width)`: which pixels may change; `None`: all.

    Returns:
        The mask, `(height, width, 1)`, bool, or `None`.

    Raises:
        ValueError: If one is out of its range.
    """
    check_sizes(epsilon=epsilon, step=step)
    check_counts(batch_size=batch_size)
    if len(pictures) != len(labels):
        raise InputError(
            "`labels` must be as many as `pictures`. "
            f"Received: {len(labels)} for {len(pictures)}"
        )
    # NaN is not in there, either.
    if not ((pictures >= 0) & (pictures <= 255)).all():
        raise InputError("`pictures` must be in [0, 255]")
    if mask is None:
        return None
    mask = np.asarray(mask, bool)
    size = np.shape(pictures)[1:3]
    if mask.shape != size:
        raise InputError(
            f"`mask` must have the pictures' height and width, {size}. "
            f"Received: {mask.shape}"
        )
    return mask[:, :, None]


def check_numbers(found: np.ndarray) -> np.ndarray:
    """Raise if an attack came to what is no number.

    Example:

    >>> check_numbers(np.zeros(1))
    array([0.])

    Args:
        found: Pictures, or a perturbation.

    Returns:
        The same.

    Raises:
        GradientError: If there is NaN.
    """
    if np.isnan(found).any():
        raise GradientError(
            "`model` must have gradients that are numbers; those of some "
            "pictures are not"
        )
    return found


def gradient_sign(slope: Any) -> Any:
    """The sign of each value, and NaN of NaN.

    Example:

    >>> signs = gradient_sign(np.array([-2.0, 0, np.nan]))
    >>> ops.convert_to_numpy(signs).tolist()
    [-1.0, 0.0, nan]

    Args:
        slope: A tensor.
    """
    # PyTorch's sign of NaN is 0.
    return ops.where(ops.isnan(slope), slope, ops.sign(slope))


def round_down(epsilon: float) -> np.float32:
    """The largest float32 that is not above a number of 0 or more.

    Example:

    >>> float(round_down(0.1)) < 0.1 < float(np.float32(0.1))
    True

    Args:
        epsilon: The number.
    """
    nearest = np.float32(epsilon)
    # NumPy would compare in float32.
    if float(nearest) > epsilon:
        return np.nextafter(nearest, np.float32(0))
    return nearest
