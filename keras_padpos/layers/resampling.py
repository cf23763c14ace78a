"""Enlarging maps with a choice of what is read beyond the border."""

from typing import Any

import keras
from keras import ops

from keras_padpos import padding as modes
from keras_padpos.errors import InputError
from keras_padpos.layers._padded_layer import ModeLayer
from keras_padpos.layers.registration import registered_layer
from keras_padpos.padding import Earth

INTERPOLATION_REACH = {
    "nearest": 0,
    "bilinear": 1,
    "bicubic": 2,
    "lanczos3": 3,
    "lanczos5": 5,
}
"""Cells that each interpolation reads on either side of a position."""


class _Resampling(ModeLayer):
    """Mixin of layers that interpolate a map of two axes."""

    def set_mode(self, padding_mode: Any) -> None:
        """Resolve the mode; see `padding.get`."""
        self.padding_mode = modes.get(padding_mode, 2)
        self.padding_mode.check_rank(2, self.where)
        if not self.padding_mode.copies:
            raise InputError(
                f"{self.where}: `padding_mode` must be one that copies cells "
                "(replicate, reflect, symmetric, circular), since an "
                "interpolation goes on with the map. "
                f"Received: padding_mode={padding_mode!r}"
            )

    @property
    def native(self) -> bool:
        """Whether the Keras layer computes just this."""
        return self.interpolation == "nearest" or (
            self.padding_mode == modes.get("replicate")
        )


def _registered(cls):
    stock = getattr(keras.layers, cls.__name__)
    return registered_layer(cls, stock, doc="", default="replicate")


@_registered
class UpSampling2D(_Resampling, keras.layers.UpSampling2D):
    """`keras.layers.UpSampling2D` with a `padding_mode`.

    Between two cells an interpolation mixes both; beside the border there is
    one only. The Keras layer then repeats it (bilinear), or leaves out what is
    missing (bicubic, lanczos, on most backends). This layer frames the map as
    the mode says before it is enlarged, and cuts the enlarged frame off: with
    `"circular"` it commutes with a roll of the map. With `"replicate"` it is
    the Keras layer, whatever the interpolation, and with
    `interpolation="nearest"`, which reads no neighbour, so it is with any mode.

    Example:

    >>> import numpy as np
    >>> x = np.array([0, 4, 8], "float32").reshape(1, 1, 3, 1)
    >>> layer = UpSampling2D(
    ...     (1, 2), interpolation="bilinear", padding_mode="circular"
    ... )
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, 0, :, 0])
    [2. 1. 3. 5. 7. 6.]

    Args:
        padding_mode: Name of a mode that copies cells (`"replicate"`,
            `"reflect"`, `"symmetric"`, `"circular"`, `"earth"`), such a
            `PaddingMode`, or one for each axis; see `keras_padpos.padding`.

    All other arguments are those of `keras.layers.UpSampling2D`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or
        `(batch, channels, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        4D tensor of the same layout, height and width times `size`.

    Raises:
        ValueError: If `padding_mode` copies no cells.

    Warns:
        UserWarning: Once, if the mode has to repeat cells, since the map is
            smaller than the interpolation's reach.
    """

    def call(self, inputs: Any) -> Any:
        """Frame, enlarge, and cut the enlarged frame off."""
        if self.native:
            return super().call(inputs)
        first = 1 if self.data_format == "channels_last" else 2
        reach = INTERPOLATION_REACH[self.interpolation]
        cells = [reach if factor > 1 else 0 for factor in self.size]
        width = [(0, 0)] * 4
        width[first : first + 2] = [(count, count) for count in cells]
        self.check_pads(inputs.shape[first : first + 2], width[first:][:2])
        enlarged = super().call(
            self.padding_mode.pad(inputs, width, axes=(first, first + 1))
        )
        index = [slice(None)] * 4
        for axis, (count, factor) in enumerate(
            zip(cells, self.size, strict=True), start=first
        ):
            if count:
                index[axis] = slice(count * factor, -count * factor)
        return enlarged[tuple(index)]


