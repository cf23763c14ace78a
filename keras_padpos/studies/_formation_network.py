"""The networks whose pattern is followed while they are trained."""

from typing import Any

from keras_padpos.errors import InputError

FORMATION_STAGES = {
    "vgg5": tuple(f"stage{stage}_out" for stage in range(1, 5)),
    "resnet18": (
        "stem_out",
        *(f"stage{stage}_block2_out" for stage in range(1, 5)),
    ),
}
"""From a network's name to the layers that are measured."""


def formation_network(
    model: str, padding_mode: str, size: int, *, classes: int = 10, seed: int
) -> Any:
    """A small classifier of raw RGB, whose first weights hang on the seed only.

    It is built with zeros and then converted, so that all padding modes start
    from the same weights.

    Example:

    >>> network = formation_network("vgg5", "reflect", 40, seed=0)
    >>> network.compute_output_shape((1, 40, 40, 3))
    (1, 10)

    Args:
        model: `"vgg5"` or `"resnet18"`, see `models.vgg5`, `models.resnet18`.
        padding_mode: See `models.convert_padding`.
        size: Height and width of the pictures that it will be trained on; it
            takes others too.
        classes: Number of classes.
        seed: Passed to `keras.utils.set_random_seed`.

    Returns:
        A Keras model from RGB in [0, 255], `(batch, height, width, 3)`, to
        logits `(batch, classes)`.

    Raises:
        InputError: If nothing is left of such a picture in a network without
            padding, or the mode cannot reach as far as a map's size asks.
    """
    import keras

    from keras_padpos import models
    from keras_padpos.models.graph._stage_model import stage_model

    keras.utils.set_random_seed(seed)
    build = {"vgg5": models.vgg5, "resnet18": models.resnet18}[model]
    inner = build(classes=classes)
    shape = (size, size, 3)
    if padding_mode != "zeros":
        inner = models.convert_padding(inner, padding_mode, input_shape=shape)
    inputs = keras.Input((None, None, 3), name="rgb")
    # So that zeros are a grey picture, not a black one.
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaled")
    network = keras.Model(inputs, inner(scaled(inputs)), name=model)
    try:
        maps = stage_model(network, FORMATION_STAGES[model])
        shapes = maps.compute_output_shape((1, *shape)).values()
        empty = any(0 in each for each in shapes)
    except ValueError:
        empty = True
    if empty:
        raise InputError(
            f"--size is too small for {model} with --padding_mode="
            f"{padding_mode}: of {size} pixels nothing is left at its last "
            f"layer. Received: {size}"
        )
    return network
