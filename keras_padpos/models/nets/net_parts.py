"""What the small research nets have in common.

All are channels last, whatever Keras' configuration says, and laid out as in
PyTorch, where their papers' code was written: windows are padded by the same
number of cells on both sides, BatchNorm has an epsilon of 1e-5 and keeps nine
tenths of its statistics at each step, and kernels are drawn as by He et al.
(ICCV 2015) for the fan-out.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos import layers
from keras_padpos import padding
from keras_padpos.checks import is_int
from keras_padpos.errors import InputError


def kernel_draw() -> keras.initializers.Initializer:
    """PyTorch's default for the kernels of convolutions and dense layers.

    Uniform between plus and minus one over the root of the fan-in.

    Example:

    >>> kernel = keras.ops.convert_to_numpy(kernel_draw()((4, 1000)))
    >>> bool(0.49 < abs(kernel).max() <= 0.5)
    True

    Returns:
        A Keras initializer.

    Source:
        `torch.nn.Conv2d` and `torch.nn.Linear`: He et al.'s uniform draw with
        a slope of the root of 5.
    """
    return keras.initializers.VarianceScaling(
        1 / 3, mode="fan_in", distribution="uniform"
    )


def bias_draw(fan_in: int) -> keras.initializers.Initializer:
    """PyTorch's default for biases: the same bounds as of the kernel.

    Example:

    >>> abs(float(bias_draw(4)((1,))[0])) <= 0.5
    True

    Args:
        fan_in: What one output of the layer sees.

    Returns:
        A Keras initializer.
    """
    bound = 1 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)


NO_PADDING = "none"
"""What `padding_mode` may be besides a mode: see `convert_padding`."""

_TOPS = (None, "classification", "segmentation")
_FORMAT = "channels_last"


def check_net(
    input_shape: Any, padding_mode: Any, top: Any, classes: Any
) -> None:
    """Refuse arguments that no net can be built with."""
    if (
        not isinstance(input_shape, (list, tuple))
        or len(input_shape) != 3
        or any(size is not None and not is_int(size, 1) for size in input_shape)
        or input_shape[2] is None
    ):
        raise InputError(
            "`input_shape` must be (height, width, channels), where height "
            f"and width may be `None`. Received: input_shape={input_shape!r}"
        )
    layer_mode(padding_mode)
    if top not in _TOPS:
        raise InputError(
            '`top` must be "classification", "segmentation" or `None`. '
            f"Received: top={top!r}"
        )
    if top is not None and not is_int(classes, 1):
        raise InputError(
            f"`classes` must be an int of 1 or more. Received: {classes!r}"
        )


def layer_mode(padding_mode: Any) -> Any:
    """The mode that layers are made with: zeros where they are converted."""
    return padding.get("zeros" if padding_mode == NO_PADDING else padding_mode)


def normalised_convolution(
    x: Any,
    filters: int,
    kernel_size: int,
    name: str,
    padding_mode: Any,
    *,
    strides: int = 1,
    use_bias: bool = False,
    momentum: float = 0.9,
) -> Any:
    """A convolution and its BatchNorm, `"NAME_conv"` and `"NAME_bn"`."""
    x = convolution(
        x,
        filters,
        kernel_size,
        f"{name}_conv",
        padding_mode,
        strides=strides,
        use_bias=use_bias,
    )
    return keras.layers.BatchNormalization(
        axis=-1, momentum=momentum, epsilon=1e-5, name=f"{name}_bn"
    )(x)


def convolution(
    x: Any,
    filters: int,
    kernel_size: int,
    name: str,
    padding_mode: Any,
    *,
    strides: int = 1,
    use_bias: bool = False,
) -> Any:
    """A convolution alone; see `normalised_convolution`."""
    pads: str | int = "valid"
    if padding_mode is None or kernel_size == 1:
        padding_mode = "zeros"
    elif strides == 1:
        # As many cells on either side as the number below, and zeros need not
        # be copied.
        pads = "same"
    else:
        pads = kernel_size // 2
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding=pads,
        padding_mode=padding_mode,
        use_bias=use_bias,
        kernel_initializer=keras.initializers.VarianceScaling(
            2.0, mode="fan_out", distribution="untruncated_normal"
        ),
        data_format=_FORMAT,
        name=name,
    )(x)


def residual_block(
    x: Any,
    convolutions: Sequence[tuple[int, int, int]],
    name: str,
    padding_mode: Any,
) -> Any:
    """Convolutions past which a shortcut leads; the sum is rectified.

    The shortcut is a 1x1 convolution with BatchNorm where channels or strides
    ask for one.
    """
    filters = convolutions[-1][0]
    stride = max(strides for _, _, strides in convolutions)
    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = normalised_convolution(
            x, filters, 1, f"{name}_0", padding_mode, strides=stride
        )
    for number, (width, kernel_size, strides) in enumerate(
        convolutions, start=1
    ):
        x = normalised_convolution(
            x,
            width,
            kernel_size,
            f"{name}_{number}",
            padding_mode,
            strides=strides,
        )
        if number < len(convolutions):
            x = keras.layers.ReLU(name=f"{name}_{number}_relu")(x)
    x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
    return keras.layers.ReLU(name=f"{name}_out")(x)


def with_top(
    inputs: Any, x: Any, top: str | None, classes: int, name: str
) -> keras.Model:
    """End a net in a map, in classes, or in classes of every pixel."""
    if top == "classification":
        x = keras.layers.GlobalAveragePooling2D(
            data_format=_FORMAT, name="mean"
        )(x)
        x = keras.layers.Dense(int(classes), name="logits")(x)
    elif top == "segmentation":
        x = keras.layers.Conv2D(
            int(classes), 1, data_format=_FORMAT, name="logits"
        )(x)
        # Without channels the picture cannot be taken for a map that meets
        # another; those are cropped to one size where padding is taken out.
        size = keras.ops.take(inputs, 0, axis=-1)
        x = layers.ResizeToMatch(name="enlarged")([x, size])
    return keras.Model(inputs, x, name=name)
