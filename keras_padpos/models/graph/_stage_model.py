"""A network cut at some of its layers."""

from collections.abc import Sequence

import keras

from keras_padpos.errors import InputError
from keras_padpos.models.graph._layer_names import layer_names
from keras_padpos.models.graph._layer_names import name_hint
from keras_padpos.models.graph._layer_names import names_meant
from keras_padpos.models.graph._model_graph import SOME_SIZE
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import input_names
from keras_padpos.models.graph.graph_walk import inputs_of_call
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.models.graph.graph_walk import walk
from keras_padpos.models.graph.window import is_frame


def stage_model(
    network: keras.Model, stages: Sequence[str] | None = None
) -> keras.Model:
    """Read a network at some of its layers; what follows them is left out.

    A model inside that holds one of the layers is opened, and its layers
    become the new model's own.

    Example:

    >>> inner = keras.Sequential(
    ...     [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="conv")]
    ... )
    >>> pool = keras.layers.GlobalAveragePooling2D()
    >>> net = keras.Sequential([keras.Input((8, 8, 3)), inner, pool])
    >>> stage_model(net, ["conv"]).output["conv"].shape
    (None, 6, 6, 4)
    >>> stage_model(net).output.keys() == {f"{inner.name}/conv"}
    True

    Args:
        network: A functional or Sequential model with one input.
        stages: Names of layers, as `receptive_field` and `find_padding_sites`
            have them: `"backbone/conv1"` in a model inside, or `"conv1"` if
            no other layer has that name. `None`: those of `stage_candidates`.

    Returns:
        A functional model that shares the layers, from the network's input
        to a dict with one map `(batch, height, width, channels)` for each
        stage, by the name that was given.

    Raises:
        ValueError: If a name is that of no layer, of several or of several
            calls, or that of a layer that gives no map.
    """
    inputs = getattr(network, "inputs", None) or []
    if len(inputs) != 1:
        raise InputError(
            "`network` must be a functional or Sequential model with one "
            f"input. Received: {type(network).__name__} with {len(inputs)}"
        )
    (entry,) = inputs
    if stages is None:
        stages = stage_candidates(network)
    names = {stage: _full_name(network, stage) for stage in stages}
    made: dict[str, list] = {name: [] for name in names.values()}

    def visitor(prefix):
        def visit(operation, args, kwargs):
            name = prefix + operation.name
            inside = any(each.startswith(f"{name}/") for each in made)
            if has_graph(operation) and inside:
                inputs = packed(operation, inputs_of_call(args, kwargs))
                result = walk(operation, inputs, visitor(f"{name}/"))
            else:
                result = operation(*args, **kwargs)
            if name in made:
                made[name].append(result)
            return result

        return visit

    inputs = keras.Input(
        batch_shape=(None, *entry.shape[1:]),
        dtype=entry.dtype,
        name=input_names(network)[0],
    )
    walk(network, packed(network, [inputs]), visitor(""))
    maps = {stage: _one_map(stage, made[name]) for stage, name in names.items()}
    try:
        return keras.Model(inputs, maps, name=network.name)
    except ValueError as error:
        if "unique" not in str(error):
            raise
        raise InputError(
            "`stages` must be layers of the model itself where layers of the "
            "models inside share a name: opened, they would stand beside each "
            f"other. Received: {', '.join(stages)}"
        ) from error


def stage_candidates(network: keras.Model) -> list[str]:
    """Layers that may serve as stages: the last at each size of the map.

    Example:

    >>> net = keras.applications.VGG16(weights=None, include_top=False)
    >>> stage_candidates(net)[:3]
    ['block1_conv2', 'block2_conv2', 'block3_conv3']

    Args:
        network: A functional or Sequential model with one input.

    Returns:
        Names of layers that give one map of more than one position, largest
        first for most networks: in the order in which they are run. In a
        model inside the name is `"backbone/conv1"`.
    """
    shape = [size or SOME_SIZE for size in network.inputs[0].shape[1:]]
    last: dict[tuple[int | None, ...], str] = {}
    for call in model_graph(network, shape).calls:
        if not isinstance(call.operation, keras.Layer):
            continue
        if is_frame(call.operation) or len(call.output_shapes) != 1:
            continue
        (made,) = call.output_shapes
        sizes = made[1:3]
        if len(made) == 4 and all(size and size > 1 for size in sizes):
            last.pop(sizes, None)  # so that the order is that of the last ones
            last[sizes] = call.name
    return list(last.values())


def _full_name(network, stage):
    names = list(layer_names(network))
    meant = names_meant(stage, names)
    if len(meant) > 1:
        raise InputError(
            f"`stages` must name one layer each. Received: {stage!r}, which "
            f"names several layers: {', '.join(meant)}"
        )
    if not meant:
        raise InputError(
            f"`stages` must name layers of {network.name}, such as "
            f"{', '.join(stage_candidates(network))}. "
            f"Received: {stage!r}, which is none{name_hint(stage, names)}"
        )
    return meant[0]


def _one_map(stage, results):
    if len(results) > 1:
        raise InputError(
            "`stages` must name layers that are called once. Received: "
            f"{stage!r}, which is called {len(results)} times"
        )
    (result,) = results
    shape = getattr(result, "shape", None)
    if shape is None or len(shape) != 4:
        raise InputError(
            "`stages` must name layers that give one map (batch, height, "
            f"width, channels). Received: {stage!r}, which gives "
            f"{'several tensors' if shape is None else tuple(shape)}"
        )
    return result
