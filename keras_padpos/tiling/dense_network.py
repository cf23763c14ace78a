"""A network whose outputs are maps, and what keeps it from running in tiles."""

import contextlib
import math
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models import Call
from keras_padpos.models import Graph
from keras_padpos.models import PaddingSites
from keras_padpos.models import ReceptiveField
from keras_padpos.models import ReceptiveFields
from keras_padpos.models import TriedCall
from keras_padpos.models import find_padding_sites
from keras_padpos.models import model_graph
from keras_padpos.models import receptive_field
from keras_padpos.models import tried_calls
from keras_padpos.models.graph.graph_walk import check_graph
from keras_padpos.models.graph.graph_walk import input_names

Cells = tuple[int, ...]
_OUTPUT = "tiled_output"
# Of sizes that a network takes, the largest power of 2 that is looked for.
_LARGEST_MULTIPLE = 256


class PictureError(InputError):
    """A picture does not fit a network that others may fit."""


class DenseNetwork:
    """A functional or Sequential model from pictures to maps.

    Args:
        model: The model.

    Attributes:
        model: The same layers, with an identity behind each output, by whose
            name its field is asked for.
        names: Names of the outputs, for messages.
        rank: Number of spatial axes.
        first: The first of them in a picture with its batch.
        pictures: Whether an input is a picture, one entry an input.

    Raises:
        InputError: If the model's graph cannot be read, or no input is a
            picture.
    """

    def __init__(self, model: keras.Model) -> None:
        check_graph(model)
        if isinstance(model, keras.Sequential):
            self.names = [model.layers[-1].name]
        else:
            self.names = list(model.output_names)
        watched = [
            keras.layers.Identity(name=f"{_OUTPUT}_{number}")(tensor)
            for number, tensor in enumerate(model.outputs)
        ]
        self.model = keras.Model(model.inputs, watched)
        self.first = model_graph(self.model).first
        ranks = [len(tensor.shape) - 2 for tensor in model.inputs]
        self.rank = next((rank for rank in ranks if 1 <= rank <= 3), 0)
        if not self.rank:
            raise InputError(
                "`model` must take pictures (batch, height, width, channels), "
                "lines or volumes. Received a model of inputs "
                f"{[tuple(tensor.shape) for tensor in model.inputs]}"
            )
        self.pictures = [rank == self.rank for rank in ranks]

    def shapes(self, sizes: Sequence[int | None]) -> dict[str, tuple[Any, ...]]:
        """Shapes of the inputs without the batch, by the inputs' names."""
        shapes = {}
        for name, tensor, is_picture in zip(
            input_names(self.model),
            self.model.inputs,
            self.pictures,
            strict=True,
        ):
            shape = list(tensor.shape[1:])
            if is_picture:
                shape[self.first - 1 : self.first - 1 + self.rank] = sizes
            shapes[name] = tuple(shape)
        return shapes

    def at(self, sizes: Cells, what: str = "a picture") -> "NetworkAtSize":
        """What is known of it for pictures of these spatial sizes.

        Args:
            sizes: The sizes.
            what: What is of these sizes, for the message.

        Raises:
            PictureError: If the network itself cannot take them.
        """
        shapes: Any = self.shapes(sizes)
        try:
            graph = model_graph(self.model, shapes)
        except InputError as error:
            reason, hint = str(error).rstrip("."), self._other_sizes(sizes)
            raise _misfit(what, sizes, reason, hint) from error
        reason = self._unequal(graph)
        hint = self._other_sizes(sizes) if reason else ""
        # Without a hint the maps may be unequal by design: see `outputs`.
        if hint:
            raise _misfit(what, sizes, reason, hint)
        return NetworkAtSize(
            self, sizes, graph, receptive_field(self.model, shapes)
        )

    def _unequal(self, graph):
        """Say which layer would join maps of unequal sizes; `""` if none.

        Keras looks at these only when a network of fixed size is built.
        """
        axes = range(self.first, self.first + self.rank)
        for call in graph.calls:
            if type(call.operation) is not keras.layers.Concatenate:
                continue
            rank = len(call.input_shapes[0])
            if rank != self.rank + 2 or call.operation.axis % rank in axes:
                continue
            maps = {
                shape[axes.start : axes.stop] for shape in call.input_shapes
            }
            if len(maps) > 1:
                sizes = " and ".join(map(_by, sorted(maps)))
                return f"{_named(call)} would join maps of {sizes} cells"
        return ""

    def _other_sizes(self, sizes):
        """Say which sizes the network takes, if multiples of a power of 2."""
        multiple = 2
        while multiple <= _LARGEST_MULTIPLE:
            counts = [-(-size // multiple) for size in sizes]
            # Odd ones, which are multiples of no larger power.
            some: Any = self.shapes(tuple((n | 1) * multiple for n in counts))
            with contextlib.suppress(InputError):
                if not self._unequal(model_graph(self.model, some)):
                    near = _by([n * multiple for n in counts])
                    return (
                        f" Sizes must be multiples of {multiple}, such as "
                        f"{near}."
                    )
            multiple *= 2
        return ""


@dataclass(frozen=True)
class NetworkAtSize:
    """A network for pictures of one size: its calls, and what they see."""

    network: DenseNetwork
    sizes: Cells
    graph: Graph
    fields: ReceptiveFields

    def outputs(self) -> list[ReceptiveField]:
        """The fields of the outputs.

        Raises:
            InputError: If an output is no map, or a position of it sees the
                whole picture, or the same cells give something else at
                another position.
        """
        makers = self.makers()
        for tried in self.tried_calls():
            if tried.positional:
                raise _refusal(
                    f"what {_named(tried.call)} gives for the same cells is "
                    "another at another position"
                )
        return [self._output(number, makers) for number in self.graph.outputs]

    def makers(self) -> dict[int, Call]:
        """From a tensor's number to the call that makes it."""
        return {
            number: call for call in self.graph.calls for number in call.outputs
        }

    def tried_calls(self) -> Iterator[TriedCall]:
        """Calls of which running them told what they do."""
        return tried_calls(self.graph, self.network.rank)

    def input_fields(self) -> dict[str, ReceptiveField]:
        """From a call's name to the field of the first map that enters it."""
        makers = self.makers()
        fields: dict[str, ReceptiveField] = {}
        for call in self.graph.calls:
            name = makers[call.inputs[0]].name if call.inputs else ""
            if name in self.fields:
                fields.setdefault(call.name, self.fields[name])
        return fields

    def check_borders(self) -> None:
        """Refuse layers whose own code fills a border from afar.

        Raises:
            InputError: If positions at a border see cells of the far half.
        """
        for tried in self.tried_calls():
            if tried.reads_far():
                raise _refusal(
                    f"what {_named(tried.call)} gives at a border of the map "
                    "depends on cells far from it"
                )

    def sites(self) -> PaddingSites:
        """Where the network pads."""
        shapes = self.network.shapes(self.sizes)
        return find_padding_sites(self.network.model, shapes)

    def period(self) -> Cells:
        """Cells of which windows start at multiples."""
        return tuple(
            math.lcm(*(field.period[axis] for field in self.fields.values()))
            for axis in range(self.network.rank)
        )

    def output_shapes(self) -> list[Any]:
        """Shapes of the outputs, without the batch."""
        makers = self.makers()
        return [
            makers[number].output_shapes[0][1:] for number in self.graph.outputs
        ]

    def live_numbers(self) -> int:
        """Numbers in the maps that are needed at once, at most."""
        last = {
            number: index
            for index, call in enumerate(self.graph.calls)
            for number in (*call.outputs, *call.inputs)
        }
        for number in self.graph.outputs:
            last[number] = len(self.graph.calls)
        alive: dict[int, int] = {}
        most = 0
        for index, call in enumerate(self.graph.calls):
            for number, shape in zip(
                call.outputs, call.output_shapes, strict=True
            ):
                alive[number] = math.prod(size or 1 for size in shape[1:])
            most = max(most, sum(alive.values()))
            for number in [n for n in alive if last[n] <= index]:
                del alive[number]
        return most

    def _output(self, number, makers):
        watcher = makers[number]
        name = self.network.names[self.graph.outputs.index(number)]
        field = self.fields.get(watcher.name)
        if field is not None and not field.gated:
            return field
        if watcher.name in self.fields.unknown:
            reducer = self._reducer(watcher, makers)
            if reducer is not None:
                raise _refusal(_whole(reducer))
            raise _refusal(self.fields.unknown[watcher.name])
        if field is None:
            reducer = self._reducer(watcher, makers)
            reason = f"output {name!r} is no map"
            if reducer is not None:
                reason += f", since {_whole(reducer)}"
            raise _refusal(reason)
        gate = next(
            call
            for call in self.graph.calls
            if call.name in self.fields and self.fields[call.name].gated
        )
        reason = f"{_named(gate)} scales the map by numbers of the whole of it"
        reducer = self._reducer(gate, makers)
        if reducer is not None:
            reason = f"{_whole(reducer)}, and {_named(gate)} uses that"
        raise _refusal(reason)

    def _reducer(self, call: Call, makers: dict[int, Call]) -> Call | None:
        """The nearest call before one that makes no map of a map."""
        waiting: Sequence[Call] = [call]
        while waiting:
            makers_before = {
                id(makers[number]): makers[number]
                for each in waiting
                for number in each.inputs
                if makers[number].name not in self.fields
            }
            for each in makers_before.values():
                if each.name not in self.fields.unknown and any(
                    makers[n].name in self.fields for n in each.inputs
                ):
                    return each
            waiting = list(makers_before.values())
        return None


def _refusal(reason):
    return InputError(
        f"`model` cannot predict in tiles: {reason}. Parts of a picture do "
        "not give what the whole gives."
    )


def _misfit(what, sizes, reason, hint):
    return PictureError(
        f"`model` cannot take {what} of {_by(sizes)}: {reason}.{hint}"
    )


def _by(sizes):
    return "x".join(map(str, sizes))


def _named(call):
    return f"layer {call.name!r} ({type(call.operation).__name__})"


def _whole(call):
    return f"{_named(call)} looks at the whole map"
