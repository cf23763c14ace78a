"""Layers that call padded layers by their own code."""

import re
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any

import keras

from keras_padpos import padding
from keras_padpos.errors import InputError
from keras_padpos.layers.converted_layer import convert_inside
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.layers.converted_layer import is_by_arguments
from keras_padpos.layers.converted_layer import prefer_arguments
from keras_padpos.models._call import Call
from keras_padpos.models._code_owner import is_foreign
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph._copied_layer import built_copy
from keras_padpos.models.graph._copied_layer import plain_copy
from keras_padpos.models.graph.copy_difference import difference
from keras_padpos.models.graph.copy_difference import shared_layers
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.padding_site import other_site
from keras_padpos.models.graph.window import PADDED
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import RESAMPLING
from keras_padpos.models.graph.window import STOCK
from keras_padpos.models.graph.window import padding_mode_of
from keras_padpos.models.trials._call_key import Key
from keras_padpos.models.trials._call_key import call_key
from keras_padpos.models.trials.border_trial import constant_problem
from keras_padpos.models.trials.border_trial import roll_problem

Paddings = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class _Block:
    """What a trial of a layer showed.

    Attributes:
        reason: Why it cannot be converted inside; `""` if it can.
        unconverted: What its inner layers pad before conversion, by path.
        carried: Paths of inner layers that its own configuration describes,
            as that of `TimeDistributed` does.
        alone: Whether it can be copied without the model around it.
        by_arguments: Whether it is copied by the arguments it was made with.
    """

    reason: str
    unconverted: Paddings = field(default_factory=dict)
    carried: frozenset[str] = frozenset()
    alone: bool = True
    by_arguments: bool = False


_BLOCKS: "weakref.WeakKeyDictionary[Any, _Block]" = weakref.WeakKeyDictionary()
# Of blocks that can be converted, by class and key: equal ones are tried once.
_EQUAL: "weakref.WeakKeyDictionary[type, dict[Key, _Block]]" = (
    weakref.WeakKeyDictionary()
)


def sites_inside(
    call: Call,
    site_of: Callable[[Call], PaddingSite | None],
    spare: Callable[[keras.Layer], keras.Layer | None],
) -> list[PaddingSite]:
    """List where a layer pads by layers that its own code calls.

    Args:
        call: A call of any operation.
        site_of: Tells the site of one call of a layer of Keras, or of ours.
        spare: Gives a copy of a layer that cannot be copied by itself, built
            and for a trial, or `None`.

    Returns:
        The layer itself, of kind `"other"`, and the layers inside that pad;
        the layer alone if it cannot be converted inside, with the reason.
        Nothing if it holds none.
    """
    block = call.operation
    if not _may_hold(block):
        return []
    inner = list(_padded_inside(block, site_of))
    if not inner:
        return []
    tried = _tried(call, dict(inner), spare)
    whole = other_site(call, tried.reason)
    if tried.reason:
        return [whole]
    names = [site.name for _, site in inner]
    return [
        whole,
        *(
            replace(
                site,
                name=f"{call.name}/{_name(site.layer, path, names)}",
                block=block,
                path=path,
            )
            for path, site in inner
        ),
    ]


def converted_block(
    block: keras.Layer, layers: dict[str, keras.Layer]
) -> keras.Layer:
    """Copy a layer, with other layers' borders inside.

    Args:
        block: A layer that `sites_inside` found convertible.
        layers: By path, layers that pad as those inside shall.

    Returns:
        A `ConvertedLayer`; one of the layer's own class if nothing inside is
        to pad otherwise than its own code says.

    Raises:
        ValueError: If only the model around the layer can be copied.
    """
    tried = _BLOCKS[block]
    if not tried.alone:
        raise InputError(
            "`get_config` of its class does not say how it was made, and "
            "the model around it cannot be copied whole"
        )
    new_paddings = {
        **getattr(block, "inner_paddings", {}),
        **{path: padding_entry(layer) for path, layer in layers.items()},
    }
    described = {
        layers[path].name: layers[path]
        for path in tried.carried & layers.keys()
    }
    copy = plain_copy(block, lambda config: _redescribed(config, described))
    inner_by_path = dict(inner_layers(copy))
    unconverted = {
        path: padding_entry(inner_by_path[path])
        if path in tried.carried
        else padded
        for path, padded in tried.unconverted.items()
    }
    paddings = {
        path: inner
        for path, inner in new_paddings.items()
        if inner != unconverted[path]
    }
    return convert_inside(copy, paddings) if paddings else copy


def padding_entry(layer: keras.Layer) -> dict[str, Any]:
    """What a layer of Keras, or ours, pads, as a `ConvertedLayer` says it."""
    ours = PADDED.get(type(layer), type(layer))
    geometry = {}
    if not isinstance(layer, (*RESAMPLING, *RECURRENT)):
        geometry["padding"] = layer.padding
    return {
        "class_name": keras.saving.get_registered_name(ours),
        **geometry,
        "padding_mode": padding.serialize(padding_mode_of(layer)),
    }


def _redescribed(config, layers):
    """A configuration in which layers are described as others of the name."""
    if isinstance(config, (list, tuple)):
        return type(config)(_redescribed(each, layers) for each in config)
    if not isinstance(config, dict):
        return config
    inner = config.get("config")
    if "class_name" in config and isinstance(inner, dict):
        layer = layers.get(inner.get("name"))
        if layer is not None:
            return keras.saving.serialize_keras_object(layer)
    return {key: _redescribed(each, layers) for key, each in config.items()}


