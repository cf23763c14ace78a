"""Maps of several sizes as one."""

from collections.abc import Sequence
from typing import Any

from keras import ops


def joined_stages(maps: Sequence[Any], grid: int) -> Any:
    """Resize maps bilinearly to one grid and join their channels.

    Example:

    >>> import numpy as np
    >>> maps = [np.ones((2, 8, 6, 3)), np.ones((2, 4, 3, 5))]
    >>> tuple(joined_stages(maps, 28).shape)
    (2, 28, 28, 8)

    Args:
        maps: Tensors `(batch, height, width, channels)`.
        grid: Height and width of the grid, in cells.

    Returns:
        A tensor `(batch, grid, grid, channels)`, in the order of `maps`.
    """
    resized = [
        ops.image.resize(
            each,
            (grid, grid),
            interpolation="bilinear",
            data_format="channels_last",
        )
        for each in maps
    ]
    return resized[0] if len(maps) == 1 else ops.concatenate(resized, axis=-1)
