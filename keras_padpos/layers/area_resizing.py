"""Maps resized so that every cell counts by its area."""

from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError


@keras.saving.register_keras_serializable(package="keras_padpos")
class AreaResizing(keras.layers.Layer):
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

    def __init__(self, size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if len(size) != 2 or not all(each > 0 for each in size):
            raise InputError(
                f"Layer {self.name!r} (AreaResizing): `size` must be two "
                f"positive numbers. Received: size={size!r}"
            )
        self.size = tuple(size)

    def build(self, input_shape: Any) -> None:
        """Check what it is called on; there are no weights."""
        if len(input_shape) != 4:
            raise InputError(
                f"Layer {self.name!r} (AreaResizing): `inputs` must be a map "
                "(batch, height, width, channels). "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        """Resize; see the class."""
        outputs = ops.einsum("ih,bhwc->biwc", self._shares(inputs, 0), inputs)
        return ops.einsum("jw,biwc->bijc", self._shares(inputs, 1), outputs)

    def _shares(self, inputs, axis):
        """The share (result's cells, map's cells) of each cell in each."""
        cells, size = ops.shape(inputs)[axis + 1], self.size[axis]
        # In units of which a cell of the map has `size` and one of the result
        # `cells`, all edges are whole numbers.
        new = ops.arange(size, dtype="int32")[:, None] * cells
        old = ops.arange(cells, dtype="int32")[None, :] * size
        common = ops.minimum(new + cells, old + size) - ops.maximum(new, old)
        common = ops.cast(ops.maximum(common, 0), "float32")
        shares = common / ops.cast(cells, "float32")
        return ops.cast(shares, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Height and width of `size`, the rest as it was."""
        return (input_shape[0], *self.size, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {**super().get_config(), "size": self.size}
