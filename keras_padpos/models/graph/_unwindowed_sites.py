"""Sites of layers whose window does not just move over their input."""

from dataclasses import replace
from typing import Any

import keras

from keras_padpos.layers.resampling import INTERPOLATION_REACH
from keras_padpos.layers.resampling import resizes_plainly
from keras_padpos.models._call import Call
from keras_padpos.models.graph._layer_cells import transposed_window
from keras_padpos.models.graph._layer_cells import upsampling_cells
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.padding_site import other_site
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import padding_mode_of
from keras_padpos.padding import Constant
from keras_padpos.padding import Geometry
from keras_padpos.padding import Zeros


def unwindowed_site(call: Call) -> PaddingSite | None:
    """The site of a transposed, recurrent or resampling layer, if it pads."""
    if isinstance(call.operation, TRANSPOSED):
        return _transposed_site(call)
    if isinstance(call.operation, RECURRENT):
        return _recurrent_site(call)
    return _resampling_site(call)


def enlarged_rim(layer: Any) -> tuple[int, ...]:
    """Cells at each end of an enlarged map that are mixed with its border.

    Args:
        layer: An `UpSampling1D`, `UpSampling2D` or `UpSampling3D`.

    Returns:
        One number an axis; 0 where nothing is mixed.
    """
    return tuple(axis.within(0, 0)[0] for axis in upsampling_cells(layer))


def _transposed_site(call):
    layer = call.operation
    window = transposed_window(layer)
    overlap = any(
        (kernel - 1) * dilation >= stride
        for kernel, stride, dilation in zip(
            window.kernel_size,
            window.strides,
            window.dilation_rate,
            strict=True,
        )
    )
    if not window.may_pad or (window.geometry.name == "same" and not overlap):
        return None  # it cuts nothing off
    # Its cells are those that the convolution of which it is the transpose
    # adds to the output.
    sizes = window.sizes(call.output_shapes[0])
    if layer.output_padding is None:
        # Of an open size that much is sure: it is a multiple of the stride.
        sizes = tuple(
            stride if size is None else size
            for size, stride in zip(sizes, window.strides, strict=True)
        )
    return PaddingSite(
        name=call.name,
        layer=layer,
        kind="transposed",
        kernel_size=window.kernel_size,
        strides=window.strides,
        dilation_rate=window.dilation_rate,
        sizes=window.sizes(call.input_shapes[0]),
        pads=window.pads(sizes),
        padding_mode=padding_mode_of(layer),
    )


def _recurrent_site(call):
    layer = call.operation
    rank = len(layer.kernel_size)
    if max(layer.kernel_size) == 1:
        return None
    first = 2 if layer.data_format == "channels_last" else 3
    sizes = tuple(call.input_shapes[0][first : first + rank])
    ones = (1,) * rank
    # The state has a convolution of its own, which moves by 1 and always pads.
    same = layer.padding == "same"
    strides = tuple(layer.strides) if same else ones
    dilation_rate = tuple(layer.dilation_rate) if same else ones
    return PaddingSite(
        name=call.name,
        layer=layer,
        kind="recurrent",
        kernel_size=tuple(layer.kernel_size),
        strides=strides,
        dilation_rate=dilation_rate,
        sizes=sizes,
        pads=None
        if None in sizes and max(strides) > 1
        else Geometry("same", rank).pads(
            sizes, layer.kernel_size, strides, dilation_rate
        ),
        padding_mode=padding_mode_of(layer),
    )


def _resampling_site(call):
    layer = call.operation
    reach = INTERPOLATION_REACH[layer.interpolation]
    first = 1 if layer.data_format == "channels_last" else 2
    # A single picture without a batch is resized too.
    first -= 4 - len(call.input_shapes[0])
    old = call.input_shapes[0][first : first + 2]
    frame = _aspect_frame(layer, old)
    if frame is None or any(map(any, frame)):
        return _framed_site(call, old, frame)
    if isinstance(layer, keras.layers.UpSampling2D):
        strides = tuple(layer.size)
        enlarged = [factor > 1 for factor in strides]
    else:
        strides = (1, 1)
        enlarged = [
            None
            if size is None
            else new > size or (new < size and reach > 1 or layer.antialias)
            for size, new in zip(old, (layer.height, layer.width), strict=True)
        ]
    if not reach or not any(each is not False for each in enlarged):
        return None  # it reads nothing beyond the border
    reason = ""
    if isinstance(layer, keras.layers.Resizing) and not resizes_plainly(layer):
        reason = (
            "only a bilinear Resizing that neither smooths nor keeps an "
            "aspect ratio has other borders"
        )
    cells = [reach if each else 0 for each in enlarged]
    return PaddingSite(
        name=call.name,
        layer=layer,
        kind="resampling",
        kernel_size=tuple(2 * count or 1 for count in cells),
        strides=strides,
        dilation_rate=(1, 1),
        sizes=tuple(old),
        pads=None if None in enlarged else tuple((c, c) for c in cells),
        padding_mode=padding_mode_of(layer),
        reason=reason,
    )


def _aspect_frame(layer, sizes):
    """Cells that a Resizing adds so that the aspect ratio stays.

    `None` where they depend on a size that is open.
    """
    adds = getattr(layer, "pad_to_aspect_ratio", False)
    if not adds or layer.crop_to_aspect_ratio:
        return ((0, 0), (0, 0))
    if None in sizes:
        return None
    height, width = sizes
    whole = (
        max(width * layer.height // layer.width, height),
        max(height * layer.width // layer.height, width),
    )
    cells = [
        (large - size) // 2 for large, size in zip(whole, sizes, strict=True)
    ]
    return tuple((count, count) for count in cells)


def _framed_site(call, sizes, pads):
    """The site of a Resizing that adds a frame before it resizes."""
    fill = call.operation.fill_value
    reason = (
        "it adds a frame so that the aspect ratio stays "
        "(`pad_to_aspect_ratio`), which no padding mode fills"
    )
    return replace(
        other_site(call, reason),
        kernel_size=(1, 1),
        strides=(1, 1),
        dilation_rate=(1, 1),
        sizes=tuple(sizes),
        pads=pads,
        padding_mode=Constant(fill) if fill else Zeros(),
    )
