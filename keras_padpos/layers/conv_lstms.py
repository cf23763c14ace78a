"""Convolutional LSTMs with a choice of border."""

from typing import Any

import keras
from keras import ops

from keras_padpos import padding as modes
from keras_padpos.errors import InputError
from keras_padpos.layers._padded_layer import ModeLayer
from keras_padpos.layers.registration import AXES
from keras_padpos.layers.registration import rank_of
from keras_padpos.layers.registration import registered_layer
from keras_padpos.padding import Geometry

_DOC = """
    Two convolutions pad: that of the input, if `padding="same"`, and that of
    the state, always; the mode fills both frames. With `"zeros"` it is the
    Keras layer.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 2, {ones}, 1), "float32")
    >>> layer = {name}(1, 3, padding="same", padding_mode="circular")
    >>> y = keras.ops.convert_to_numpy(layer(x))
    >>> bool(np.ptp(y) < 1e-6)  # a constant stays constant
    True

    Args:
        padding: `"valid"` or `"same"`, of the input's convolution.
        padding_mode: Name of a padding mode that draws no noise, or such a
            `PaddingMode`; see `keras_padpos.padding`.

    All other arguments are those of `keras.layers.{name}`.

    Input shape:
        {ndim}D tensor `(batch, time, {axes}, channels)`, or
        `(batch, time, channels, {axes})` with
        `data_format="channels_first"`. {axes_must} be known.

    Output shape:
        As of `keras.layers.{name}`.

    Raises:
        ValueError: If the mode draws noise, or cannot fill as many cells as
            are added.
        NotImplementedError: If the cell of this version of Keras has not the
            methods that a mode other than `"zeros"` replaces.

    Warns:
        UserWarning: Once, if a mode that copies cells has to repeat them,
            since the frame is wider than the map.
    """

# Methods of the cell of Keras that this file replaces.
_CONVOLUTIONS = ("input_conv", "recurrent_conv")


def _registered(cls):
    rank = rank_of(cls)
    doc = _DOC.format(
        name=cls.__name__,
        ndim=rank + 3,
        ones=", ".join("345"[:rank]),
        axes=AXES[rank],
        axes_must="They must" if rank > 1 else "Steps must",
    )
    return registered_layer(cls, getattr(keras.layers, cls.__name__), doc)


class _ConvLSTM(ModeLayer):
    """Mixin of `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D`."""

    def set_mode(self, padding_mode: Any) -> None:
        """Resolve the mode, and give the cell convolutions that use it."""
        self.padding_mode = modes.get(padding_mode, self.rank)
        self.padding_mode.check_rank(self.rank, self.where)
        if self.padding_mode.random:
            raise InputError(
                f'{self.where}: `padding_mode="{self.padding_mode.name}"` '
                "would draw anew in every step of the recurrence, which is "
                "not supported. Use a mode without noise."
            )
        # The cell's class is not public; its two convolutions are methods.
        for name in _CONVOLUTIONS:
            if name in vars(self.cell):
                delattr(self.cell, name)
        if self.padding_mode != modes.get("zeros"):
            self._check_cell()
            self.cell.recurrent_conv = self._recurrent_conv
            if self.padding == "same":
                self.cell.input_conv = self._input_conv

    def _check_cell(self):
        """Raise if this Keras convolves in another way, with zeros."""
        kind = type(self.cell)
        missing = [name for name in _CONVOLUTIONS if not hasattr(kind, name)]
        if missing:
            raise NotImplementedError(
                f'{self.where}: `padding_mode="{self.padding_mode.name}"` '
                f"needs methods of {kind.__name__} that Keras "
                f"{keras.__version__} does not have: {', '.join(missing)}. "
                'Use `padding_mode="zeros"`, or another version of Keras.'
            )

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.kernel_size)

    def build(
        self, sequences_shape: Any, initial_state_shape: Any = None
    ) -> None:
        """Build the Keras layer after a look at the frames."""
        first = 2 if self.data_format == "channels_last" else 3
        sizes = tuple(sequences_shape[first : first + self.rank])
        if None not in sizes:  # else Keras says that it must be known
            ones = (1,) * self.rank
            geometry = Geometry(self.padding, self.rank)
            window = self.kernel_size, self.strides, self.dilation_rate
            self.check_pads(sizes, geometry.pads(sizes, *window))
            states = geometry.output_sizes(sizes, *window)
            same = Geometry("same", self.rank)
            self.check_pads(
                states, same.pads(states, self.kernel_size, ones, ones)
            )
        super().build(sequences_shape, initial_state_shape)

    def _input_conv(self, x, w, b=None, padding="same"):
        outputs = self._padded_conv(x, w, self.strides, self.dilation_rate)
        if b is None:
            return outputs
        shape = [1] * (self.rank + 2)
        shape[-1 if self.data_format == "channels_last" else 1] = -1
        return outputs + ops.reshape(b, shape)

    def _recurrent_conv(self, x, w):
        ones = (1,) * self.rank
        return self._padded_conv(x, w, ones, ones)

    def _padded_conv(self, x, kernel, strides, dilation_rate):
        first = 1 if self.data_format == "channels_last" else 2
        axes = range(first, first + self.rank)
        dynamic = ops.shape(x)
        sizes = [x.shape[i] or dynamic[i] for i in axes]
        pads = Geometry("same", self.rank).pads(
            sizes, self.kernel_size, strides, dilation_rate
        )
        width = [(0, 0)] * (self.rank + 2)
        width[first : first + self.rank] = pads
        outputs = ops.conv(
            self.padding_mode.pad(x, width, axes=axes),
            kernel,
            strides=list(strides),
            padding="valid",
            dilation_rate=list(dilation_rate),
            data_format=self.data_format,
        )
        windows = zip(
            self.kernel_size,
            sizes,
            strides,
            dilation_rate,
            [before for before, _ in pads],
            ops.shape(outputs)[first : first + self.rank],
            strict=True,
        )
        return self.padding_mode.correct(outputs, list(windows), first)


@_registered
class ConvLSTM1D(_ConvLSTM, keras.layers.ConvLSTM1D):
    """`keras.layers.ConvLSTM1D` with a `padding_mode`."""


@_registered
class ConvLSTM2D(_ConvLSTM, keras.layers.ConvLSTM2D):
    """`keras.layers.ConvLSTM2D` with a `padding_mode`."""


@_registered
class ConvLSTM3D(_ConvLSTM, keras.layers.ConvLSTM3D):
    """`keras.layers.ConvLSTM3D` with a `padding_mode`."""
