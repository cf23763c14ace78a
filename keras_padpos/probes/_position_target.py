"""The maps that a position probe is asked for."""

import numpy as np

from keras_padpos.checks import check_choices
from keras_padpos.checks import check_shape
from keras_padpos.choices import TARGETS
from keras_padpos.errors import InputError

_PERIODS = 2.5


def position_target(
    name: str,
    size: int | tuple[int, int],
    *,
    value_range: str = "released",
) -> np.ndarray:
    """A map that depends on the position in the picture and on nothing else.

    The formulas are those of the maps released with Islam et al. (ICLR 2020),
    as functions of the position `t` in (0, 1) of a cell's centre. The released
    maps count from a cell's corner and are stretched to [0, 1] one by one, so
    that values differ by up to 1.4 grey levels of 255, ranks hardly. The
    paper's stripes went from -1 to 1: its chance MAE of .63 to .71 cannot come
    from maps in [0, 1].

    Example:

    >>> print(position_target("horizontal", (1, 4)))
    [[0.125 0.375 0.625 0.875]]

    Args:
        name: `"horizontal"` (from left to right), `"vertical"` (from top to
            bottom), `"gaussian"` (standard deviation half the width),
            `"horizontal_stripes"` or `"vertical_stripes"` (a cosine of 2.5
            periods along the rows or the columns, bright at the start).
        size: Height and width of the map, or one int for both.
        value_range: `"released"`: all maps in [0, 1]; `"paper"`: stripes in
            [-1, 1], the others as released.

    Returns:
        `(height, width)`, float32.

    Raises:
        ValueError: If `name` or `value_range` is unknown, or `size` is none.
    """
    check_choices(target=(name, TARGETS))
    if value_range not in ("released", "paper"):
        raise InputError(
            '`value_range` must be "released" or "paper". '
            f"Received: value_range={value_range!r}"
        )
    height, width = check_shape(size)
    y = ((np.arange(height) + 0.5) / height)[:, None]
    x = ((np.arange(width) + 0.5) / width)[None, :]
    if name == "horizontal":
        values = x
    elif name == "vertical":
        values = y
    elif name == "gaussian":
        bell = np.exp(-((2 * x - 1) ** 2 + (2 * y - 1) ** 2) / 2)
        lowest = np.exp(-1.0)
        values = (bell - lowest) / (1 - lowest)
    else:
        t = y if name == "horizontal_stripes" else x
        values = np.cos(2 * np.pi * _PERIODS * t)
        if value_range == "released":
            values = (1 + values) / 2
    return np.ascontiguousarray(
        np.broadcast_to(values, (height, width)), "float32"
    )
