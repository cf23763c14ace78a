"""Maps resized so that every cell counts by its area."""

from typing import Any

import keras
from keras import ops

from keras_padpos.layers.fixed_size import FixedSize


@keras.saving.register_keras_serializable(package="keras_padpos")
class AreaResizing(FixedSize):
    """Resizes a map to means over areas, in which every cell has its part.

    The map and the result cover the same square. A cell of the result is the
    mean of the map over the cell's area, where the map is constant over each of
    its own cells. A map of fewer cells than the result has is repeated.
    Bilinear resizing, in contrast, looks at the four cells nearest to the
    centre of each cell of the result: of a map eight times as large it leaves
    out all others, the outermost ones among them.

    Example: four cells to three; the second holds half of the second and half
    of the third.

    >>> import numpy as np
    >>> cells = np.array([3, 0, 6, 9], "float32").reshape(1, 1, 4, 1)
    >>> layer = AreaResizing((1, 3))
    >>> print(keras.ops.convert_to_numpy(layer(cells))[0, 0, :, 0])
    [2.25 3.   8.25]

    Args:
        size: Height and width of the result, in cells.

    Input shape:
        4D tensor `(batch, height, width, channels)`. Sizes may be unknown.

    Output shape:
        4D tensor with the height and width of `size`.

    Raises:
        ValueError: If a size is not positive, or it is called on anything
            else than a map.
    """

    def shares(self, inputs: Any, axis: int) -> Any:
        """Common lengths of the result's cells and the map's."""
        cells, size = ops.shape(inputs)[axis + 1], self.size[axis]
        # In units of which a cell of the map has `size` and one of the result
        # `cells`, all edges are whole numbers.
        new = ops.arange(size, dtype="int32")[:, None] * cells
        old = ops.arange(cells, dtype="int32")[None, :] * size
        common = ops.minimum(new + cells, old + size) - ops.maximum(new, old)
        common = ops.cast(ops.maximum(common, 0), "float32")
        shares = common / ops.cast(cells, "float32")
        return ops.cast(shares, inputs.dtype)
