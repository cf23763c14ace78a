"""Maps of several sizes on one grid."""

from collections.abc import Mapping
from typing import Any

from keras import ops


def resized_stages(maps: Mapping[str, Any], grid: int) -> dict[str, Any]:
    """Resize maps bilinearly to one grid.

    Example:

    >>> import numpy as np
    >>> maps = {"a": np.ones((2, 8, 6, 3), "float32")}
    >>> tuple(resized_stages(maps, 28)["a"].shape)
    (2, 28, 28, 3)

    Args:
        maps: From a stage's name to a tensor `(batch, height, width,
            channels)`.
        grid: Height and width of the grid, in cells.

    Returns:
        From each name to a tensor `(batch, grid, grid, channels)`.
    """
    return {
        name: ops.image.resize(
            each,
            (grid, grid),
            interpolation="bilinear",
            data_format="channels_last",
        )
        for name, each in maps.items()
    }
