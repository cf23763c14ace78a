"""The network and the pictures of a measurement, from what a user has."""

import dataclasses
import os
import warnings
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos import data
from keras_padpos import models
from keras_padpos import ppp
from keras_padpos.checks import as_list
from keras_padpos.checks import pair_of
from keras_padpos.errors import InputError
from keras_padpos.report.cells import counted

IMAGES = 90
"""Pictures that are taken if nothing else is said."""


@dataclasses.dataclass(frozen=True)
class Network:
    """A network with a map for each of its stages.

    `whole` is what was given, `staged` gives a dict of maps; `name` and
    `weights` say in rows which it is.
    """

    whole: keras.Model
    staged: keras.Model
    name: str
    weights: str

    @property
    def channels(self) -> int:
        """Channels of the pictures."""
        return self.whole.inputs[0].shape[-1]

    @property
    def stages(self) -> list[str]:
        """Names of the stages."""
        return list(self.staged.output)

    def size(self, size: int | tuple[int, int] | None) -> Any:
        """Height and width that it is to see; `None` if nothing says them."""
        if size is not None:
            return pair_of(size)
        own = tuple(self.whole.inputs[0].shape[1:3])
        return None if None in own else own


def open_network(
    model: Any, stages: Sequence[str] | None, weights: str
) -> Network:
    """Open a model, the path of a `.keras` file, or the name of a backbone."""
    name, kind = None, "in memory"
    if models.is_model_file(model):
        name, kind = os.fspath(model), "file"
        model = models.load_model_file(model)
    elif isinstance(model, str):
        staged = models.backbone(
            model,
            weights,
            "own",
            stages=stages,
            input_shape=(None, None, 3),
        )
        return Network(staged, staged, model, weights)
    if not isinstance(model, keras.Model):
        raise InputError(
            "`model` must be a Keras model, the path of a .keras file or the "
            f"name of a backbone. Received: {type(model).__name__}"
        )
    if not model.built or len(getattr(model, "inputs", None) or []) != 1:
        raise InputError(
            "`model` must be a built functional or Sequential model with one "
            "input of images. Build a Sequential model with keras.Input, or "
            f"call it once. Received: {model.name!r}"
        )
    shape = model.inputs[0].shape
    if len(shape) != 4 or keras.config.image_data_format() != "channels_last":
        raise InputError(
            "`model` must take images (batch, height, width, channels). "
            f"Received: {model.name!r}, which takes {tuple(shape)}"
        )
    stages = [] if stages is None else as_list("stages", stages)
    stages = stages or models.stage_candidates(model)
    if not stages:
        raise InputError(
            "`stages` must be given: no layer of the model gives one map. "
            f"Received: {model.name!r}"
        )
    staged = models.stages(model, stages)
    return Network(model, staged, name or model.name, kind)


@dataclasses.dataclass(frozen=True)
class Pictures:
    """What a network sees of each picture, and what lies around it.

    Attributes:
        crop: Height and width of what the network sees, in pixels.
        shape: Height and width of the pictures, whose middle that is.
        images: The pictures.
        reason: Why nothing lies around it, where real neighbours were asked
            for; else `""`.
    """

    crop: tuple[int, int]
    shape: tuple[int, int]
    images: data.ImageSet
    reason: str = ""

    @property
    def text(self) -> str:
        """How the pictures were prepared, as a sentence."""
        crop, shape = ("x".join(map(str, s)) for s in (self.crop, self.shape))
        count = counted(len(self.images), "picture")
        if crop == shape:
            return f"{count} of {crop} pixels."
        return (
            f"{count}, resized to {shape} pixels for what lies around; the "
            f"network sees the middle {crop}."
        )


def open_pictures(
    network: Network,
    images: Any,
    size: int | tuple[int, int] | None,
    neighbours: bool,
    *,
    count: int | None,
    preprocess: Callable[[np.ndarray], Any] | None,
) -> Pictures:
    """Prepare pictures for a network, with real neighbours if asked for."""
    channels, crop, reason = network.channels, network.size(size), ""
    sizes: set[tuple[int, int]] = set()
    if crop is None:
        # The size of the pictures is the network's.
        images = data.as_images(
            images, channels=channels, count=count, preprocess=preprocess
        )
        crop, preprocess = images.shape, None
    shape = crop
    if neighbours:
        try:
            shape = ppp.ReferenceFeatures(network.staged, crop).picture_shape
        except InputError as error:
            reason = str(error)

    def sized(batch):
        batch = batch if preprocess is None else preprocess(batch)
        sizes.add(tuple(np.shape(batch)[1:3]))
        return batch

    images = data.as_images(
        images, channels=channels, shape=shape, count=count, preprocess=sized
    )
    smaller = [own for own in sizes if own[0] < crop[0] or own[1] < crop[1]]
    if smaller:
        least, needed = ("x".join(map(str, s)) for s in (min(smaller), crop))
        warnings.warn(
            f"`images` of {least} pixels are enlarged: the network sees "
            f"{needed}. Blurred pictures have other features. Give larger "
            "ones, or `size`.",
            stacklevel=3,
        )
    if len(images) < 2:
        raise InputError(
            f"`images` must hold two or more. Received: {len(images)}"
        )
    return Pictures(crop, shape, images, reason)


def at_size(network: keras.Model, crop: tuple[int, int]) -> keras.Model:
    """A network for pictures of one size, weights kept."""
    shape = (*crop, network.inputs[0].shape[-1])
    network = models.resized(network, shape)
    if None not in network.inputs[0].shape[1:]:
        return network
    inputs = keras.Input(shape, dtype=network.inputs[0].dtype)
    return keras.Model(inputs, network(inputs), name=network.name)
