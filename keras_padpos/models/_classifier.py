"""Networks from raw pictures to ImageNet's classes."""

import warnings
from typing import Any

import keras

from keras_padpos.choices import BACKBONES
from keras_padpos.errors import InputError
from keras_padpos.models._backbone import backbone
from keras_padpos.models._backbone import check_weights
from keras_padpos.models._backbone import with_imagenet_weights
from keras_padpos.models.architectures import ARCHITECTURES

# The first layer of what follows the last map.
_TOPS = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)


def classifier(
    name: str,
    weights: str = "imagenet",
    padding_mode: Any = "zeros",
    *,
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
) -> keras.Model:
    """A network with its classifier, and with borders of one's choice.

    The network's own preprocessing is inside.

    Example:

    >>> import numpy as np
    >>> net = classifier("mobilenet", "random", "reflect")
    >>> net(np.zeros((1, 224, 224, 3), "float32")).shape == (1, 1000)
    True

    Args:
        name: A name out of `backbone_names`, save `"rgb"`.
        weights: `"imagenet"` (Keras downloads them once; none of `resnet18`),
            `"random"`, or the path of a weights file of the whole network.
        padding_mode: See `backbone`.
        input_shape: Height, width and 3 channels. Without padding, a network
            sees less than it is shown: `ReceptiveField.surround` tells how
            much larger a picture has to be.

    Returns:
        A model from RGB in [0, 255], `(batch, height, width, 3)`, to
        probabilities `(batch, 1000)`.

    Raises:
        ValueError: If a name is unknown, if the weights do not fit, or if
            the map before the classifier has not the size that it takes.
        FileNotFoundError: If there is no weights file at the path.
        OSError: If ImageNet weights cannot be downloaded.
    """
    if name not in BACKBONES:
        raise InputError(
            f"`name` of a classifier must be one of "
            f"{', '.join(BACKBONES)}. Received: name={name!r}"
        )
    if weights == "bundled":
        raise InputError(
            '`weights="bundled"` are those of an edge detector, which has no '
            'classes. Use "imagenet", "random" or a path'
        )
    check_weights(name, weights)
    build = ARCHITECTURES[name].build
    if weights == "imagenet":
        whole = with_imagenet_weights(build)
    else:
        whole = build(weights=None)
        if weights != "random":
            _load(whole, name, weights)
    layers = whole.layers
    # The last: gates inside a network average over the map too.
    top = max(
        number
        for number, layer in enumerate(layers)
        if isinstance(layer, _TOPS)
    )
    last = layers[top - 1].name
    maps = backbone(
        name, weights, padding_mode, stages=(last,), input_shape=input_shape
    )
    # What follows is a chain, and takes maps of other sizes where it averages.
    x = maps.output[last]
    for layer in layers[top:]:
        x = layer(x)
    return keras.Model(maps.input, x, name=name)


def _load(whole, name, path):
    try:
        # Keras warns of every layer that a file lacks before it raises.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            whole.load_weights(path)
    except Exception as error:
        raise InputError(
            f"`weights`: the file {str(path)!r} does not fit {name} with its "
            f"classifier. Expected the weights of {ARCHITECTURES[name].origin}"
        ) from error
