"""The networks that have backbones and classifiers here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Architecture:
    """A network of `keras.applications`.

    Attributes:
        build: What makes it.
        preprocess: From RGB in [0, 255] to what it was trained on.
        stages: Layers whose outputs are its stages, first to last.
    """

    build: Callable[..., keras.Model]
    preprocess: Callable[[Any], Any]
    stages: tuple[str, ...]


def _resnet_stages(*blocks):
    return tuple(
        f"conv{stage}_block{block}_out"
        for stage, block in enumerate(blocks, start=2)
    )


ARCHITECTURES: dict[str, Architecture] = {
    "vgg16": Architecture(
        keras.applications.VGG16,
        keras.applications.vgg16.preprocess_input,
        (
            "block1_conv2",
            "block2_conv2",
            "block3_conv3",
            "block4_conv3",
            "block5_conv3",
        ),
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
}