@_registered
class Resizing(_Resampling, keras.layers.Resizing):
    """`keras.layers.Resizing` with a `padding_mode`.

    What lies beyond the border where the map is enlarged is what the mode
    says: with `"circular"` the last cells are mixed with the first. With
    `"replicate"` it is the Keras layer, which repeats the edge. Other modes
    are for `interpolation="bilinear"`, without `antialias` and without the
    arguments that keep the aspect ratio, and take tensors of the backend. The
    frame of `pad_to_aspect_ratio` is always of `fill_value`.

    Example:

    >>> import numpy as np
    >>> x = np.array([0, 4, 8], "float32").reshape(1, 1, 3, 1)
    >>> layer = Resizing(1, 6, padding_mode="circular")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, 0, :, 0])
    [2. 1. 3. 5. 7. 6.]

    Args:
        padding_mode: Name of a mode that copies cells (`"replicate"`,
            `"reflect"`, `"symmetric"`, `"circular"`), such a `PaddingMode`,
            or one for each axis; see `keras_padpos.padding`.

    All other arguments are those of `keras.layers.Resizing`.

    Input shape:
        Tensor `(..., height, width, channels)`, or
        `(..., channels, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        Tensor of the same layout with `height` and `width` of the layer.

    Raises:
        ValueError: If `padding_mode` copies no cells, or is another than
            `"replicate"` beside arguments that it does not go with.
    """

    def set_mode(self, padding_mode: Any) -> None:
        """Resolve the mode, if it goes with the other arguments."""
        super().set_mode(padding_mode)
        framed = self.pad_to_aspect_ratio and not self.crop_to_aspect_ratio
        stock = self.padding_mode == modes.get("replicate")
        if isinstance(self.padding_mode, Earth):
            raise InputError(
                f'{self.where}: `padding_mode="earth"` is not for resizing, '
                "which goes axis by axis. Use UpSampling2D."
            )
        if not stock and (framed or not (self.native or resizes_plainly(self))):
            raise InputError(
                f'{self.where}: `padding_mode="{self.padding_mode.name}"` '
                'needs `interpolation="bilinear"` or `"nearest"`, and neither '
                "`antialias` nor an aspect ratio to keep."
            )

    def call(self, data: Any, training: bool = True) -> Any:
        """Resize; see the class."""
        if self.native:
            return super().call(data, training=training)
        images = ops.convert_to_tensor(data)
        dtype = keras.backend.standardize_dtype(images.dtype)
        whole = not keras.backend.is_float_dtype(dtype)
        if whole:
            images = ops.cast(images, "float32")
        last = self.data_format == "channels_last"
        # Products of small matrices: unlike gathered rows, their gradients
        # add up in the same order at every run.
        height, width = self.padding_mode.split(2)
        for axis, mode, new_cells, product in (
            (-3 if last else -2, height, self.height, "ih,...hwc->...iwc"),
            (-2 if last else -1, width, self.width, "jw,...iwc->...ijc"),
        ):
            if not last:
                product = product.replace("c", "")
            shares = _shares(mode, ops.shape(images)[axis], new_cells)
            images = ops.einsum(product, ops.cast(shares, images.dtype), images)
        return ops.cast(ops.round(images), dtype) if whole else images


def _shares(mode, cells, new_cells):
    """The share (new_cells, cells) of every old cell in every new one."""
    positions = ops.cast(ops.arange(new_cells, dtype="int32"), "float32")
    # Half-pixel centres, as all interpolations of Keras have them.
    scale = ops.cast(cells, "float32") / new_cells
    positions = (positions + 0.5) * scale - 0.5
    below = ops.floor(positions)
    weight = ops.expand_dims(positions - below, -1)
    below = ops.cast(below, "int32")
    old = ops.arange(cells, dtype="int32")[None, :]

    def copied(neighbour):
        source = mode.source(neighbour, cells)
        return ops.cast(ops.equal(source[:, None], old), "float32")

    return (1 - weight) * copied(below) + weight * copied(below + 1)


def resizes_plainly(layer: keras.layers.Resizing) -> bool:
    """Whether a `Resizing` is one that takes every mode that copies cells."""
    return layer.interpolation in ("nearest", "bilinear") and not (
        layer.antialias
        or layer.crop_to_aspect_ratio
        or layer.pad_to_aspect_ratio
    )
