"""What max pooling of one, two and three axes does alike."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.layers.padded_layer import PaddedPooling


class PaddedMaxPooling(PaddedPooling):
    """Mixin of `MaxPooling1D`, `MaxPooling2D` and `MaxPooling3D`."""

    def check_reach(self, sizes: tuple[int | None, ...]) -> None:
        """Raise also if a window would see no cell of the input."""
        super().check_reach(sizes)
        explicit = self.geometry.explicit
        if not self.corrects or explicit is None:
            return
        if any(
            max(pads) >= cells
            for pads, cells in zip(explicit, self.pool_size, strict=True)
        ):
            raise InputError(
                f"{self.where}: with "
                f'`padding_mode="{self.padding_mode.name}"` every pad must be '
                "smaller than the pool, or a window would see no cell. "
                f"Received: padding={self.padding!r}, "
                f"pool_size={self.pool_size}"
            )

    def add_frame(self, inputs: Any, width: Any, training: bool) -> Any:
        """A mode that corrects gets cells that no maximum takes."""
        if not self.corrects:
            return super().add_frame(inputs, width, training)
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        lowest = (
            -np.inf
            if keras.backend.is_float_dtype(dtype)
            else int(np.iinfo(dtype).min)
        )
        return ops.pad(inputs, width, constant_values=lowest)

    def correct(self, outputs: Any, sizes: Any, pads: Any) -> Any:
        """Nothing is left to correct."""
        return outputs

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Take the largest cell; see `PaddedLayer.call`."""
        framed = padding == "valid" and not self.geometry.is_valid
        on_tensorflow = keras.backend.backend() == "tensorflow"
        if self.rank == 3 and framed and on_tensorflow:
            return self._pool_in_steps(inputs)
        return self._pool(inputs, slice(None), padding)

    def _pool(self, inputs, axes, padding="valid"):
        return ops.max_pool(
            inputs,
            self.pool_size[axes],
            strides=self.strides[axes],
            padding=padding,
            data_format=self.data_format,
        )

    def _pool_in_steps(self, inputs):
        """Pool along the depth, then within planes.

        Cells of the frame equal those they copy. Where several cells of a
        window of a volume are the largest, TensorFlow on a CPU gives each of
        them the whole gradient; in a plane it chooses one.
        """
        depth = self.first_axis
        shape = list(ops.shape(inputs))
        height, width = shape[depth + 1 : depth + 3]
        sticks = [*shape[: depth + 1], height * width, *shape[depth + 3 :]]
        outputs = ops.max_pool(
            ops.reshape(inputs, sticks),
            (self.pool_size[0], 1),
            strides=(self.strides[0], 1),
            data_format=self.data_format,
        )
        shape[depth] = ops.shape(outputs)[depth]
        planes = [
            *shape[: depth - 1],
            shape[depth - 1] * shape[depth],
            *shape[depth + 1 :],
        ]
        outputs = self._pool(ops.reshape(outputs, planes), slice(1, None))
        shape[depth + 1 : depth + 3] = ops.shape(outputs)[depth : depth + 2]
        return ops.reshape(outputs, shape)
