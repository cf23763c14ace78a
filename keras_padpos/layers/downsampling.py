"""Down-sampling that a shift of the picture changes little, or not at all."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.checks import check_ints
from keras_padpos.checks import pair_of
from keras_padpos.errors import InputError
from keras_padpos.layers._padded_layer import PaddedLayer


@keras.saving.register_keras_serializable("keras_padpos")
class BlurPool2D(PaddedLayer, keras.layers.Layer):
    """Blur each channel with a binomial filter, then keep every n-th cell.

    Example:

    >>> import numpy as np
    >>> x = np.array([0, 0, 4, 0, 0, 8], "float32").reshape(1, 1, 6, 1)
    >>> y = BlurPool2D((1, 2), (1, 3), padding_mode="circular")(x)
    >>> print(keras.ops.convert_to_numpy(y)[0, 0, :, 0])
    [2. 2. 2.]

    Args:
        strides: Steps, an int or one an axis.
        filter_size: Cells of the filter, an int or one an axis: 3 is
            `[1, 2, 1] / 4`, 4 is `[1, 3, 3, 1] / 8`. An even one shifts the
            map by half a cell.
        padding_mode: What lies beyond the border, a name or a `PaddingMode`.
        data_format: `"channels_last"` or `"channels_first"`; Keras' default
            if not given.
        **kwargs: See `keras.layers.Layer`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or `(batch, channels,
        height, width)` with `data_format="channels_first"`.

    Output shape:
        4D tensor of the same layout, sizes divided by the strides and rounded
        up.

    Source:
        Zhang, *Making Convolutional Networks Shift-Invariant Again* (ICML
        2019).
    """

    rank = 2

    def __init__(
        self,
        strides: int | tuple[int, int] = 2,
        filter_size: int | tuple[int, int] = 3,
        padding_mode: Any = "zeros",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        # No Keras layer has these arguments.
        keras.layers.Layer.__init__(self, **kwargs)
        self.data_format = data_format or keras.config.image_data_format()
        self.strides = _pair("strides", strides)
        self.filter_size = _pair("filter_size", filter_size)
        pads = tuple(
            ((size - 1) // 2, size - 1 - (size - 1) // 2)
            for size in self.filter_size
        )
        self.set_padding(pads, padding_mode)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def window(self) -> tuple[tuple[int, ...], ...]:
        """Filter size and strides; taps are neighbours."""
        return self.filter_size, self.strides, (1, 1)

    def output_channels(self, input_channels: int | None) -> int | None:
        """As many as went in."""
        return input_channels

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve each channel with the filter; see `PaddedLayer.call`."""
        channels = inputs.shape[-1 if self.first_axis == 1 else 1]
        rows, columns = (
            [math.comb(size - 1, tap) / 2 ** (size - 1) for tap in range(size)]
            for size in self.filter_size
        )
        taps = np.multiply.outer(rows, columns)[:, :, None, None]
        kernel = ops.convert_to_tensor(
            np.tile(taps, (1, 1, channels, 1)), dtype=self.compute_dtype
        )
        # A depthwise convolution of TensorFlow takes equal strides only.
        step = self.strides if len(set(self.strides)) == 1 else (1, 1)
        outputs = ops.depthwise_conv(
            inputs,
            kernel,
            strides=step,
            padding="valid",
            data_format=self.data_format,
        )
        if step == self.strides:
            return outputs
        return outputs[_every(self.strides, (0, 0), self.first_axis)]

    def finish(self, outputs: Any) -> Any:
        """Neither bias nor activation."""
        return outputs

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        config = super().get_config()
        del config["padding"]  # follows from the filter's size
        return {
            **config,
            "strides": self.strides,
            "filter_size": self.filter_size,
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable("keras_padpos")
class PolyphaseSampling2D(keras.layers.Layer):
    """Keep every n-th cell, beginning where the map is largest (APS).

    A map has `strides[0] * strides[1]` grids of every n-th cell. Of each
    example the one is kept on which the sum of squares, over positions and
    channels, is largest. So the cells that are kept move along with the map:
    shift it in a circle, and the very same come out, shifted in a circle.

    Example:

    >>> import numpy as np
    >>> x = np.array([1, 5, 2, 6, 3, 7], "float32").reshape(1, 1, 6, 1)
    >>> sample = PolyphaseSampling2D((1, 2))
    >>> for shift in (0, 1):
    ...     y = sample(np.roll(x, shift, axis=2))
    ...     print(keras.ops.convert_to_numpy(y)[0, 0, :, 0])
    [5. 6. 7.]
    [7. 5. 6.]

    Args:
        strides: Steps, an int or one an axis.
        data_format: `"channels_last"` or `"channels_first"`; Keras' default
            if not given.
        **kwargs: See `keras.layers.Layer`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or `(batch, channels,
        height, width)` with `data_format="channels_first"`, or a list of it
        and a guide of the same height and width, whose squares decide. The
        strides divide height and width.

    Output shape:
        4D tensor of the first one's layout, sizes divided by the strides.

    Raises:
        ValueError: If the strides do not divide a size.

    Source:
        Chaman, Dokmanić, *Truly Shift-Invariant Convolutional Neural
        Networks* (CVPR 2021): adaptive polyphase sampling.
    """

    def __init__(
        self,
        strides: int | tuple[int, int] = 2,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format or keras.config.image_data_format()
        self.strides = _pair("strides", strides)

    def call(self, inputs: Any) -> Any:
        """Sample.

        Args:
            inputs: A map, or a list of a map and its guide.

        Returns:
            The smaller map.
        """
        x, guide = inputs if isinstance(inputs, (list, tuple)) else [inputs] * 2
        self._check(x.shape)
        squares = self._by_grid(ops.square(ops.cast(guide, "float32")))
        across = [axis for axis in range(1, 6) if axis not in self._starts]
        sums = ops.sum(squares, axis=across)
        largest = ops.argmax(
            ops.reshape(sums, (-1, math.prod(self.strides))), 1
        )
        # One on the grid of each example, zero on the others.
        kept = ops.one_hot(largest, math.prod(self.strides), dtype="bool")
        shape = [-1] + [1] * 5
        for axis, stride in zip(self._starts, self.strides, strict=True):
            shape[axis] = stride
        kept = ops.reshape(kept, shape)
        return ops.sum(ops.where(kept, self._by_grid(x), 0), axis=self._starts)

    @property
    def _starts(self):
        """The axes over grids of what `_by_grid` gives."""
        first = 1 if self.data_format == "channels_last" else 2
        return first + 1, first + 3

    def _by_grid(self, x):
        """A map, with an axis over grids behind each spatial one."""
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(ops.shape(x))
        down, right = self.strides
        height, width = shape[first : first + 2]
        shape[first : first + 2] = height // down, down, width // right, right
        return ops.reshape(x, shape)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Sizes divided by the strides.

        Args:
            input_shape: Shape of the map, or of the map and its guide.
        """
        if isinstance(input_shape[0], (list, tuple)):
            input_shape = input_shape[0]
        self._check(input_shape)
        shape = list(input_shape)
        first = 1 if self.data_format == "channels_last" else 2
        for axis, stride in enumerate(self.strides, start=first):
            if shape[axis] is not None:
                shape[axis] //= stride
        return tuple(shape)

    def _check(self, shape):
        first = 1 if self.data_format == "channels_last" else 2
        for size, stride in zip(shape[first:], self.strides, strict=False):
            if size is not None and size % stride:
                raise InputError(
                    f"Layer {self.name!r} (PolyphaseSampling2D): `strides` "
                    "must divide height and width. Received: "
                    f"strides={self.strides}, a map of shape {tuple(shape)}"
                )

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {
            **super().get_config(),
            "strides": self.strides,
            "data_format": self.data_format,
        }


def _pair(name, value):
    pair = pair_of(value)
    for each in pair:
        check_ints(**{name: each})
    return pair


def _every(strides, start, first):
    """Slices of every n-th cell from a start on."""
    whole = (slice(None),) * first
    steps = zip(start, strides, strict=True)
    return (*whole, *(slice(begin, None, step) for begin, step in steps))
