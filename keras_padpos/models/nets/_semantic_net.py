"""Heads for dense prediction on a backbone."""

from collections.abc import Sequence

import keras

from keras_padpos.checks import check_choices
from keras_padpos.checks import is_int
from keras_padpos.choices import ENLARGEMENTS
from keras_padpos.errors import InputError
from keras_padpos.layers.enlarge_to_places import EnlargeToPlaces
from keras_padpos.models.fields._receptive_field import receptive_field
from keras_padpos.models.graph._stage_model import stage_model
from keras_padpos.models.graph.network_copies import resized

SEMANTIC_HEADS = {"fcn": 1, "fcn_skips": 3}
"""From a head to how many of the backbone's last stages it reads."""

_FORMAT = "channels_last"


def semantic_net(
    backbone: keras.Model,
    classes: int,
    *,
    head: str = "fcn",
    stages: Sequence[str] | None = None,
    enlarge: str = "places",
    name: str = "semantic_net",
) -> keras.Model:
    """Put a fully convolutional head on a backbone.

    A 1x1 convolution gives each cell of a map its scores, and these are
    enlarged to the picture's size. Nothing in the head is padded, so what it
    knows of positions comes from the backbone.

    With `enlarge="places"` the scores of a cell stay in the middle of what the
    cell sees (`start` and `spacing` of its `ReceptiveField`), with padding and
    without: without, the map shows only a part of the picture, and beyond its
    outermost cells theirs are repeated. So wherever no padding is in sight, a
    network and its conversion by `padding_mode="none"` give the same logits.
    `"stretch"` takes the map for one of the whole picture, whatever it shows,
    as the papers' code does with networks that have lost their border; the
    outermost cells then lie in the picture's corners (here half a cell
    inside).

    Example:

    >>> from keras_padpos.models import backbone
    >>> net = semantic_net(
    ...     backbone("vgg16", weights="random", input_shape=(64, 80, 3)),
    ...     classes=21, head="fcn_skips",
    ... )
    >>> net.output_shape
    (None, 64, 80, 21)

    Args:
        backbone: From pictures `(batch, height, width, 3)` of one size to a
            dict of stage maps: of `models.backbone`, of any padding mode. Or
            any functional or Sequential model of pictures, with `stages`.
        classes: How many; 1 for saliency, whose logit is that of a sigmoid.
        head: `"fcn"`: the last stage alone, as FCN-32s reads its network;
            `"fcn_skips"`: the scores of the last three stages, added, as in
            FCN-8s. (The numbers there are strides, which here are the
            backbone's: 16 and 4 of VGG16, since its stages end before
            pooling.)
        stages: Names of the stages to read, first to last; names of layers
            of a model that has no such dict. Defaults to all that the dict
            has, the largest map first.
        enlarge: `"places"` or `"stretch"`; see above.
        name: The model's name.

    Returns:
        A functional model from pictures to logits `(batch, height, width,
        classes)`. The backbone is inside, see `backbone_of`; where `stages`
        are layers, a model that shares them. Initial weights follow
        `keras.utils.set_random_seed`.

    Raises:
        ValueError: If an argument is none of these, a size is open, or there
            are fewer stages than the head reads.

    Source:
        Long, Shelhamer and Darrell, *Fully Convolutional Networks for Semantic
        Segmentation* (CVPR 2015), without their layers fc6 and fc7, which
        were a classifier's.
    """
    check_choices(
        head=(head, SEMANTIC_HEADS),
        enlarge=(enlarge, ENLARGEMENTS),
    )
    if not is_int(classes, 1):
        raise InputError(
            "`classes` must be an int of at least 1. "
            f"Received: classes={classes!r}"
        )
    backbone, stages = _staged(backbone, stages)
    shape = tuple(backbone.inputs[0].shape[1:])
    if None in shape:
        raise InputError(
            "`backbone` must be of pictures of one size, since the positions "
            f"of its cells depend on it. Received: one of {shape}"
        )
    read = stages[-SEMANTIC_HEADS[head] :]
    if len(read) < SEMANTIC_HEADS[head]:
        raise InputError(
            f"`head={head!r}` reads {SEMANTIC_HEADS[head]} stages. "
            f"Received: a backbone with {len(read)}"
        )
    inputs = keras.Input(shape, name="rgb")
    maps = backbone(inputs)
    positions = _positions(backbone, read, shape, enlarge)
    # From the last stage to the first, on the grid of each, as FCN does.
    logits, (stride, start) = None, positions[read[-1]]
    for number, stage in reversed(list(enumerate(read, start=1))):
        scores = keras.layers.Conv2D(
            classes, 1, data_format=_FORMAT, name=f"score{number}"
        )(maps[stage])
        own_stride, own_start = positions[stage]
        if logits is not None:
            logits = EnlargeToPlaces(
                scores.shape[1:3],
                stride=_quotients(stride, own_stride),
                start=_quotients(_differences(start, own_start), own_stride),
                name=f"enlarged{number}",
            )(logits)
            scores = keras.layers.Add(name=f"sum{number}")([scores, logits])
        logits, stride, start = scores, own_stride, own_start
    logits = EnlargeToPlaces(
        # Half floats are too coarse for a loss.
        shape[:2],
        stride=stride,
        start=start,
        dtype="float32",
        name="logits",
    )(logits)
    return keras.Model(inputs, logits, name=name)


