"""Bilinear resizing of one map to another's size."""

from typing import Any

import keras
from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.errors import InputError
from keras_padpos.layers.fixed_size import mixed


@register_keras_serializable(package="keras_padpos")
class ResizeToMatch(keras.layers.Layer):
    """Enlarges a map bilinearly to the height and width of another tensor.

    The outermost cells of both lie on each other, as with PyTorch's
    `align_corners=True`, which the segmentation heads of Islam et al.'s
    released code use: no row or column beside the border is made up by
    repeating the edge. (`keras.ops.image.resize` aligns the corners of the
    cells instead, and repeats the edge over half a cell.)

    Example:

    >>> import numpy as np
    >>> scores = np.array([0, 1, 4], "float32").reshape(1, 1, 3, 1)
    >>> picture = np.zeros((1, 1, 5, 3), "float32")
    >>> resized = ResizeToMatch()([scores, picture])
    >>> print(keras.ops.convert_to_numpy(resized)[0, 0, :, 0])
    [0.  0.5 1.  2.5 4. ]

    Input shape:
        List of the map `(batch, height, width, channels)` and a tensor
        `(batch, height, width, ...)` of the size that is wanted, with or
        without channels. Sizes may be unknown.

    Output shape:
        4D tensor with the height and width of the second and the channels of
        the first.

    Raises:
        ValueError: If it is called on anything else.

    Source:
        `islamamirul/PermuteNet`, `channel-wise-position-encoding/models`.
    """

    def build(self, input_shape: Any) -> None:
        """Check what it is called on; there are no weights."""
        if (
            len(input_shape) != 2
            or not all(
                isinstance(shape, (list, tuple)) for shape in input_shape
            )
            or len(input_shape[0]) != 4
            or len(input_shape[1]) < 3
        ):
            raise InputError(
                f"Layer {self.name!r} (ResizeToMatch): `inputs` must be a map "
                "(batch, height, width, channels) and a tensor (batch, "
                "height, width, ...) of the size wanted. "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        """Resize the first of two tensors."""
        outputs, target = inputs
        height, width = ops.shape(target)[1:3]
        return mixed(
            outputs,
            self._weights(outputs, 1, height),
            self._weights(outputs, 2, width),
        )

    def _weights(self, inputs, axis, wanted):
        """The share (wanted, cells) of every old cell in every new one."""
        cells = ops.shape(inputs)[axis]
        positions = ops.cast(ops.arange(wanted, dtype="int32"), "float32")
        # Whole numbers as long as possible, so that the last position is exact.
        positions = positions * ops.cast(cells - 1, "float32")
        positions = positions / ops.cast(ops.maximum(wanted - 1, 1), "float32")
        old = ops.cast(ops.arange(cells, dtype="int32"), "float32")
        shares = ops.relu(1.0 - ops.abs(positions[:, None] - old[None, :]))
        return ops.cast(shares, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Height and width of the second shape, the rest of the first."""
        outputs, target = input_shape
        return (outputs[0], *target[1:3], outputs[3])
