"""What calls of a network do that their class does not tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.models._call import Call
from keras_padpos.models.graph._model_graph import Graph
from keras_padpos.models.graph._model_graph import activation_call
from keras_padpos.models.graph.padded_network import behaviours_of
from keras_padpos.models.trials._behaviour import Behaviour
from keras_padpos.models.trials._behaviour import border_reads_far


@dataclass(frozen=True)
class TriedCall:
    """A call that was run by itself, or that has weights for each position.

    Attributes:
        call: The call.
        positional: Whether the same cells give something else at another
            position.
    """

    call: Call
    positional: bool
    _behaviours: tuple[Behaviour, ...]
    _rank: int
    _first: int

    def pads(self, axis: int) -> bool:
        """Whether it may add cells along a spatial axis."""
        return any(_pads(each, axis) for each in self._behaviours)

    def reads_far(self) -> bool:
        """Whether what it gives at a border depends on the map's far half."""
        return any(each.pads_somewhere for each in self._behaviours) and any(
            border_reads_far(self.call, number, self._rank, self._first)
            for number, shape in zip(
                self.call.inputs, self.call.input_shapes, strict=True
            )
            if len(shape) - 2 == self._rank
        )


def tried_calls(graph: Graph, rank: int) -> Iterator[TriedCall]:
    """Calls of which classes do not tell whether parts stand for the whole.

    What a layer of a known window applies to its result is a call too.

    Example:

    >>> from keras_padpos.models import model_graph
    >>> inputs = keras.Input((16, 16, 3))
    >>> rolled = keras.ops.roll(inputs, 1, axis=1)
    >>> (tried,) = tried_calls(model_graph(keras.Model(inputs, rolled)), 2)
    >>> tried.pads(0), tried.pads(1), tried.reads_far(), tried.positional
    (True, False, True, False)

    Args:
        graph: The network's calls, as `model_graph` lists them.
        rank: Number of spatial axes of its maps.
    """
    first = graph.first
    for call in graph.calls:
        if _weights_differ(call, first):
            yield TriedCall(call, True, (), rank, first)
        for each in (call, activation_call(call, first)):
            behaviours = each and behaviours_of(each, [rank], first)
            if each and behaviours:
                positional = any(one.positional for one in behaviours)
                yield TriedCall(
                    each, positional, tuple(behaviours), rank, first
                )


def _weights_differ(call, first):
    """Whether a layer of Keras has weights for each position of a map."""
    layer, kind = call.operation, type(call.operation)
    axes: Any = ()
    if kind is keras.layers.BatchNormalization:
        axes = [layer.axis]
    elif kind is keras.layers.Normalization:
        axes = layer.axis
    elif kind is keras.layers.PReLU:
        axes = [n for n, size in enumerate(layer.alpha.shape, 1) if size != 1]
    rank = len(call.input_shapes[0]) if axes else 0
    channels = rank - 1 if first == 1 else 1
    return any(axis % rank != channels for axis in axes)


def _pads(behaviour, axis):
    if axis >= len(behaviour.pads):
        return behaviour.pads_somewhere
    pads = behaviour.pads[axis]
    return pads is None or max(pads) > 0
