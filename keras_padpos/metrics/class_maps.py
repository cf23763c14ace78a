"""Checks of class maps."""

import numpy as np

from keras_padpos.errors import InputError

VOID = 255
"""The value of a mask where no class is known."""


def check_classes(classes: int) -> int:
    """Check a number of classes."""
    whole = isinstance(classes, int | np.integer)
    if not whole or isinstance(classes, bool) or classes < 1:
        raise InputError(
            f"`classes` must be an int of at least 1. Received: {classes!r}"
        )
    return int(classes)


def check_class_maps(
    what: str, maps: np.ndarray, classes: int, void: int | None = None
) -> np.ndarray:
    """Check class maps."""
    maps = np.asarray(maps)
    if maps.ndim != 3 or maps.dtype.kind not in "iu" or 0 in maps.shape[1:]:
        raise InputError(
            f"`{what}` must be integers of shape (pictures, height, width). "
            f"Received: {maps.dtype} of shape {maps.shape}"
        )
    maps = maps.astype("int64")
    wrong = (maps < 0) | (maps >= classes)
    if void is not None:
        wrong &= maps != void
    if wrong.any():
        raise InputError(
            f"`{what}` must be classes from 0 to {classes - 1}"
            + ("" if void is None else f", or {void} for void")
            + f". Received: {maps[wrong][0]}"
        )
    return maps
