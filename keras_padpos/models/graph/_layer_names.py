"""Layers by the names that a user gives."""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import keras

from keras_padpos.errors import did_you_mean
from keras_padpos.models.graph.graph_walk import has_graph


def layer_names(model: keras.Model) -> Iterator[str]:
    """Names of all layers, those of models inside as `"backbone/conv1"`.

    Example:

    >>> relu = keras.layers.ReLU(name="relu")
    >>> inner = keras.Sequential([keras.Input((8, 8, 3)), relu], name="net")
    >>> model = keras.Sequential([keras.Input((8, 8, 3)), inner])
    >>> list(layer_names(model))
    ['net', 'net/relu']
    """
    layers: Iterable[Any] = model.layers
    if not isinstance(model, keras.Sequential):
        layers = model.operations
    for layer in layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        yield layer.name
        if has_graph(layer):
            yield from (f"{layer.name}/{name}" for name in layer_names(layer))


def names_meant(name: str, names: Iterable[str]) -> list[str]:
    """Which of the full names a name stands for.

    Example:

    >>> names = ["norm", "net/norm", "net/conv", "head/net/conv"]
    >>> names_meant("norm", names), names_meant("net/conv", names)
    (['norm'], ['net/conv'])
    >>> names_meant("conv", names)
    ['net/conv', 'head/net/conv']

    Args:
        name: A full name, or the end of one: of a layer inside another model
            its own name is enough, unless another layer has the same.
        names: Full names.

    Returns:
        The name itself if it is one, else all that end in it.
    """
    names = list(dict.fromkeys(names))
    if name in names:
        return [name]
    return [each for each in names if each.endswith(f"/{name}")]


def name_hint(name: str, names: Iterable[str]) -> str:
    """What ends a message about a name that is none; see `did_you_mean`."""
    name, names = str(name), list(names)
    hint = did_you_mean(name, names)
    hint = hint or did_you_mean(
        name.rpartition("/")[2], [each.rpartition("/")[2] for each in names]
    )
    return hint and f".{hint}"
