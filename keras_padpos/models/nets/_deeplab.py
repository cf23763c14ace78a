"""DeepLabV3+ of keras-hub, with any border."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import MissingPackageError
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.nets.deeplab import open_pyramids

DEEPLAB_ENCODERS = {
    "resnet18": ("basic_block", (64, 128, 256, 512), (2, 2, 2, 2)),
    "resnet50": ("bottleneck_block", (64, 128, 256, 512), (3, 4, 6, 3)),
}
"""From an encoder to its kind of blocks, their filters and their numbers."""


_FORMAT = "channels_last"


def deeplab(
    encoder: str,
    classes: int,
    padding_mode: Any = "own",
    *,
    weights: str = "random",
    input_shape: tuple[int, int, int] = (224, 224, 3),
    dilation_rates: Sequence[int] = (6, 12, 18),
    name: str = "deeplab",
) -> keras.Model:
    """DeepLabV3+ of keras-hub, from raw RGB to logits of every pixel.

    An encoder of stride 32, three dilated convolutions and a mean over the
    whole map side by side, joined with the maps of stride 4.

    Args:
        encoder: One of `DEEPLAB_ENCODERS`; a preset must have it.
        classes: How many; 1 for saliency.
        padding_mode: `"own"`: zeros, as keras-hub has them. Or a padding mode
            or `"interpolate"`, to which every layer is converted, those of
            the pyramid too: see `convert_padding`. A dilated convolution adds
            as many cells as its rate, which `reflect`, `symmetric` and
            `circular` take from the map, a 32nd of the picture.
        weights: `"random"`, or a preset of keras-hub's `DeepLabV3Backbone`
            such as `"deeplab_v3_plus_resnet50_pascalvoc"`, which it downloads.
        input_shape: Height, width and 3; multiples of 32.
        dilation_rates: Those of the pyramid, without a preset. Common ones
            are for a stride of 16; half of them see as far.
        name: The model's name.

    Returns:
        A functional model from pictures `(batch, height, width, 3)` in [0,
        255] to logits `(batch, height, width, classes)`. Pictures are scaled
        as the preset says, with random weights as for PyTorch's networks.
        The network up to the last layer is inside; see `backbone_of`. Initial
        weights follow `keras.utils.set_random_seed`.

    Raises:
        ImportError: If keras-hub is not installed.
        ValueError: If an argument is none of these, or a mode cannot reach as
            far as asked, or a preset has another encoder. `"none"` is among
            them: without padding the maps that are joined would show
            different parts of the picture.

    Source:
        Chen et al., *Encoder-Decoder with Atrous Separable Convolution for
        Semantic Image Segmentation* (ECCV 2018), as in keras-hub, with plain
        convolutions.
    """
    hub = _package()
    if padding_mode == "none":
        raise InputError(
            '`padding_mode` of a DeepLab must not be "none": the maps that '
            "it enlarges and joins would show different parts of the picture. "
            '"interpolate" is what papers run without padding'
        )
    if encoder not in DEEPLAB_ENCODERS:
        raise InputError(
            f"`encoder` must be one of {', '.join(DEEPLAB_ENCODERS)}. "
            f"Received: encoder={encoder!r}"
        )
    if None in input_shape or input_shape[0] % 32 or input_shape[1] % 32:
        raise InputError(
            "`input_shape` must have a height and a width that are multiples "
            f"of 32. Received: input_shape={input_shape}"
        )
    kind, filters, blocks = DEEPLAB_ENCODERS[encoder]
    if weights == "random":
        network = hub.models.DeepLabV3Backbone(
            image_encoder=hub.models.ResNetBackbone(
                input_conv_filters=[64],
                input_conv_kernel_sizes=[7],
                stackwise_num_filters=filters,
                stackwise_num_blocks=blocks,
                stackwise_num_strides=(1, 2, 2, 2),
                block_type=kind,
                image_shape=input_shape,
            ),
            projection_filters=48,
            low_level_feature_key="P2",
            spatial_pyramid_pooling_key="P5",
            upsampling_size=8,
            dilation_rates=list(dilation_rates),
            image_shape=input_shape,
        )
    else:
        network = hub.models.DeepLabV3Backbone.from_preset(
            weights, image_shape=input_shape
        )
        found = network.image_encoder.get_config()
        # Kinds of one structure go on after its name, as in "basic_block_vd".
        if tuple(found.get("stackwise_num_blocks", ())) != blocks or not (
            str(found.get("block_type")).startswith(kind)
        ):
            raise InputError(
                f"`encoder` must be that of the preset {weights!r}, "
                f"{network.image_encoder.name!r}. Received: encoder={encoder!r}"
            )
    network = open_pyramids(network)
    if padding_mode not in ("own", "zeros"):
        network = convert_padding(network, padding_mode)
    inputs = keras.Input(input_shape, name="rgb")
    if weights == "random":
        prepared = keras.applications.imagenet_utils.preprocess_input(
            inputs, data_format=_FORMAT, mode="torch"
        )
    else:
        prepared = _scaled(
            inputs, hub.layers.DeepLabV3ImageConverter.from_preset(weights)
        )
    inner = keras.Model(inputs, network(prepared), name="deeplab_features")
    inputs = keras.Input(input_shape, name="rgb")
    scores = keras.layers.Conv2D(
        classes, 1, data_format=_FORMAT, name="score1"
    )(inner(inputs))
    # Half floats are too coarse for a loss.
    logits = keras.layers.Activation("linear", dtype="float32", name="logits")(
        scores
    )
    return keras.Model(inputs, logits, name=name)


def _scaled(inputs, converter):
    """What a preset's converter makes of pictures, except for their size."""

    def of_channels(value, default):
        value = default if value is None else value
        # With all its axes, no format is looked for.
        return np.broadcast_to(value, (1, 1, 3)).tolist()

    return keras.layers.Rescaling(
        of_channels(converter.scale, 1.0),
        of_channels(converter.offset, 0.0),
        dtype="float32",
        name="scaled",
    )(inputs)


def _package():
    try:
        import keras_hub
    except ImportError as error:
        raise MissingPackageError(
            "DeepLab needs the package keras-hub: "
            'pip install "keras-padpos[segmentation]"'
        ) from error
    return keras_hub
