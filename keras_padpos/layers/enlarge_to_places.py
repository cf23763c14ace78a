"""Bilinear enlargement of a map whose cells have positions in a picture."""

from typing import Any

import keras
from keras import ops

from keras_padpos.layers.fixed_size import FixedSize


@keras.saving.register_keras_serializable(package="keras_padpos")
class EnlargeToPlaces(FixedSize):
    """Enlarges a map bilinearly, each cell at its own position in the picture.

    Cell `i` of the map comes to lie on the picture's position `start + i *
    stride`, in pixels from the centre of the first one. Between two cells the
    result is their mean by distance; beyond the outermost cells, theirs is
    repeated. So a map that shows only a part of the picture, as one of a
    network without padding does, is not stretched over all of it.

    Example: cells that begin at the second pixel, and lie two pixels apart.

    >>> import numpy as np
    >>> cells = np.array([0, 1, 4], "float32").reshape(1, 1, 3, 1)
    >>> layer = EnlargeToPlaces((1, 7), stride=(1, 2), start=(0, 1))
    >>> print(keras.ops.convert_to_numpy(layer(cells))[0, 0, :, 0])
    [0.  0.  0.5 1.  2.5 4.  4. ]

    Args:
        size: Height and width of the result, in pixels.
        stride: Pixels between neighbouring cells, (vertical, horizontal).
        start: Place of the first cell's centre, likewise.

    Input shape:
        4D tensor `(batch, height, width, channels)`. Sizes may be unknown.

    Output shape:
        4D tensor with the height and width of `size`.

    Raises:
        ValueError: If a size or a stride is not positive, or it is called on
            anything else than a map.
    """

    def __init__(
        self,
        size: tuple[int, int],
        *,
        stride: tuple[float, float],
        start: tuple[float, float],
        **kwargs: Any,
    ) -> None:
        super().__init__(size, **kwargs)
        self.check_pair("stride", stride)
        self.stride = tuple(map(float, stride))
        self.start = tuple(map(float, start))

    def shares(self, inputs: Any, axis: int) -> Any:
        """The share of every cell in every pixel."""
        cells = ops.shape(inputs)[axis + 1]
        pixels = ops.arange(self.size[axis], dtype="int32")
        positions = ops.cast(pixels, "float32") - self.start[axis]
        positions = positions / self.stride[axis]
        positions = ops.minimum(
            ops.relu(positions), ops.cast(cells - 1, positions.dtype)
        )
        old = ops.cast(ops.arange(cells, dtype="int32"), "float32")
        shares = ops.relu(1.0 - ops.abs(positions[:, None] - old[None, :]))
        return ops.cast(shares, inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {
            **super().get_config(),
            "stride": self.stride,
            "start": self.start,
        }
