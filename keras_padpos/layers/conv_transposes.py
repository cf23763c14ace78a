"""Transposed convolutions with a choice of border."""

from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers.registration import padded_layer
from keras_padpos.padding.padding_mode import no_transpose


class _ConvTranspose(PaddedLayer):
    """Mixin of `Conv1DTranspose`, `Conv2DTranspose` and `Conv3DTranspose`."""

    no_output = "the padding leaves no output"

    def check_reach(self, sizes: tuple[int | None, ...]) -> None:
        """Raise if the mode cannot fold a frame back onto these outputs."""
        outputs = self.checked_sizes(sizes)
        if self.geometry.is_valid:
            return
        if not self.padding_mode.transposable:
            raise InputError(f"{self.where}: {no_transpose(self.padding_mode)}")
        if self.padding_mode.native:
            return
        # Sizes grow in step with the input, so that any cell tells them all.
        some = tuple(size or 1 for size in sizes)
        larger = self.output_sizes(some)
        if self.geometry.output_sizes(larger, *self.window()) != some:
            raise InputError(
                f"{self.where}: no convolution takes sizes {larger} to "
                f"{some}. Received: padding={self.padding!r}, "
                f"output_padding={self.output_padding}, strides={self.strides}"
            )
        self.check_pads(outputs, self.frame())

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Transpose the window, fold the frame, add the bias, activate."""
        stock = self.geometry.name == "valid" or self.native
        outputs = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=list(self.strides),
            padding=self.geometry.name if stock else "valid",
            output_padding=self.output_padding if stock else None,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
        if not stock:
            self.check_reach(self.spatial(inputs.shape))
            outputs = self.fold(outputs)
        return self.finish(outputs)

    def fold(self, outputs: Any) -> Any:
        """Take the frame off what the valid transposed window gave."""
        pads = self.frame()
        ones = (1,) * self.rank
        extra = [
            size + sum(pair) - max(extent, stride)
            for size, pair, extent, stride in zip(
                self.output_sizes(ones),
                pads,
                self.extents(),
                self.strides,
                strict=True,
            )
        ]
        if self.padding_mode.native:
            cut = [
                (before, after - more)
                for (before, after), more in zip(pads, extra, strict=True)
            ]
            return self.trim(outputs, cut)
        outputs = self.trim(outputs, [(0, -more) for more in extra])
        return self.padding_mode.fold(outputs, self.every_axis(pads), self.axes)

    def trim(self, outputs: Any, cut: Any) -> Any:
        """Cut cells off both ends; where it is fewer than none, add zeros."""
        index = [slice(None)] * (self.rank + 2)
        more = []
        for axis, (before, after) in enumerate(cut, start=self.first_axis):
            index[axis] = slice(before, -after if after > 0 else None)
            more.append((0, max(-after, 0)))
        outputs = outputs[tuple(index)]
        if any(map(any, more)):
            outputs = ops.pad(outputs, self.every_axis(more))
        return outputs

    def frame(self) -> tuple[tuple[int, int], ...]:
        """Cells that the convolution adds; no input size changes them."""
        ones = (1,) * self.rank
        return self.geometry.pads(self.output_sizes(ones), *self.window())

    def extents(self) -> tuple[int, ...]:
        """Cells from the first tap to the last, one int an axis."""
        return tuple(
            (kernel - 1) * dilation + 1
            for kernel, dilation in zip(
                self.kernel_size, self.dilation_rate, strict=True
            )
        )

    def output_sizes(self, sizes: tuple[int | None, ...]) -> tuple[Any, ...]:
        """Spatial sizes that come out; `None` stays `None`."""
        name = self.geometry.name
        frames = self.geometry.explicit or (None,) * self.rank
        mores = self.output_padding or (None,) * self.rank
        outputs: list[int | None] = []
        for size, extent, stride, more, frame in zip(
            sizes, self.extents(), self.strides, mores, frames, strict=True
        ):
            if size is None:
                outputs.append(None)
                continue
            if name == "same":
                last = stride if more is None else extent % 2 + more
            elif name == "valid" and more is None:
                last = max(extent, stride)
            elif name == "full":
                last = 2 - extent + (more or 0)
            elif name == "causal":
                last = 1 + (more or 0)
            else:
                last = extent - sum(frame or (0, 0)) + (more or 0)
            outputs.append((size - 1) * stride + last)
        return tuple(outputs)


@padded_layer("`filters` channels")
class Conv1DTranspose(_ConvTranspose, keras.layers.Conv1DTranspose):
    """`keras.layers.Conv1DTranspose` with a `padding_mode`.

    It is the transpose of `keras_padpos.layers.Conv1D` with the same window,
    `padding` and `padding_mode`; see `Conv2DTranspose`, which differs in the
    number of axes only.

    Example:

    >>> import numpy as np
    >>> x = np.array([1, 0, 0, 2], "float32").reshape(1, 4, 1)
    >>> layer = Conv1DTranspose(
    ...     1, 3, padding="same", padding_mode="circular",
    ...     kernel_initializer="ones",
    ... )
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, 0])
    [3. 1. 2. 3.]
    """


@padded_layer("`filters` channels")
class Conv2DTranspose(_ConvTranspose, keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` with a `padding_mode`.

    The linear map is the transpose of a padded convolution: of
    `keras_padpos.layers.Conv2D` with the same window, `padding` and
    `padding_mode`, on pictures of this layer's output size. What the transposed
    window writes into the frame is added onto the cells that the frame copies;
    with `"zeros"` it is cut off, as the Keras layer does. Modes that copy cells
    have such a transpose (`reflect`, `symmetric`, `replicate`, `circular`);
    modes that compute or draw their frame have none, and are refused when the
    layer is built.

    Along an axis of `size` cells that go in, with
    `extent = (kernel_size - 1) * dilation_rate + 1`, there come out

    * `"same"`: `size * strides`,
    * `"valid"`: `(size - 1) * strides + max(extent, strides)`,
    * all else: `(size - 1) * strides + extent - before - after`.

    `output_padding` has the Keras layer's meaning: cells beyond what the window
    reaches, 0 where the padding counts cells.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 3, 3, 1), "float32")
    >>> layer = Conv2DTranspose(
    ...     1, 3, padding="same", padding_mode="circular",
    ...     kernel_initializer="ones",
    ... )
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, :, 0])
    [[9. 9. 9.]
     [9. 9. 9.]
     [9. 9. 9.]]
    """


@padded_layer("`filters` channels")
class Conv3DTranspose(_ConvTranspose, keras.layers.Conv3DTranspose):
    """`keras.layers.Conv3DTranspose` with a `padding_mode`.

    It is the transpose of `keras_padpos.layers.Conv3D` with the same window,
    `padding` and `padding_mode`; see `Conv2DTranspose`, which differs in the
    number of axes only.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 2, 3, 4, 1), "float32")
    >>> layer = Conv3DTranspose(
    ...     1, 3, strides=2, padding="same", padding_mode="reflect"
    ... )
    >>> layer(x).shape == (1, 4, 6, 8, 1)
    True
    """
