"""Networks from raw pictures to ImageNet's classes."""

from typing import Any

import keras

from keras_padpos.models.architectures import ARCHITECTURES
from keras_padpos.models.backbone import backbone
from keras_padpos.models.backbone import check_weights

# The first layer of what follows the last map.
_TOPS = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)


def classifier(
    name: str,
    weights: str = "imagenet",
    padding_mode: Any = "zeros",
    *,
    input_shape: tuple[int | None, int | None, int] = (224, 224, 3),
) -> keras.Model:
    """A classifier of `keras.applications` with borders of one's choice.

    The network's own preprocessing is inside.

    Example:

    >>> import numpy as np
    >>> net = classifier("mobilenet", "random", "reflect")
    >>> net(np.zeros((1, 224, 224, 3), "float32")).shape == (1, 1000)
    True

    Args:
        name: `"vgg16"`, `"resnet50"`, `"resnet152"` or `"mobilenet"`.
        weights: `"imagenet"` (Keras downloads them once), `"random"`, or the
            path of a weights file of the whole network.
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
    if name not in ARCHITECTURES:
        raise ValueError(
            f"`name` of a classifier must be one of "
            f"{', '.join(ARCHITECTURES)}. Received: name={name!r}"
        )
    if weights == "bundled":
        raise ValueError(
            '`weights="bundled"` are those of an edge detector, which has no '
            'classes. Use "imagenet", "random" or a path'
        )
    check_weights(name, weights)
    build = ARCHITECTURES[name].build
    whole = build(weights="imagenet" if weights == "imagenet" else None)
    if weights not in ("imagenet", "random"):
        whole.load_weights(weights)
    layers = whole.layers
    top = next(
        place for place, layer in enumerate(layers) if isinstance(layer, _TOPS)
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
