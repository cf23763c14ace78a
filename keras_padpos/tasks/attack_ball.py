"""The pixels that an attack may change, and by how much."""

from typing import Any

import numpy as np
from keras import ops

from keras_padpos.checks import check_choices
from keras_padpos.checks import check_ints
from keras_padpos.checks import check_sizes
from keras_padpos.errors import InputError
from keras_padpos.metrics import border_bands


class GradientError(ValueError):
    """Gradients are not numbers, though answers may be.

    Example:

    >>> raise GradientError("not a number")
    Traceback (most recent call last):
    ...
    keras_padpos.tasks.attack_ball.GradientError: not a number
    """


def check_attack(
    pictures: np.ndarray,
    labels: Any,
    *,
    epsilon: float,
    step: float,
    batch_size: int,
    mask: np.ndarray | None,
) -> np.ndarray | None:
    """Check what an attack gets; returns the mask, `(height, width, 1)`."""
    check_sizes(epsilon=epsilon, step=step)
    check_ints(batch_size=batch_size)
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


def check_numbers(values: np.ndarray) -> np.ndarray:
    """Raise `GradientError` if an attack came to NaN; else return it."""
    if np.isnan(values).any():
        raise GradientError(
            "`model` must have gradients that are numbers; those of some "
            "pictures are not"
        )
    return values


def gradient_sign(slope: Any) -> Any:
    """The sign of each value, and NaN of NaN."""
    # PyTorch's sign of NaN is 0.
    return ops.where(ops.isnan(slope), slope, ops.sign(slope))


def round_down(epsilon: float) -> np.float32:
    """The largest float32 that is not above a number of 0 or more."""
    nearest = np.float32(epsilon)
    # NumPy would compare in float32.
    if float(nearest) > epsilon:
        return np.nextafter(nearest, np.float32(0))
    return nearest


REGIONS = ("whole", "border", "interior")
"""Which pixels: all, those next to the border, as many in the middle."""


def region_mask(
    height: int, width: int, region: str = "whole", share: float = 0.1
) -> np.ndarray:
    """Choose pixels by where they are.

    Example:

    >>> region_mask(8, 8, "interior", 0.1).astype(int)[:4]
    array([[0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 1, 1, 1, 1, 0, 0],
           [0, 1, 1, 1, 1, 1, 1, 0],
           [0, 1, 1, 1, 1, 1, 1, 0]])

    Args:
        height: Rows of the picture.
        width: Its columns.
        region: `"whole"`; `"border"`, the pixels nearer to the border than
            `share` of the smaller side, the outermost of
            `metrics.border_bands`; `"interior"`, exactly as many pixels, those
            farthest from the border, of equal ones those nearest to the
            middle.
        share: Width of the border, between 0 and 0.5. Border and interior
            have no pixel in common as long as the border is no more than half
            of the picture.

    Returns:
        `(height, width)`, bool.

    Raises:
        ValueError: If the size is not positive, the region is none of these,
            the share is out of range, the border is empty, or it is more than
            half of the picture.
    """
    check_choices(region=(region, REGIONS))
    check_ints(height=height, width=width)
    if not 0 < share < 0.5:
        raise InputError(
            f"`share` must be between 0 and 0.5. Received: share={share!r}"
        )
    if region == "whole":
        return np.ones((height, width), bool)
    border = border_bands(height, width, (share,)) == 0
    count = int(border.sum())
    if not 0 < count <= border.size // 2:
        raise InputError(
            "`share` must leave a border of one pixel or more, and of no more "
            f"than half of the picture. Received: share={share}, which gives "
            f"{count} of {border.size} pixels"
        )
    if region == "border":
        return border
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    distance = np.minimum(
        np.minimum(rows, height - 1 - rows),
        np.minimum(columns, width - 1 - columns),
    )
    middle = (2 * rows - height + 1) ** 2 + (2 * columns - width + 1) ** 2
    order = np.lexsort((middle.ravel(), -distance.ravel()))
    mask = np.zeros(height * width, bool)
    mask[order[:count]] = True
    return mask.reshape(height, width)