def _may_hold(layer):
    return (
        isinstance(layer, keras.Layer)
        and type(layer) not in PADDED
        and type(layer) not in STOCK
        and not has_graph(layer)
    )


def _padded_inside(block, site_of):
    for path, layer in inner_layers(block):
        if type(layer) not in PADDED and type(layer) not in STOCK:
            continue
        axes = _rank(layer) + 2 + isinstance(layer, RECURRENT)
        shapes = ((None,) * axes,)
        site = site_of(Call(layer.name, layer, (), (), shapes, shapes))
        if site is not None and site.kind != "other":
            yield path, site


def _rank(layer):
    """The spatial axes that a layer of Keras, or ours, has by its name."""
    digits = re.findall(r"(\d)D", type(layer).__name__)
    return int(digits[0]) if digits else 2  # Resizing


def _name(layer, path, names):
    """The name of a layer inside: its own, unless Keras made it up."""
    made_up = re.fullmatch(
        rf"{type(layer).__name__.lower()}\d*", layer.name.replace("_", "")
    )
    return path if made_up or names.count(layer.name) > 1 else layer.name


def _tried(call, sites, spare):
    block = call.operation
    if block in _BLOCKS:
        return _BLOCKS[block]
    equal = _EQUAL.setdefault(type(block), {})
    key = call_key(call), call.input_shapes
    tried = equal.get(key)
    if tried is None:
        tried = _try(call, sites, spare)
        # Whether a model around it can be copied is not the block's own.
        if key[0] is not None and tried.alone and not tried.reason:
            equal[key] = tried
    else:
        prefer_arguments(block, tried.by_arguments)
    _BLOCKS[block] = tried
    return tried


def _try(call, sites, spare):
    """Convert a copy inside, and see that only its border changed."""
    block = call.operation
    if not block.built:
        return _Block("it is not built")
    inner_by_path = dict(inner_layers(block))
    current = {path: padding_entry(inner_by_path[path]) for path in sites}
    copy, unconverted, alone, problem = _copied(call, current, spare)
    if problem:
        return _Block(problem)
    circular = {
        path: {**inner, "padding_mode": "circular"}
        for path, inner in current.items()
        if not sites[path].reason
    }
    if circular:
        convert_inside(copy, {**current, **circular})
        if not _trusted(block):
            inner = inner_by_path[next(iter(sites))]
            first = getattr(inner, "data_format", None) == "channels_first"
            trial = copy, call.arguments, _rank(inner), first
            problem = constant_problem(*trial)
            # Layers that have no converter keep their border.
            if not problem and len(circular) == len(current):
                problem = roll_problem(*trial)
    carried = _carried(copy, circular) if alone else frozenset()
    return _Block(problem, unconverted, carried, alone, is_by_arguments(block))


def _copied(call, current, spare):
    """Copy a layer in the first way that loses nothing.

    Returns:
        A copy that pads as the layer does, what it pads by its own class,
        whether it can be made again without the model around the layer, and
        why there is none.
    """
    block = call.operation

    def by_itself():
        return built_copy(block, lambda: plain_copy(block), call.arguments)

    copy, unconverted, first = _compared(call, current, by_itself)
    if not first:
        return copy, unconverted, True, ""
    if is_foreign(block) and not is_by_arguments(block):
        prefer_arguments(block)
        copy, unconverted, problem = _compared(call, current, by_itself)
        if not problem:
            return copy, unconverted, True, ""
        prefer_arguments(block, False)
    twin = spare(block)
    if twin is not None:
        copy, unconverted, problem = _compared(call, current, lambda: twin)
        if not problem:
            return copy, unconverted, False, ""
    return None, {}, False, first


def _compared(call, current, make):
    """A copy that pads as the layer does, or what is wrong with it."""
    try:
        copy = make()
    except Exception as error:
        reason = plain_reason(error)
        return (
            None,
            {},
            f"a copy of it cannot be made by its `get_config` ({reason})",
        )
    twins = dict(inner_layers(copy))
    if not twins.keys() >= current.keys():
        return (
            None,
            {},
            "a copy of it does not hold the same layers: `get_config` of "
            "its class leaves something out",
        )
    problem = shared_layers(call.operation, copy)
    if problem:
        return None, {}, problem  # to convert it would convert the original
    unconverted = {path: padding_entry(twins[path]) for path in current}
    try:
        copy = convert_inside(copy, current)
    except Exception as error:
        reason = plain_reason(error)  # of a class that refuses subclasses
        return None, {}, f"its class cannot be extended ({reason})"
    return copy, unconverted, difference(call.operation, copy, call.arguments)


def _carried(block, paddings):
    """Paths of layers that a copy by configuration pads as the block does."""
    try:
        inner_by_path = dict(inner_layers(plain_copy(block)))
    except Exception:
        return frozenset()  # it is copied with the model around it
    return frozenset(
        path
        for path, inner in paddings.items()
        if path in inner_by_path and padding_entry(inner_by_path[path]) == inner
    )


def _trusted(block):
    """Whether all code that runs is Keras' or ours."""
    layers = [block, *(layer for _, layer in inner_layers(block))]
    return not any(map(is_foreign, layers))
