"""ResNet-18 with the stem of ImageNet or of the location-dependent tasks."""

from typing import Any

import keras

from keras_padpos import layers
from keras_padpos.errors import InputError
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.nets.net_parts import NO_PADDING
from keras_padpos.models.nets.net_parts import check_net
from keras_padpos.models.nets.net_parts import layer_mode
from keras_padpos.models.nets.net_parts import normalised_convolution
from keras_padpos.models.nets.net_parts import residual_block
from keras_padpos.models.nets.net_parts import with_top

_STEMS = ("7x7", "imagenet")
_WIDTHS = (64, 128, 256, 512)
_BLOCKS = 2


def resnet18(
    *,
    stem: str = "7x7",
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    padding_mode: Any = "zeros",
    top: str | None = "classification",
    classes: int = 10,
    name: str = "resnet18",
) -> keras.Model:
    """ResNet-18 in PyTorch's layout.

    Windows with a stride are padded alike on both sides, 3 cells for 7x7 and
    1 for 3x3, as in PyTorch and unlike Keras' `"same"`; BatchNorm has
    PyTorch's numbers (epsilon 1e-5, `momentum` 0.9 for its 0.1). Weights of a
    PyTorch ResNet-18 therefore give the same features.

    The maps to read are the outputs of `"stem_out"` and, for stages 1 to 4,
    `"stage1_block2_out"` to `"stage4_block2_out"`: 64, 128, 256 and 512
    channels; strides 2, 4, 8 and 16, or twice that with
    `stem="imagenet"`.

    Example:

    >>> net = resnet18(top=None)
    >>> net.compute_output_shape((1, 96, 96, 3))
    (1, 6, 6, 512)
    >>> net = resnet18(stem="imagenet", padding_mode="circular", classes=1000)
    >>> net.compute_output_shape((1, 224, 224, 3))
    (1, 1000)

    Args:
        stem: `"7x7"`: a 7x7 convolution of stride 2, BatchNorm and ReLU, no
            max-pooling (the location-dependent tasks); `"imagenet"`: the same
            and 3x3 max-pooling of stride 2 (He et al.).
        input_shape: Height, width and channels of the picture; a size may be
            `None`.
        padding_mode: Name of a padding mode, or a `PaddingMode`; it fills the
            border of the max-pooling too, where PyTorch leaves added cells
            out (no difference with zeros, since nothing is negative there).
            `"none"` and `"interpolate"`: see `convert_padding`; the paper's
            nets without padding interpolate.
        top: `"classification"`: mean over the map and a dense layer;
            `"segmentation"`: a 1x1 convolution, enlarged bilinearly to the
            picture's size (without padding too, where the map shows less than
            the picture); `None`: the last map.
        classes: Number of classes, with a top. Segmentation in the paper has
            11: ten objects and the background.
        name: The model's name.

    Returns:
        A functional model from pictures `(batch, height, width, channels)` to
        logits `(batch, classes)`, logits `(batch, height, width, classes)`,
        or the last map `(batch, height / 16, width / 16, 512)`, with the
        ImageNet stem a 32nd. Initial weights follow
        `keras.utils.set_random_seed`.

    Raises:
        ValueError: If an argument is not one of the above, or the mode cannot
            reach as far as a map's size asks.

    Source:
        He et al., *Deep Residual Learning* (CVPR 2016), Table 1. The 7x7 stem
        and the heads are those of the code released with Islam et al.'s
        *Global Pooling* paper (ICCV 2021, `islamamirul/PermuteNet`), used for
        *Position, Padding and Predictions* (IJCV 2024) as far as is known.
        That code draws kernels by PyTorch's default, and its segmentation
        net without padding still pads the stem; ours does not.
    """
    if stem not in _STEMS:
        raise InputError(
            f'`stem` must be "7x7" or "imagenet". Received: stem={stem!r}'
        )
    check_net(input_shape, padding_mode, top, classes)
    mode = layer_mode(padding_mode)
    inputs = keras.Input(input_shape, name="picture")
    x = normalised_convolution(inputs, 64, 7, "stem", mode, strides=2)
    x = keras.layers.ReLU(name="stem_out")(x)
    if stem == "imagenet":
        x = layers.MaxPooling2D(
            3,
            2,
            padding=1,
            padding_mode=mode,
            data_format="channels_last",
            name="stem_pool",
        )(x)
    for stage, filters in enumerate(_WIDTHS, start=1):
        for block in range(1, _BLOCKS + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = residual_block(
                x,
                [(filters, 3, strides), (filters, 3, 1)],
                f"stage{stage}_block{block}",
                mode,
            )
    net = with_top(inputs, x, top, classes, name)
    if padding_mode == NO_PADDING:
        return convert_padding(net, padding_mode)
    return net
