"""In what a copy of a layer differs from it."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import keras
import numpy as np

from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph._copied_layer import built_copy
from keras_padpos.models.graph._copied_layer import plain_layer_config
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import packed
from keras_padpos.models.trials.layer_trial import Arguments
from keras_padpos.models.trials.layer_trial import agree
from keras_padpos.models.trials.layer_trial import awake_values
from keras_padpos.models.trials.layer_trial import run
from keras_padpos.models.trials.layer_trial import samples

# What a copy may have of its own: names and seeds that Keras draws, flags that
# are carried over, and borders.
_FREE = ("name", "seed", "trainable", "padding", "padding_mode")


def copy_problem(
    layer: keras.Layer, make: Callable[[], Any], arguments: Arguments
) -> str:
    """Try whether copies of a layer compute what the layer does.

    Args:
        layer: A layer that is built.
        make: Makes a copy.
        arguments: What the layer is called on, symbolic tensors.

    Returns:
        What is wrong with the copy, as the end of a sentence; `""` if it
        gives the same numbers.
    """
    try:
        twin = built_copy(layer, make, arguments)
    except Exception as error:
        return f"its copy cannot be built ({plain_reason(error)})"
    return shared_layers(layer, twin) or difference(layer, twin, arguments)


def shared_layers(layer: keras.Layer, twin: keras.Layer) -> str:
    """Say which layers a copy has in common with a layer; `""` if none."""
    layer_ids = {id(inner) for _, inner in inner_layers(layer)}
    paths = [
        path for path, inner in inner_layers(twin) if id(inner) in layer_ids
    ]
    if not paths:
        return ""
    return (
        f"its copy holds the same layer at {paths[0]!r}: `get_config` of its "
        "class gives the layer itself, not its configuration"
    )


def model_difference(model: keras.Model, copy: keras.Model) -> str:
    """Say in what a copy of a model differs from it; `""` if it does not.

    Weights of both, settings of layers inside, and what they compute with the
    same weights are compared.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    >>> model_difference(model, keras.models.clone_model(model))
    ''

    Args:
        model: A functional or Sequential model.
        copy: The copy.
    """
    return difference(model, copy, ((packed(model, model.inputs),), {}))


def difference(
    layer: keras.Layer, twin: keras.Layer, arguments: Arguments
) -> str:
    """Say in what a copy differs from a layer; `""` if it does not."""
    before = [tuple(variable.shape) for variable in layer.variables]
    after = [tuple(variable.shape) for variable in twin.variables]
    if before != after:
        return (
            f"its copy has weights of shapes {after} in place of {before}: "
            "`get_config` of its class leaves something out"
        )
    setting = _other_setting(layer, twin)
    if setting:
        return f"its copy has another {setting}"
    state = awake_values(layer)
    problem = "it cannot be run by itself"
    for sample in samples(arguments):
        try:
            expected = run(layer, sample, state)
        except Exception as error:
            problem = f"it cannot be run by itself ({plain_reason(error)})"
            continue  # it takes no map of this size
        try:
            made = run(twin, sample, state)
        except Exception as error:
            return f"its copy cannot be run ({plain_reason(error)})"
        # What draws numbers differs from itself.
        if not agree(expected, made) and agree(
            expected, run(layer, sample, state)
        ):
            return (
                "its copy computes other numbers: `get_config` of its class "
                "leaves something out"
            )
        problem = ""
        if all(map(_is_finite, expected)):
            break
    return problem


def _is_finite(y):
    return y.dtype.kind not in "fV" or np.isfinite(y.astype("float32")).all()


def _other_setting(layer, twin):
    """What a layer inside a copy is set to otherwise; `""` if nothing."""
    twins = dict(inner_layers(twin))
    for path, inner in inner_layers(layer):
        other = twins.get(path)
        if other is None or has_graph(inner) or has_graph(other):
            continue
        if isinstance(inner, keras.layers.InputLayer):
            continue  # it says for what shape a model inside was built
        try:
            one, two = _settings(inner), _settings(other)
        except Exception:
            continue  # it has no configuration to compare
        for key in one.keys() & two.keys():
            if not _is_same(one[key], two[key]):
                return f"`{key}` at {path!r}"
    return ""


def _settings(layer):
    """A layer's configuration without what a copy may have of its own."""
    config = plain_layer_config(layer)
    if isinstance(layer, keras.layers.Lambda):
        config["function"] = layer.function  # its bytes need not be the same
    return _bound(config)


def _bound(config):
    if isinstance(config, dict):
        inner = config.get("config")
        if "class_name" in config and isinstance(inner, dict):
            if "trainable" in inner:
                return None  # a layer, which is compared by itself
        return {k: _bound(v) for k, v in config.items() if k not in _FREE}
    if isinstance(config, (list, tuple)):
        return [_bound(each) for each in config]
    return config


def _captured_values(function):
    """The values of a function's own arguments and of what it refers to."""
    cells = function.__closure__ or ()
    return [
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).values(),
        *(cell.cell_contents for cell in cells),
    ]


def _is_same(one, two):
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(
            _is_same(one[key], two[key]) for key in one
        )
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_is_same, one, two))
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        return np.array_equal(one, two)
    if isinstance(one, FunctionType) and isinstance(two, FunctionType):
        return one.__code__ == two.__code__ and all(
            map(_is_same, _captured_values(one), _captured_values(two))
        )
    plain = (bool, int, float, str, bytes, type(None), np.generic)
    if isinstance(one, plain) or isinstance(two, plain):
        return bool(one == two)
    # Objects that do not say if they are equal.
    kinds = [getattr(each, "plain_class", type(each)) for each in (one, two)]
    return kinds[0] is kinds[1]
