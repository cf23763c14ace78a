"""Fitted heads as a Keras model, and the features that they read."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_padpos.checks import check_choices
from keras_padpos.choices import RESIZES
from keras_padpos.errors import InputError
from keras_padpos.layers.area_resizing import AreaResizing
from keras_padpos.ppp import ReferenceFeatures
from keras_padpos.probes.head import Head

GRID = 28
"""Cells a side of the probe's grid (Islam et al., ICLR 2020, section 3)."""


def resized_stages(
    maps: Mapping[str, Any], grid: int, resize: str
) -> dict[str, Any]:
    """Resize maps to one grid."""
    check_choices(resize=(resize, RESIZES))
    if resize == "area":
        return {
            name: AreaResizing((grid, grid))(each)
            for name, each in maps.items()
        }
    return {
        name: ops.image.resize(
            each,
            (grid, grid),
            interpolation="bilinear",
            data_format="channels_last",
        )
        for name, each in maps.items()
    }


def probe_features(
    backbone: keras.Model,
    grid: int = GRID,
    *,
    resize: str = "area",
    picture_shape: tuple[int, int] | None = None,
) -> keras.Model:
    """Resize every stage's map to one grid.

    Example:

    >>> from keras_padpos import models
    >>> net = models.backbone("vgg16", "random", input_shape=(64, 64, 3))
    >>> features = probe_features(net)
    >>> features.output["block5_conv3"].shape
    (None, 28, 28, 512)

    Args:
        backbone: A model from pictures to a dict of stage maps, such as
            `keras_padpos.models.backbone` gives.
        grid: Height and width of the grid, in cells.
        resize: `"area"`: the mean over each cell of the grid, in which every
            cell of the map counts; `"bilinear"` (the papers'), which looks at
            the four cells nearest to the centre of each, and so at none of the
            outermost ring of a map of four times the grid or more.
        picture_shape: Height and width of larger pictures, of which the
            backbone sees the middle; see `reference_features`. `None`: the
            pictures are the backbone's.

    Returns:
        A model from pictures to a dict with `(batch, grid, grid, channels)`
        for each stage.

    Raises:
        ValueError: If `resize` is unknown, or `picture_shape` is given and
            smaller than what the backbone takes, or it takes any size.
    """
    pictures, maps = backbone.input, backbone.output
    if picture_shape is not None:
        pictures = keras.Input((*picture_shape, pictures.shape[-1]))
        maps = backbone(_middle(pictures, backbone.input.shape[1:3]))
    resized = resized_stages(maps, grid, resize)
    return keras.Model(pictures, resized, name=f"{backbone.name}_features")


def reference_features(
    backbone: keras.Model,
    crop: int | tuple[int, int],
    grid: int = GRID,
    *,
    resize: str = "area",
    picture_shape: tuple[int, int] | None = None,
) -> keras.Model:
    """What `probe_features` gives, computed from real neighbours.

    The control of a position probe. Without its padding a network gives
    smaller maps, of which each stage shows another part of the picture; what a
    probe reads from them, stretched over one grid, is geometry too. Here the
    features at the positions of the padded maps are computed from what the
    larger picture holds around the crop (`ppp.ReferenceFeatures`): same
    weights, same positions, same pictures, no padding. What a probe reads from
    these is what the pictures themselves tell.

    Example: pictures of 96x96, of which both networks are read at the middle
    32x32.

    >>> from keras_padpos import models
    >>> shape = (32, 32, 3)
    >>> stages = ["block1_conv2", "block2_conv2"]
    >>> net = models.backbone("vgg16", "random", "zeros", stages=stages,
    ...                       input_shape=shape)
    >>> reference = reference_features(net, 32, picture_shape=(96, 96))
    >>> padded = probe_features(net, picture_shape=(96, 96))
    >>> reference.output["block2_conv2"].shape == (None, 28, 28, 128)
    True
    >>> padded.input_shape == reference.input_shape
    True

    Args:
        backbone: A functional model from pictures to a dict of stage maps.
        crop: Height and width of what the probe is about, in pixels.
        grid: See `probe_features`.
        resize: See `probe_features`.
        picture_shape: Height and width of the pictures, whose middle is the
            crop. `None`: the crop and as much around it as is needed.

    Returns:
        A model from pictures to a dict with `(batch, grid, grid, channels)`
        for each stage.

    Raises:
        ValueError: If a stage has no reference (see `ppp.ReferenceFeatures`),
            or `picture_shape` is too small.
    """
    reference = ReferenceFeatures(backbone, crop)
    shape = picture_shape or reference.picture_shape
    pictures = keras.Input((*shape, backbone.input.shape[-1]))
    whole = reference.model(_middle(pictures, reference.picture_shape))
    maps = {
        stage: whole[stage][:, top:bottom, left:right]
        for stage, ((top, bottom), (left, right)) in reference.positions.items()
    }
    resized = resized_stages(maps, grid, resize)
    return keras.Model(pictures, resized, name=f"{backbone.name}_reference")


