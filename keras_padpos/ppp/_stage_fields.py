"""Receptive fields of a network's stages."""

import keras

from keras_padpos.errors import InputError
from keras_padpos.models import ReceptiveFields
from keras_padpos.models import model_graph
from keras_padpos.models import receptive_field


def stage_fields(
    network: keras.Model, input_shape: tuple[int, int, int]
) -> ReceptiveFields:
    """Receptive fields of a network's stages.

    Example:

    >>> from keras_padpos import models
    >>> net = models.backbone("vgg19", "random", input_shape=(None, None, 3))
    >>> field = stage_fields(net, (224, 224, 3))["block5_conv4"]
    >>> field.size, field.margin
    ((252, 252), (128, 128))

    Args:
        network: A functional model from pictures to a dict of maps.
        input_shape: Height, width and channels of the picture.

    Raises:
        ValueError: If the outputs are no dict, or one has no receptive field:
            the message says why.
    """
    if not isinstance(getattr(network, "output", None), dict):
        raise InputError(
            "`network` must be a functional model that puts out a dict of "
            f"maps. Received: {type(network).__name__}"
        )
    fields = known_fields(network, input_shape)
    for stage in network.output:
        if stage not in fields:
            raise without_field(stage, fields)
    return fields


def known_fields(
    network: keras.Model, input_shape: tuple[int, int, int]
) -> ReceptiveFields:
    """Fields of those stages that have one; see `stage_fields`."""
    fields = receptive_field(network, input_shape)
    graph = model_graph(network, input_shape)
    made_by = {
        number: call.name for call in graph.calls for number in call.outputs
    }
    # Keras flattens dicts in an order of its own.
    stages = keras.tree.flatten({stage: stage for stage in network.output})
    names = dict(zip(stages, map(made_by.get, graph.outputs), strict=True))
    by_stage = ReceptiveFields()
    for stage in network.output:
        name = names[stage]
        if name in fields:
            by_stage[stage] = fields[name]
        elif name in fields.unknown:
            by_stage.unknown[stage] = fields.unknown[name]
    return by_stage


def without_field(stage: str, fields: ReceptiveFields) -> InputError:
    """The error of a stage that has none."""
    reason = fields.unknown.get(stage, "it is no map of the picture")
    return InputError(f"Stage {stage!r} has no receptive field: {reason}.")
