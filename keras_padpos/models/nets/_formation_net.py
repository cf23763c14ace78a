"""The networks whose pattern is followed while they are trained."""

from typing import Any

import keras

from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.graph._stage_model import stage_model
from keras_padpos.models.nets._resnet18 import resnet18
from keras_padpos.models.nets._vgg5 import vgg5

FORMATION_STAGES = {
    "vgg5": tuple(f"stage{stage}_out" for stage in range(1, 5)),
    "resnet18": (
        "stem_out",
        *(f"stage{stage}_block2_out" for stage in range(1, 5)),
    ),
}
"""From a network's name to the layers that are measured."""


def formation_net(
    name: str,
    padding_mode: Any = "zeros",
    *,
    size: int,
    classes: int = 10,
    seed: int,
) -> keras.Model:
    """A small classifier of raw RGB; the seed alone decides its weights.

    It is built with zeros and then converted, so that all padding modes start
    from the same weights.

    Example:

    >>> network = formation_net("vgg5", "reflect", size=40, seed=0)
    >>> network.compute_output_shape((1, 40, 40, 3))
    (1, 10)

    Args:
        name: `"vgg5"` or `"resnet18"`.
        padding_mode: See `convert_padding`.
        size: Height and width of the pictures that it will be trained on; it
            takes others too.
        classes: Number of classes.
        seed: Passed to `keras.utils.set_random_seed`.

    Returns:
        A model from RGB in [0, 255], `(batch, height, width, 3)`, to logits
        `(batch, classes)`.

    Raises:
        InputError: If nothing is left of such a picture without padding, or
            the mode cannot fill as many cells as a map's size demands.
    """
    check_ints(0, seed=seed)
    keras.utils.set_random_seed(int(seed))
    inner = {"vgg5": vgg5, "resnet18": resnet18}[name](classes=classes)
    shape = (size, size, 3)
    if padding_mode != "zeros":
        inner = convert_padding(inner, padding_mode, input_shape=shape)
    inputs = keras.Input((None, None, 3), name="rgb")
    # So that zeros are a grey picture, not a black one.
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaled")
    network = keras.Model(inputs, inner(scaled(inputs)), name=name)
    try:
        maps = stage_model(network, FORMATION_STAGES[name])
        shapes = maps.compute_output_shape((1, *shape)).values()
        empty = any(0 in each for each in shapes)
    except ValueError:
        empty = True
    if empty:
        raise InputError(
            f"`size` is too small: nothing is left at the last layer of {name} "
            f"with padding_mode={padding_mode!r}. Received: size={size}"
        )
    return network