def _middle(pictures, size):
    """The middle of pictures, of a height and width."""
    shape = pictures.shape[1:3]
    if None in size:
        raise InputError(
            "`backbone` must take pictures of one size, of which larger ones "
            f"have a middle. Received: one for pictures of {tuple(size)}"
        )
    margins = [whole - seen for whole, seen in zip(shape, size, strict=True)]
    if min(margins) < 0:
        raise InputError(
            f"`picture_shape` must be at least {tuple(size)}. "
            f"Received: picture_shape={tuple(shape)}"
        )
    crop = [(margin // 2, margin - margin // 2) for margin in margins]
    return keras.layers.Cropping2D(crop)(pictures)


def probe_model(
    readers: Sequence[Any],
    heads: Sequence[Head],
    targets: Sequence[str],
    feature_shapes: Mapping[str, tuple[int, int, int]],
) -> keras.Model:
    """Join fitted heads to one model from features to predicted maps.

    It is made of Keras' own layers, so a file of it needs nothing of this
    package.

    Example:

    >>> import numpy as np
    >>> from keras_padpos.probes import LinearProbe
    >>> reader = LinearProbe(
    ...     mean=np.zeros(5), scale=np.ones(5), kernel=np.ones((5, 1)),
    ...     bias=np.zeros(1),
    ... )
    >>> model = probe_model(
    ...     [reader], [Head()], ["horizontal"], {"conv": (28, 28, 5)}
    ... )
    >>> maps = model.predict_on_batch({"conv": np.ones((2, 28, 28, 5))})
    >>> maps["horizontal"].shape, float(maps["horizontal"][0, 0, 0])
    ((2, 28, 28), 5.0)

    Args:
        readers: Fitted heads, each a `LinearProbe` or a `GradientSolver`.
        heads: Their shapes, in the same order.
        targets: Names of the maps that each of them predicts.
        feature_shapes: From each stage's name to `(grid, grid, channels)`, in
            the features' order. Of a stage inside another model, such as
            `net/conv`, the input is `net>conv`.

    Returns:
        A model from a dict with `(batch, grid, grid, channels)` for each stage
        to a dict with one map `(batch, height', width')` for each head and
        target. With a single head the maps have the targets' names, such as
        `horizontal`; with several `horizontal_k3_l1_p0` is that of a 3x3
        kernel, one layer and no padding; see `Head.suffix`.
    """
    features = {
        stage: keras.Input(shape) for stage, shape in feature_shapes.items()
    }
    outputs, joined = {}, {}
    for reader, head in zip(readers, heads, strict=True):
        seen = head.sees(tuple(features))
        if seen not in joined:
            maps = [features[name] for name in seen]
            joined[seen] = (
                maps[0] if len(maps) == 1 else keras.ops.concatenate(maps, -1)
            )
        maps = reader.as_layers(joined[seen])
        for channel, target in enumerate(targets):
            name = target if len(heads) == 1 else f"{target}_{head.suffix}"
            outputs[name] = maps[..., channel]
    # In a model of their own: a stage may have the name that Keras gives a
    # layer of the heads, such as `conv2d`.
    name = "heads"
    while name in feature_shapes:
        name += "_"
    inner = keras.Model([*features.values()], outputs, name=name)
    inputs = {
        stage: keras.Input(shape, name=_input_name(stage))
        for stage, shape in feature_shapes.items()
    }
    return keras.Model(
        _by_input(inputs), inner([*inputs.values()]), name="read_outs"
    )


def stage_probes(
    stages: Mapping[str, Any], heads: keras.Model, *, resize: str = "area"
) -> keras.Model:
    """Put the way from stage maps to features before fitted heads.

    Example:

    >>> import numpy as np
    >>> from keras_padpos.probes import Head
    >>> from keras_padpos.probes import LinearProbe
    >>> from keras_padpos.probes import probe_model
    >>> reader = LinearProbe(
    ...     mean=np.zeros(5), scale=np.ones(5), kernel=np.ones((5, 1)),
    ...     bias=np.zeros(1),
    ... )
    >>> shapes = {"conv2": (28, 28, 2), "conv1": (28, 28, 3)}
    >>> heads = probe_model([reader], [Head()], ["horizontal"], shapes)
    >>> maps = {"conv2": np.ones((1, 9, 9, 2)), "conv1": np.ones((1, 9, 9, 3))}
    >>> model = stage_probes(maps, heads)
    >>> tuple(model(maps)["horizontal"].shape)
    (1, 28, 28)

    Args:
        stages: From the name of each stage to a tensor of its shape, in the
            order in which the heads were fitted.
        heads: What `probe_model` gives.
        resize: How the features were resized that the heads were fitted on;
            see `probe_features`.

    Returns:
        A model from a dict of stage maps, of any size, to the maps that the
        heads predict. The order of the stages is part of it. A process that
        loads a file of it with `resize="area"` needs
        `import keras_padpos.layers` first.
    """
    inputs = {
        name: keras.Input((None, None, stage.shape[-1]), name=_input_name(name))
        for name, stage in stages.items()
    }
    grid = next(iter(heads.input.values())).shape[1]
    features = _by_input(resized_stages(inputs, grid, resize))
    return keras.Model(_by_input(inputs), heads(features), name=heads.name)


# Keras takes no slash in the name of an input.
_SLASH = ">"


def _input_name(stage):
    return stage.replace("/", _SLASH)


def stage_of_input(name: str) -> str:
    """The stage that an input of a probe model is for.

    Example:

    >>> stage_of_input("backbone>conv1")
    'backbone/conv1'
    """
    return name.replace(_SLASH, "/")


def _by_input(maps):
    return {_input_name(stage): each for stage, each in maps.items()}
