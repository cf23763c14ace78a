"""Bilinear enlargement of a map whose cells have positions in a picture."""

from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError


@keras.saving.register_keras_serializable(package="keras_padpos")
class EnlargeToPlaces(keras.layers.Layer):
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
        super().__init__(**kwargs)
        for name, pair in (("size", size), ("stride", stride)):
            if len(pair) != 2 or not all(each > 0 for each in pair):
                raise InputError(
                    f"Layer {self.name!r} (EnlargeToPlaces): `{name}` must be "
                    f"two positive numbers. Received: {name}={pair!r}"
                )
        self.size = tuple(size)
        self.stride = tuple(map(float, stride))
        self.start = tuple(map(float, start))

    def build(self, input_shape: Any) -> None:
        """Check what it is called on; there are no weights."""
        if len(input_shape) != 4:
            raise InputError(
                f"Layer {self.name!r} (EnlargeToPlaces): `inputs` must be a "
                "map (batch, height, width, channels). "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        """Enlarge; see the class."""
        # Products of small matrices: unlike gathered rows, their gradients
        # add up in the same order at every run.
        outputs = ops.einsum("ih,bhwc->biwc", self._shares(inputs, 0), inputs)
        return ops.einsum("jw,biwc->bijc", self._shares(inputs, 1), outputs)

    def _shares(self, inputs, axis):
        """The share (pixels, cells) of every cell in every pixel."""
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

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Height and width of `size`, the rest as it was."""
        return (input_shape[0], *self.size, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {
            **super().get_config(),
            "size": self.size,
            "stride": self.stride,
            "start": self.start,
        }
