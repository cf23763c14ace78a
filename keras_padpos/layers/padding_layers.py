"""Frames of cells around sequences, pictures and volumes."""

from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers.registration import padded_layer


class _Padding(PaddedLayer, keras.layers.Layer):
    """Base of the padding layers: a window of one cell, only the frame.

    A subclass sets `rank`, the number of spatial axes.
    """

    rank: int

    def __init__(
        self,
        padding: Any = 1,
        data_format: str | None = None,
        padding_mode: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        # No Keras layer has these arguments.
        keras.layers.Layer.__init__(self, **kwargs)
        self.data_format = data_format or keras.config.image_data_format()
        if self.data_format not in ("channels_last", "channels_first"):
            raise InputError(
                '`data_format` must be "channels_last" or "channels_first". '
                f"Received: data_format={data_format!r}"
            )
        if isinstance(padding, str):
            raise InputError(
                "`padding` of a padding layer must count cells, since no "
                f"kernel tells how many. Received: padding={padding!r}"
            )
        self.set_padding(padding, padding_mode)
        if self.corrects:
            raise InputError(
                f'`padding_mode="{self.padding_mode.name}"` corrects what a '
                "window gives, and a padding layer has none: use it in a "
                "convolution or pooling layer. "
                f"Received: padding_mode={padding_mode!r}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=self.rank + 2)

    def window(self) -> tuple[tuple[int, ...], ...]:
        """A single cell that moves by one."""
        return ((1,) * self.rank,) * 3

    def output_channels(self, input_channels: int | None) -> int | None:
        """As many as went in."""
        return input_channels

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Nothing but the frame."""
        return inputs

    def finish(self, outputs: Any) -> Any:
        """Neither bias nor activation."""
        return outputs

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {**super().get_config(), "data_format": self.data_format}


@padded_layer("the frame")
class Padding1D(_Padding):
    """`keras.layers.ZeroPadding1D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.arange(1.0, 5.0, dtype="float32").reshape(1, 4, 1)
    >>> y = Padding1D((2, 1), padding_mode="reflect")(x)
    >>> print(np.asarray(y)[0, :, 0])
    [3. 2. 1. 2. 3. 4. 3.]
    """

    rank = 1


@padded_layer("the frame")
class Padding2D(_Padding):
    """`keras.layers.ZeroPadding2D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.arange(1.0, 5.0, dtype="float32").reshape(1, 2, 2, 1)
    >>> y = Padding2D(((0, 0), (1, 1)), padding_mode="replicate")(x)
    >>> print(np.asarray(y)[0, :, :, 0])
    [[1. 1. 2. 2.]
     [3. 3. 4. 4.]]
    """

    rank = 2


@padded_layer("the frame")
class Padding3D(_Padding):
    """`keras.layers.ZeroPadding3D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 2, 3, 4, 1), "float32")
    >>> y = Padding3D((0, 1, 2), padding_mode="circular")(x)
    >>> y.shape == (1, 2, 5, 8, 1)
    True
    """

    rank = 3
