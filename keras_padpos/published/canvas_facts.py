"""What a canvas of the location-dependent tasks looks like."""

from collections.abc import Sequence

import numpy as np

from keras_padpos.errors import InputError

CIFAR_MEAN = (0.4914 * 255, 0.4822 * 255, 0.4465 * 255)
"""Mean red, green and blue of CIFAR-10's training pictures, in [0, 255]."""

CIFAR_DEVIATION = (0.2023 * 255, 0.1994 * 255, 0.2010 * 255)
"""Their standard deviations as the papers' code has them, in [0, 255]."""

FILLS = {
    "black": (0.0, 0.0, 0.0),
    "white": (255.0, 255.0, 255.0),
    "mean": CIFAR_MEAN,
}
"""Colours of the canvas, before anything is normalised."""

BACKGROUND = 10
"""The class of an empty cell, after CIFAR-10's ten."""


def canvas_colour(fill: str | Sequence[float]) -> tuple[float, float, float]:
    """The colour that `fill` says.

    Example:

    >>> canvas_colour("white")
    (255.0, 255.0, 255.0)

    Args:
        fill: `"black"`, `"white"`, `"mean"` (CIFAR-10's), or red, green and
            blue in [0, 255].

    Returns:
        Red, green and blue in [0, 255].

    Raises:
        ValueError: If it is none of these.
    """
    if isinstance(fill, str) and fill in FILLS:
        return FILLS[fill]
    if not isinstance(fill, str) and np.shape(fill) == (3,):
        colour = np.asarray(fill, "float64")
        if ((colour >= 0) & (colour <= 255)).all():
            return tuple(colour.tolist())
    raise InputError(
        f"`fill` must be one of {', '.join(FILLS)}, or red, green and blue in "
        f"[0, 255]. Received: fill={fill!r}"
    )
