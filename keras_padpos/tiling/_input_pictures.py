"""The pictures that a network in tiles is given."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.models.graph.graph_walk import input_names
from keras_padpos.tiling.dense_network import DenseNetwork
from keras_padpos.tiling.dense_network import PictureError


def input_pictures(
    picture: Any, network: DenseNetwork
) -> tuple[list[Any], tuple[int, ...]]:
    """The inputs in order, and the size of the batch axis if they have one.

    Raises:
        InputError: If they are not one for each input, or not alike.
        PictureError: If one has another number of axes than its input, or
            holds no real numbers.
    """
    names = input_names(network.model)
    if len(names) == 1 and not isinstance(picture, (Mapping, list, tuple)):
        pictures = [picture]
    elif isinstance(picture, Mapping):
        for name in picture:
            if name not in names:
                raise InputError(
                    "`picture` must name the model's inputs "
                    f"{', '.join(names)}. Received: {name!r}."
                    f"{did_you_mean(name, names)}"
                )
        pictures = [picture[name] for name in names if name in picture]
    else:
        pictures = list(picture)
    if len(pictures) != len(names):
        raise InputError(
            f"`picture` must hold one for each of the model's {len(names)} "
            f"inputs {', '.join(names)}. Received: {len(pictures)}"
        )
    pictures = [_sliceable(each) for each in pictures]
    batches = set()
    for each, tensor, name in zip(
        pictures, network.model.inputs, names, strict=True
    ):
        axes = len(tensor.shape)
        if len(each.shape) not in (axes - 1, axes):
            raise PictureError(
                f"`picture` must have the {axes - 1} axes "
                f"{tuple(tensor.shape[1:])} of input {name!r}, or these and a "
                f"batch axis before. Received: shape {tuple(each.shape)}"
            )
        # Arrays of other libraries may have types of their own.
        if getattr(getattr(each, "dtype", None), "kind", "f") in "cmMOSTU":
            raise PictureError(
                f"`picture` must hold real numbers. Received: {each.dtype}"
            )
        batches.add(tuple(each.shape[: len(each.shape) - axes + 1]))
    if len(batches) > 1:
        raise InputError(
            "`picture` must hold as many pictures for each input. Received: "
            f"batches of {sorted(batches)}"
        )
    return pictures, batches.pop()


def _sliceable(picture):
    if keras.ops.is_tensor(picture):
        return keras.ops.convert_to_numpy(picture)
    if not hasattr(picture, "shape") or not hasattr(picture, "__getitem__"):
        return np.asarray(picture)
    return picture


def common_size(
    pictures: Sequence[Any], network: DenseNetwork, batch: tuple[int, ...]
) -> tuple[int, ...]:
    """Spatial sizes of all pictures, whose other axes fit the model."""
    own = [*network.shapes((None,) * network.rank).values()]
    sizes = set()
    for each, expected, is_picture in zip(
        pictures, own, network.pictures, strict=True
    ):
        shape = tuple(each.shape[len(batch) :])
        if any(
            size not in (None, there)
            for size, there in zip(expected, shape, strict=True)
        ):
            raise PictureError(
                f"`picture` must have the shape {expected}, or this and a "
                f"batch axis before. Received: shape {tuple(each.shape)}"
            )
        if is_picture:
            sizes.add(shape[network.first - 1 :][: network.rank])
    if len(sizes) > 1:
        raise InputError(
            "`picture` must hold pictures of one size. Received: "
            f"{sorted(sizes)}"
        )
    return tuple(map(int, sizes.pop()))