def _staged(backbone, stages):
    """A backbone that gives a dict, and the names of its stages in order."""
    sequence = isinstance(backbone, keras.Sequential)
    maps = {} if sequence else backbone.output
    if not isinstance(maps, dict):
        maps = {}
    if stages is None:
        if not maps:
            raise InputError(
                "`stages` must name the layers to read of a backbone that "
                "does not give a dict of maps. Received: stages=None"
            )
        # Some backends sort a dict by its names.
        return backbone, sorted(maps, key=lambda stage: _cells(maps[stage]))
    if not set(stages) <= set(maps):
        backbone = stage_model(backbone, stages)
    return backbone, list(stages)


def _cells(stage_map):
    """Minus the number of cells, as far as it is known."""
    height, width = stage_map.shape[1:3]
    return -(height or 0) * (width or 0)


def _positions(backbone, stages, shape, enlarge):
    """Stride and start of each stage's cells in the picture."""
    fields = receptive_field(backbone, shape)
    positions = {}
    for stage in stages:
        cells = tuple(backbone.output[stage].shape[1:3])
        stride = _quotients(shape[:2], cells)
        positions[stage] = stride, tuple((each - 1) / 2 for each in stride)
        if enlarge == "stretch":
            continue
        matches = [
            field
            for name, field in fields.items()
            if name.rpartition("/")[2] == stage and field.positions == cells
        ]
        # Of what is no window, nothing better is known.
        if len(matches) == 1:
            (field,) = matches
            positions[stage] = field.spacing, field.start
    return positions


def _quotients(pair, other):
    return tuple(a / b for a, b in zip(pair, other, strict=True))


def _differences(pair, other):
    return tuple(a - b for a, b in zip(pair, other, strict=True))


_ANY_SIZE = (None, None, 3)


def backbone_of(net: keras.Model, *, any_size: bool = False) -> keras.Model:
    """The backbone inside a network of `semantic_net`.

    It shares the layers, so that once the network is trained it is, too. Saved
    on its own, it is a network as any other: `backbone` reads it, and so do
    the binaries.

    Example:

    >>> from keras_padpos.models import backbone, semantic_net
    >>> inner = backbone(
    ...     "resnet18", weights="random", input_shape=(32, 32, 3),
    ...     stages=["stage1_block2_out"],
    ... )
    >>> backbone_of(semantic_net(inner, 5)) is inner
    True

    Args:
        net: Of `semantic_net`, as it was made, cloned or loaded.
        any_size: Whether to give a copy that takes pictures of any size. One
            without padding keeps the positions at which it cut cells off before
            a stride; those hang on the size that it was made for.

    Raises:
        ValueError: If there is no network inside, or there are several; with
            `any_size`, if a layer takes one size only.
    """
    inner = [each for each in net.layers if isinstance(each, keras.Model)]
    if len(inner) != 1:
        raise InputError(
            "`net` must hold one network, as `semantic_net` puts it there. "
            f"Received: {net.name!r}, which holds {len(inner)}"
        )
    return resized(inner[0], _ANY_SIZE) if any_size else inner[0]
