"""BagNets: residual nets that see small patches only."""

from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.nets.net_parts import NO_PADDING
from keras_padpos.models.nets.net_parts import check_net
from keras_padpos.models.nets.net_parts import convolution
from keras_padpos.models.nets.net_parts import layer_mode
from keras_padpos.models.nets.net_parts import normalised_convolution
from keras_padpos.models.nets.net_parts import residual_block
from keras_padpos.models.nets.net_parts import with_top

# Stages whose first block keeps its 3x3 window, and the patch that is seen:
# 3 cells by the stem, then 2, 4, 8 and 16 more.
_WIDE_STAGES = {9: 2, 17: 3, 33: 4}
_WIDTHS = (64, 128, 256, 512)
_BLOCKS = (3, 4, 6, 3)
_STRIDES = (2, 2, 2, 1)


def bagnet(
    patch_size: int = 33,
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    padding_mode: Any = "zeros",
    top: str | None = "classification",
    classes: int = 10,
    name: str | None = None,
) -> keras.Model:
    """A ResNet-50 in which most 3x3 windows are 1x1.

    A position of the last map sees `patch_size` cells a side and no more, so
    that padding reaches two positions deep at most: a deep net that can
    hardly know where it looks. The stem is a 1x1 convolution, then 3x3,
    BatchNorm and ReLU. Of the bottleneck blocks only the first of stages 1
    and 2 (9), 1 to 3 (17), or 1 to 4 (33) keep a 3x3 window. Strides are 2,
    2, 2 and 1.

    The maps to read are the outputs of `"stem_out"`, `"stage1_block3_out"`,
    `"stage2_block4_out"`, `"stage3_block6_out"` and `"stage4_block3_out"`:
    64, 256, 512, 1024 and 2048 channels, strides 1, 2, 4, 8 and 8.

    Differences from the original, which never pads: there every 3x3 window
    is valid, and the shortcut loses its *last* rows and columns to fit, so
    that it lags a cell behind the window. Here a window with a padding mode
    has one cell added on each side, and shortcut and window have the same
    centre; with `padding_mode="none"` windows are valid as there, and the
    shortcut keeps the positions that the windows are about. Parameters and the
    patch seen agree with the original. The segmentation top is its classifier
    applied to every patch (`avg_pool=False`), enlarged to the picture.

    Example:

    >>> from keras_padpos import models
    >>> net = bagnet(9, padding_mode="replicate", top=None)
    >>> net.compute_output_shape((1, 224, 224, 3))
    (1, 28, 28, 2048)
    >>> field = models.receptive_field(net, (224, 224, 3))["stage4_block3_out"]
    >>> field.size, field.stride
    ((9, 9), (8, 8))

    Args:
        patch_size: 9, 17 or 33: cells a side that the last map sees.
        input_shape: Height, width and channels of the picture; a size may be
            `None`.
        padding_mode: Name of a padding mode, or a `PaddingMode`; `"none"` and
            `"interpolate"`: see `convert_padding`.
        top: `"classification"`: mean over the map and a dense layer;
            `"segmentation"`: a 1x1 convolution, enlarged bilinearly to the
            picture's size (without padding too, where the map shows less than
            the picture); `None`: the last map.
        classes: Number of classes, with a top.
        name: The model's name; `"bagnet33"` and so on by default.

    Returns:
        A functional model from pictures `(batch, height, width, channels)` to
        logits `(batch, classes)`, logits `(batch, height, width, classes)`,
        or the last map `(batch, height / 8, width / 8, 2048)`. Initial
        weights follow `keras.utils.set_random_seed`.

    Raises:
        ValueError: If an argument is not one of the above, or the mode cannot
            reach as far as a map's size asks.

    Source:
        Brendel and Bethge, *Approximating CNNs with Bag-of-local-Features
        models* (ICLR 2019), and their code
        (`wielandbrendel/bag-of-local-features-models`), whose first BatchNorm
        is slower than the others, as here.
    """
    if patch_size not in _WIDE_STAGES:
        raise InputError(
            "`patch_size` must be 9, 17 or 33. "
            f"Received: patch_size={patch_size!r}"
        )
    check_net(input_shape, padding_mode, top, classes)
    mode = layer_mode(padding_mode)
    inputs = keras.Input(input_shape, name="picture")
    x = convolution(inputs, 64, 1, "stem_1_conv", mode)
    x = normalised_convolution(x, 64, 3, "stem_2", mode, momentum=0.999)
    x = keras.layers.ReLU(name="stem_out")(x)
    plan = zip(_WIDTHS, _BLOCKS, _STRIDES, strict=True)
    for stage, (filters, blocks, strides) in enumerate(plan, start=1):
        for block in range(1, blocks + 1):
            wide = block == 1 and stage <= _WIDE_STAGES[patch_size]
            x = residual_block(
                x,
                [
                    (filters, 1, 1),
                    (filters, 3 if wide else 1, strides if block == 1 else 1),
                    (4 * filters, 1, 1),
                ],
                f"stage{stage}_block{block}",
                mode,
            )
    name = name or f"bagnet{patch_size}"
    net = with_top(inputs, x, top, classes, name)
    if padding_mode == NO_PADDING:
        return convert_padding(net, padding_mode)
    return net
