"""The networks that have backbones and classifiers here."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.models.nets._resnet18 import resnet18
from keras_padpos.models.nets._vgg5 import vgg5
from keras_padpos.models.weights import restore_imagenet_scale


@dataclass(frozen=True)
class Architecture:
    """A network that is built by name.

    Attributes:
        build: What makes it, with the arguments `include_top`, `weights` and
            `input_shape` of those in `keras.applications`.
        preprocess: From RGB in [0, 255] to what it was trained on.
        stages: Layers whose outputs are its stages, first to last.
        imagenet: Whether Keras has ImageNet weights of it to download.
        origin: The network whose weights files fit, for messages.
        mend: Called on a network whose weights come from a file.
    """

    build: Callable[..., keras.Model]
    preprocess: Callable[[Any], Any]
    stages: tuple[str, ...]
    imagenet: bool = True
    origin: str = "the network of this name in keras.applications"
    mend: Callable[[keras.Model], None] | None = None


def _resnet_stages(*blocks):
    return tuple(
        f"conv{stage}_block{block}_out"
        for stage, block in enumerate(blocks, start=2)
    )


def _vgg_stages(*convolutions):
    return tuple(
        f"block{block}_conv{convolution}"
        for block, convolution in enumerate(convolutions, start=1)
    )


def _resnet18(*, include_top=True, weights=None, input_shape=(224, 224, 3)):
    """`models.resnet18` with the arguments of `keras.applications`."""
    del weights  # there are none to download
    top = "classification" if include_top else None
    network = resnet18(
        stem="imagenet", top=top, classes=1000, input_shape=input_shape
    )
    if not include_top:
        return network
    probabilities = keras.layers.Softmax(name="predictions")(network.output)
    return keras.Model(network.input, probabilities, name=network.name)


def _vgg5(*, include_top=True, weights=None, input_shape=(224, 224, 3)):
    """`models.vgg5`, likewise."""
    del weights
    top = "classification" if include_top else None
    network = vgg5(top=top, classes=1000, input_shape=input_shape)
    if not include_top:
        return network
    probabilities = keras.layers.Softmax(name="predictions")(network.output)
    return keras.Model(network.input, probabilities, name=network.name)


# As PyTorch prepares pictures, whose layout our own networks have.
_AS_PYTORCH = functools.partial(
    keras.applications.imagenet_utils.preprocess_input, mode="torch"
)

ARCHITECTURES: dict[str, Architecture] = {
    "vgg16": Architecture(
        keras.applications.VGG16,
        keras.applications.vgg16.preprocess_input,
        _vgg_stages(2, 2, 3, 3, 3),
    ),
    "vgg19": Architecture(
        keras.applications.VGG19,
        keras.applications.vgg19.preprocess_input,
        _vgg_stages(2, 2, 4, 4, 4),
    ),
    "resnet18": Architecture(
        _resnet18,
        _AS_PYTORCH,
        tuple(f"stage{stage}_block2_out" for stage in (1, 2, 3, 4)),
        imagenet=False,
        origin='models.resnet18(stem="imagenet"), with 1000 classes if any',
    ),
    "vgg5": Architecture(
        _vgg5,
        _AS_PYTORCH,
        tuple(f"stage{stage}_out" for stage in (1, 2, 3, 4)),
        imagenet=False,
        origin="models.vgg5, with 1000 classes if any",
    ),
    "resnet50": Architecture(
        keras.applications.ResNet50,
        keras.applications.resnet.preprocess_input,
        _resnet_stages(3, 4, 6, 3),
    ),
    "resnet152": Architecture(
        keras.applications.ResNet152,
        keras.applications.resnet.preprocess_input,
        _resnet_stages(3, 8, 36, 3),
    ),
    "mobilenet": Architecture(
        keras.applications.MobileNet,
        keras.applications.mobilenet.preprocess_input,
        tuple(f"conv_pw_{block}_relu" for block in (1, 3, 5, 11, 13)),
    ),
    "efficientnetb0": Architecture(
        keras.applications.EfficientNetB0,
        # Returns what it gets: the network's first layers prepare pictures.
        keras.applications.efficientnet.preprocess_input,
        # The end of the last block at each resolution.
        (
            "block1a_project_bn",
            "block2b_add",
            "block3b_add",
            "block5c_add",
            "top_activation",
        ),
        mend=restore_imagenet_scale,
    ),
    "densenet121": Architecture(
        keras.applications.DenseNet121,
        keras.applications.densenet.preprocess_input,
        (
            "conv1_relu",
            "conv2_block6_concat",
            "conv3_block12_concat",
            "conv4_block24_concat",
            "relu",
        ),
    ),
}
