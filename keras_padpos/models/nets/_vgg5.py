"""VGG-5, the smallest net of the location-dependent tasks."""

from typing import Any

import keras

from keras_padpos.models.nets.net_parts import NO_PADDING
from keras_padpos.models.nets.net_parts import check_net
from keras_padpos.models.nets.net_parts import layer_mode
from keras_padpos.models.nets.net_parts import normalised_convolution
from keras_padpos.models.nets.net_parts import with_top

_WIDTHS = (32, 64, 128, 256)


def vgg5(
    *,
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    padding_mode: Any = "zeros",
    top: str | None = "classification",
    classes: int = 10,
    name: str = "vgg5",
) -> keras.Model:
    """Four 3x3 convolutions and a classifier.

    Each convolution is followed by BatchNorm and ReLU, and all but the last
    by 2x2 max-pooling; the classifier is the fifth layer.

    The maps to read are the outputs of the layers `"stage1_out"` to
    `"stage4_out"`: 32, 64, 128 and 256 channels, strides 1, 2, 4 and 8.

    Example:

    >>> net = vgg5(padding_mode="reflect", top="segmentation", classes=11)
    >>> net.compute_output_shape((1, 96, 96, 3))
    (1, 96, 96, 11)
    >>> vgg5(padding_mode="none", top=None).compute_output_shape((1, 96, 96, 3))
    (1, 8, 8, 256)

    Args:
        input_shape: Height, width and channels of the picture; a size may be
            `None`.
        padding_mode: Name of a padding mode, or a `PaddingMode`; `"none"`:
            plain valid windows, as in the paper, so that pooling pairs other
            cells than with padding (`convert_padding(vgg5(), "none")` keeps
            to the same ones); `"interpolate"`: see `convert_padding`.
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
        or the last map `(batch, height / 8, width / 8, 256)`. Initial weights
        follow `keras.utils.set_random_seed`.

    Raises:
        ValueError: If an argument is not one of the above, or the mode cannot
            reach as far as a map's size asks.

    Source:
        Islam et al., *Position, Padding and Predictions* (IJCV 2024); the
        widths, biases and heads are those of the code released with their
        *Global Pooling* paper (ICCV 2021, `islamamirul/PermuteNet`). There
        the classifier expects 512 channels, so that its VGG-5 does not run;
        ours has 256. Its kernels are drawn by PyTorch's default.
    """
    check_net(input_shape, padding_mode, top, classes)
    inputs = x = keras.Input(input_shape, name="picture")
    # Nothing has to meet again here, so `"none"` needs no conversion.
    mode = None if padding_mode == NO_PADDING else layer_mode(padding_mode)
    for stage, filters in enumerate(_WIDTHS, start=1):
        if stage > 1:
            x = keras.layers.MaxPooling2D(
                2, data_format="channels_last", name=f"stage{stage}_pool"
            )(x)
        x = normalised_convolution(
            x, filters, 3, f"stage{stage}", mode, use_bias=True
        )
        x = keras.layers.ReLU(name=f"stage{stage}_out")(x)
    return with_top(inputs, x, top, classes, name)
