"""Classifiers of whole pictures."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import check_choices
from keras_padpos.errors import InputError
from keras_padpos.models import backbone
from keras_padpos.models import stage_names
from keras_padpos.published.canvas_facts import CIFAR_DEVIATION
from keras_padpos.published.canvas_facts import CIFAR_MEAN
from keras_padpos.tasks._location_net import LOCATION_NETS
from keras_padpos.tasks.cutout import Cutout


def classification_net(
    name: str,
    classes: int = 10,
    *,
    padding_mode: Any = "zeros",
    cutout: str | Sequence[float] | None = None,
    cutout_size: int | float = 0.5,
    seed: int | None = None,
    size: int = 32,
) -> keras.Model:
    """From a small picture to its class.

    Pictures are normalised inside, as CIFAR-10's, after pieces are cut out:
    a fill is a colour of pixels.

    Example:

    >>> net = classification_net("vgg5", padding_mode="reflect", cutout="mean")
    >>> net(np.zeros((1, 32, 32, 3), "float32")).shape == (1, 10)
    True

    Args:
        name: One of `LOCATION_NETS`.
        classes: Number of classes.
        padding_mode: Of the network; `"none"` and `"interpolate"` too.
        cutout: What squares are filled with while training, see `Cutout`;
            `None`: nothing is cut out.
        cutout_size: Their size, see `Cutout`.
        seed: Seed of the squares. Initial weights follow
            `keras.utils.set_random_seed`.
        size: Height and width of the pictures.

    Returns:
        A functional model from pictures `(batch, size, size, 3)` in [0, 255]
        to logits `(batch, classes)`.

    Raises:
        ValueError: If an argument is none of the above, or nothing is left of
            such a picture without padding.
    """
    check_choices(name=(name, LOCATION_NETS))
    inputs = x = keras.Input((size, size, 3), name="picture")
    if cutout is not None:
        x = Cutout(cutout_size, cutout, seed, name="cutout")(x)
    x = keras.layers.Normalization(
        mean=CIFAR_MEAN, variance=np.square(CIFAR_DEVIATION), name="normal"
    )(x)
    maps = LOCATION_NETS[name](
        input_shape=(size, size, 3), padding_mode=padding_mode, top=None
    )(x)
    # Means and logits are float32, under mixed precision too.
    pooled = keras.layers.GlobalAveragePooling2D(
        data_format="channels_last", dtype="float32", name="latent"
    )(maps)
    return keras.Model(
        inputs,
        keras.layers.Dense(classes, dtype="float32", name="class")(pooled),
    )


def texture_net(
    name: str,
    weights: str | None = None,
    padding_mode: Any = "own",
    *,
    classes: int,
    size: tuple[int, int] = (224, 224),
    layer: str | None = None,
    frozen: bool = False,
    seed: int | None = None,
) -> keras.Model:
    """The mean over a backbone's map, and a dense layer.

    The mean knows no place, so that only what the maps themselves say of
    position can help, or be in the way.

    Example:

    >>> net = texture_net(
    ...     "vgg16", "random", classes=3, size=(32, 32), frozen=True
    ... )
    >>> net.output_shape, len(net.trainable_weights)
    ((None, 3), 2)

    Args:
        name: See `models.backbone`.
        weights: See `models.backbone`.
        padding_mode: See `models.backbone`.
        classes: Number of classes.
        size: Height and width of the pictures.
        layer: Name of the layer whose map it is. `None`: the last stage; a
            `.keras` file has no default.
        frozen: Whether the dense layer alone is trained. BatchNorm then uses
            the statistics that it has.
        seed: Seed of random weights, those of the dense layer too; `None`:
            drawn.

    Returns:
        A functional model from raw RGB in [0, 255], `(batch, height, width,
        3)`, to logits `(batch, classes)`.

    Raises:
        ValueError: As `models.backbone`, or if the layer gives no map.
        FileNotFoundError: As `models.backbone`.
        ImportError: As `models.backbone`.
        OSError: As `models.backbone`.
    """
    if seed is not None:
        # Random padding draws its seeds while networks are made.
        keras.utils.set_random_seed(int(seed))
    layer = layer or stage_names(name)[-1]
    maps = backbone(
        name,
        weights,
        padding_mode,
        stages=[layer],
        input_shape=(*size, 3),
        seed=seed,
    )
    maps.trainable = not frozen
    inputs = keras.Input((*size, 3), name="picture")
    last = maps(inputs)[layer]
    if len(last.shape) != 4:
        raise InputError(
            "`layer` must give a map (batch, height, width, channels). "
            f"Received: {layer!r}, which gives {tuple(last.shape)}"
        )
    # Means and logits are float32, under mixed precision too.
    pooled = keras.layers.GlobalAveragePooling2D(
        data_format="channels_last", dtype="float32", name="latent"
    )(last)
    return keras.Model(
        inputs,
        keras.layers.Dense(
            classes,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
            dtype="float32",
            name="class",
        )(pooled),
    )
