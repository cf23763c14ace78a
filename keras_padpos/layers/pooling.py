"""Pooling with a choice of border."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers.registration import padded_layer
from keras_padpos.padding import Constant
from keras_padpos.padding import PaddingMode
from keras_padpos.padding import get
from keras_padpos.padding import unseen_zeros


class _Pooling(PaddedLayer):
    """Base of the mixins of maximum and average pooling.

    A subclass implements `run_window`.
    """

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.pool_size)

    @property
    def frame_mode(self) -> PaddingMode:
        """With `"same"` no window sees the zeros of an axis, as in Keras."""
        same = self.geometry.name == "same" and not self.padding_mode.native
        return unseen_zeros(self.padding_mode) if same else self.padding_mode

    def window(self) -> tuple[tuple[int, ...], ...]:
        """Pool size and strides; taps are neighbours."""
        return self.pool_size, self.strides, (1,) * self.rank

    def output_channels(self, input_channels: int | None) -> int | None:
        """As many as went in."""
        return input_channels

    def finish(self, outputs: Any) -> Any:
        """Neither bias nor activation."""
        return outputs


class _AveragePooling(_Pooling):
    """Mixin of `AveragePooling1D`, `AveragePooling2D`, `AveragePooling3D`."""

    @property
    def native(self) -> bool:
        """Not where the mode corrects: `"same"` leaves cells out already."""
        return super().native and not self.corrects

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Average; see `PaddedLayer.call`."""
        return ops.average_pool(
            inputs,
            self.pool_size,
            strides=self.strides,
            padding=padding,
            data_format=self.data_format,
        )


@padded_layer("the channels of the input")
class AveragePooling1D(_AveragePooling, keras.layers.AveragePooling1D):
    """`keras.layers.AveragePooling1D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every mean. Cells added in any other way
    count: explicit zeros pull the mean down, as they do after
    `keras.layers.ZeroPadding1D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.array([3, 6, 0, 9], "float32").reshape(1, 4, 1)
    >>> layer = AveragePooling1D(3, 1, padding="same", padding_mode="circular")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, 0])
    [6. 3. 5. 4.]
    """


@padded_layer("the channels of the input")
class AveragePooling2D(_AveragePooling, keras.layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every mean. Cells added in any other way
    count: explicit zeros pull the mean down, as they do after
    `keras.layers.ZeroPadding2D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    >>> layer = AveragePooling2D(2, 2, padding=1, padding_mode="replicate")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, :, 0])
    [[ 0.   1.5  3. ]
     [ 6.   7.5  9. ]
     [12.  13.5 15. ]]
    """


@padded_layer("the channels of the input")
class AveragePooling3D(_AveragePooling, keras.layers.AveragePooling3D):
    """`keras.layers.AveragePooling3D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every mean. Cells added in any other way
    count: explicit zeros pull the mean down, as they do after
    `keras.layers.ZeroPadding3D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)
    >>> layer = AveragePooling3D(2, 1, padding="same", padding_mode="circular")
    >>> print(np.unique(keras.ops.convert_to_numpy(layer(x))))
    [3.5]
    """


class _MaxPooling(_Pooling):
    """Mixin of `MaxPooling1D`, `MaxPooling2D` and `MaxPooling3D`."""

    def check_reach(self, sizes: tuple[int | None, ...]) -> None:
        """Raise also if a window would see no cell of the input."""
        super().check_reach(sizes)
        explicit = self.geometry.explicit
        if not self.corrects or explicit is None:
            return
        modes = self.padding_mode.split(self.rank)
        if any(
            mode.corrects and max(pads) >= cells
            for mode, pads, cells in zip(
                modes, explicit, self.pool_size, strict=True
            )
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
        unseen = [
            Constant(lowest) if mode.corrects else mode
            for mode in self.frame_mode.split(self.rank)
        ]
        return get(unseen).pad(
            inputs,
            width,
            seed=self.seed_generator,
            training=training,
            axes=self.axes,
        )

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


@padded_layer("the channels of the input")
class MaxPooling1D(_MaxPooling, keras.layers.MaxPooling1D):
    """`keras.layers.MaxPooling1D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every window. Cells added in any other way
    take part: explicit zeros win over negative numbers, as they do after
    `keras.layers.ZeroPadding1D`. `"partial"` leaves them out in every
    geometry, and refuses pads of a window or more, where it would see no cell.

    Example:

    >>> import numpy as np
    >>> x = np.array([1, 4, 2, 8], "float32").reshape(1, 4, 1)
    >>> layer = MaxPooling1D(3, 1, padding="same", padding_mode="circular")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, 0])
    [8. 4. 8. 8.]
    """


@padded_layer("the channels of the input")
class MaxPooling2D(_MaxPooling, keras.layers.MaxPooling2D):
    """`keras.layers.MaxPooling2D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every window. Cells added in any other way
    take part: explicit zeros win over negative numbers, as they do after
    `keras.layers.ZeroPadding2D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    >>> layer = MaxPooling2D(3, 2, padding=1, padding_mode="replicate")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, :, 0])
    [[ 5.  7.]
     [13. 15.]]
    """


@padded_layer("the channels of the input")
class MaxPooling3D(_MaxPooling, keras.layers.MaxPooling3D):
    """`keras.layers.MaxPooling3D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every window. Cells added in any other way
    take part: explicit zeros win over negative numbers, as they do after
    `keras.layers.ZeroPadding3D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)
    >>> layer = MaxPooling3D(2, 1, padding="same", padding_mode="circular")
    >>> print(np.unique(keras.ops.convert_to_numpy(layer(x))))
    [7.]
    """
