"""The small net of F-Conv's red-green test."""

from typing import Any

import keras

from keras_padpos import layers
from keras_padpos import padding
from keras_padpos.errors import InputError
from keras_padpos.models.nets.net_parts import bias_draw
from keras_padpos.models.nets.net_parts import check_net
from keras_padpos.models.nets.net_parts import kernel_draw

_FORMAT = "channels_last"
_FILTERS = (32, 32, 64, 64)
_STRIDES = (1, 2, 2, 2)

# Cells that are added on each side of a 3x3 window's map. Even sizes with a
# stride of 2 would otherwise be padded on one side only.
_PADS = {"valid": "valid", "same": 1, "full": "full"}


def red_green_net(
    convolution: str = "full",
    *,
    padding_mode: Any = "zeros",
    input_shape: tuple[int | None, int | None, int] = (32, 32, 3),
    classes: int = 2,
    name: str = "red_green_net",
) -> keras.Model:
    """Four 3x3 convolutions, the maximum over the map, and a dense layer.

    The convolutions have 32, 32, 64 and 64 channels, strides 1, 2, 2 and 2,
    ReLU and no bias, so that a black background stays black, whatever its
    size. What tells one such net from another is how it meets the border.

    Kernels and the dense layer's bias are drawn as PyTorch's layers draw
    theirs: uniformly between plus and minus one over the root of the fan-in.

    The maps to read are the outputs of the layers `"conv1"` to `"conv4"`;
    `"maximum"` is what the dense layer `"logits"` sees.

    Example:

    >>> net = red_green_net("full")
    >>> net.get_layer("conv4").output.shape
    (None, 6, 6, 64)
    >>> net.compute_output_shape((1, 32, 32, 3))
    (1, 2)

    Args:
        convolution: `"valid"`: nothing is added; `"same"`: one cell on each
            side of every map; `"full"`: two, so that every cell of a kernel
            meets every cell of a map (F-Conv).
        padding_mode: Name of a padding mode, or a `PaddingMode`: what the
            added cells hold. Of no consequence for `"valid"`.
        input_shape: Height, width and channels of the picture; a size may be
            `None`.
        classes: Number of classes.
        name: The model's name.

    Returns:
        A functional model from pictures `(batch, height, width, channels)` to
        logits `(batch, classes)`. Initial weights follow
        `keras.utils.set_random_seed`.

    Raises:
        ValueError: If an argument is not one of the above, or the mode cannot
            reach as far as a map's size asks.

    Source:
        Kayhan and van Gemert, *On Translation Invariance in CNNs* (CVPR
        2020), Sec. 4.1, and the released code
        (`oskyhn/CNNs-Without-Borders`), whose circular net asks PyTorch of
        before 1.5 for two cells and gets one on each side: our `"same"`.
    """
    if convolution not in _PADS:
        raise InputError(
            '`convolution` must be "valid", "same" or "full". '
            f"Received: convolution={convolution!r}"
        )
    # A mode alone: what "none" is elsewhere is a convolution here.
    mode = padding.get(padding_mode)
    check_net(input_shape, mode, "classification", classes)
    inputs = x = keras.Input(input_shape, name="picture")
    plan = zip(_FILTERS, _STRIDES, strict=True)
    for number, (filters, strides) in enumerate(plan, start=1):
        x = layers.Conv2D(
            filters,
            3,
            strides=strides,
            padding=_PADS[convolution],
            padding_mode="zeros" if convolution == "valid" else mode,
            data_format=_FORMAT,
            activation="relu",
            use_bias=False,
            kernel_initializer=kernel_draw(),
            name=f"conv{number}",
        )(x)
    x = keras.layers.GlobalMaxPooling2D(data_format=_FORMAT, name="maximum")(x)
    x = keras.layers.Dense(
        classes,
        kernel_initializer=kernel_draw(),
        bias_initializer=bias_draw(_FILTERS[-1]),
        name="logits",
    )(x)
    return keras.Model(inputs, x, name=name)
