"""DeepLabV3+ of keras-hub, with any border."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import check_choices
from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import
from keras_padpos.layers import ResizeToMatch
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.graph.graph_walk import inputs_of_call
from keras_padpos.models.graph.rebuild import Rebuild

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
        ValueError: If an argument is none of these, or a mode cannot fill
            what is added, or a preset has another encoder. `"none"` is among
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
    check_choices(encoder=(encoder, DEEPLAB_ENCODERS))
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
        config = network.image_encoder.get_config()
        # Kinds of one structure go on after its name, as in "basic_block_vd".
        if tuple(config.get("stackwise_num_blocks", ())) != blocks or not (
            str(config.get("block_type")).startswith(kind)
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
    return optional_import("keras_hub", "segmentation", "DeepLab")


# No public name leads to the class, nor to what it holds.
_PYRAMID = "SpatialPyramidPooling"
_PARTS = ("aspp_parallel_channels", "projection")


def open_pyramids(model: keras.Model) -> keras.Model:
    """Make a copy of a network whose pyramid pooling is part of its graph.

    `SpatialPyramidPooling` of keras-hub, in its DeepLabV3, calls its dilated
    convolutions by its own code, so that `"none"` and the receptive field
    cannot reach them.
    In the copy a model of the same layers stands in its place, with the same
    weights, which computes the same. (Only where neither `training` nor
    `predict` says otherwise, keras-hub's layer normalises its last map by the
    batch, as while training; the copy does not.)

    Args:
        model: A functional or Sequential model, such as keras-hub's
            `DeepLabV3Backbone`.

    Returns:
        A new model, a plain functional one.

    Raises:
        ValueError: If it holds no such layer, or one of a version of
            keras-hub that builds it otherwise.
    """
    opening = _Open()
    copy = opening.run(model)
    if not opening.pairs:
        raise InputError(
            f"`model` must hold a layer of keras-hub's {_PYRAMID}. "
            f"Received: {model.name!r}, which has none"
        )
    return copy


class _Open(Rebuild):
    """Puts a model in the place of each pyramid."""

    def __init__(self):
        super().__init__()
        self.pairs: dict[int, list] = {}

    def passes(self, layer):
        return type(layer).__name__ != _PYRAMID

    def replace(self, layer):
        if type(layer).__name__ != _PYRAMID:
            return super().replace(layer)
        missing = [each for each in _PARTS if not hasattr(layer, each)]
        if missing:
            raise InputError(
                f"Layer {layer.name!r} must be a {_PYRAMID} as keras-hub 0.32 "
                "builds it; another version may not do. Received: one without "
                f"{' and '.join(missing)}"
            )
        pairs = self.pairs[id(layer)] = []
        inputs = keras.Input(tuple(layer.input.shape[1:]), name="map")

        def run(sequence, x):
            for each in sequence.layers:
                copy = type(each).from_config(each.get_config())
                pairs.append((each, copy))
                x = copy(x)
            return x

        *branches, pooled = (
            run(each, inputs) for each in layer.aspp_parallel_channels
        )
        # One cell, repeated. Without channels the map cannot be taken for
        # one that meets another.
        size = keras.ops.take(inputs, 0, axis=-1)
        pooled = ResizeToMatch(name="pooled")([pooled, size])
        joined = keras.layers.Concatenate(axis=-1, name="joined")(
            [*branches, pooled]
        )
        outputs = run(layer.projection, joined)
        return keras.Model(inputs, outputs, name=layer.name)

    def call(self, layer, twin, args, kwargs, apply):
        if id(layer) in self.pairs:
            return apply(twin, *inputs_of_call(args, kwargs))
        return super().call(layer, twin, args, kwargs, apply)

    def carry_over(self, layer, twin):
        pairs = self.pairs.get(id(layer))
        if pairs is None:
            super().carry_over(layer, twin)
            return
        for each, copy in pairs:
            super().carry_over(each, copy)
