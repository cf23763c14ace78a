"""What calls of a network that pads do, asked when their maps shrink."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.layers import ResizeToMatch
from keras_padpos.models._call import Call
from keras_padpos.models.graph._model_graph import activation_call
from keras_padpos.models.graph._model_graph import entries
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.map_offsets import MapOffsets
from keras_padpos.models.graph.map_offsets import RefusalError
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import UPSAMPLING
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import is_gate
from keras_padpos.models.graph.window import is_known
from keras_padpos.models.graph.window import is_pointwise
from keras_padpos.models.graph.window import runs_other_code
from keras_padpos.models.graph.window import window_of
from keras_padpos.models.trials._behaviour import Behaviour
from keras_padpos.models.trials._behaviour import behaviour_of

STRETCHING = (
    keras.layers.Reshape,
    keras.layers.Resizing,
    ResizeToMatch,
)
"""What comes out fills its size, however much of the map went in."""

OPEN_SIZE = (
    "how many cells it adds depends on a size that the model leaves open. Give "
    "the `input_shape` on whose grid the result shall lie"
)
"""Why a layer is refused whose pads are not known."""

# For sizes that are left open, while operations are watched: large enough for
# any network, and a multiple of any stride.
_SOME_SIZE = 2048


@dataclass(frozen=True)
class PaddedCall:
    """What one call does in the padded network.

    Attributes:
        before: Cells that its window adds in front; `None` where it has none,
            or where they depend on a size that is open.
        input_sizes: Spatial sizes of the tensors that come in.
        output_sizes: Of those that go out.
        call: The call.
        first: The first spatial axis of its maps.
    """

    before: tuple[int, ...] | None
    input_sizes: list[tuple[int | None, ...]]
    output_sizes: list[tuple[int | None, ...]]
    call: Call
    first: int

    def check_activation(self) -> None:
        """Refuse a window whose activation looks at more than a position.

        A gate is computed from the smaller map, as that of a layer is.

        Raises:
            RefusalError: If a smaller map may get other values.
        """
        activation = activation_call(self.call, self.first)
        if activation is None:
            return
        shape = activation.input_shapes[0]
        if is_gate(activation.operation, shape, self.first):
            return
        (behaviour,) = behaviour_of(
            activation, activation.inputs[0], len(shape) - 2, self.first
        )
        if behaviour.positional or not behaviour.plain:
            raise RefusalError(
                "its activation is not seen to take each position by itself, "
                "and a smaller map may get other values"
            )

    def behaviour(self, ranks: Collection[int]) -> Behaviour | None:
        """What the call does with a map that lost cells, if that must be run.

        Args:
            ranks: Numbers of spatial axes that maps have.

        Returns:
            `None` where it is known otherwise, or adds no window of its own.

        Raises:
            RefusalError: If a smaller map may get other values, or may lie on
                another grid.
        """
        layer = self.call.operation
        behaviours = behaviours_of(self.call, ranks, self.first)
        if behaviours is None:
            return None
        if any(behaviour.positional for behaviour in behaviours):
            raise RefusalError(
                "what it gives for the same cells is another at another "
                "position, as of an embedding of positions, and a smaller map "
                "would get other values"
            )
        unmeasured = any(
            behaviour.axes is None or behaviour.fixed
            for behaviour in behaviours
        )
        sizes = self.output_sizes[0]
        resized = sizes not in self.input_sizes
        # The whole map in one cell, or an operation, needs no measure.
        if set(sizes) == {1} or (resized and not runs_other_code(layer)):
            unmeasured = False
        if unmeasured:
            raise RefusalError(
                "what its positions see of a map of another size could not be "
                "measured, so what it gives for a smaller one may lie on "
                "another grid"
            )
        if len(behaviours) != 1:
            return None
        (behaviour,) = behaviours
        if behaviour.axes is None or behaviour.fixed:
            return None
        if behaviour.pads_somewhere and None in behaviour.pads:
            raise RefusalError(OPEN_SIZE)
        return behaviour


def behaviours_of(
    call: Call, ranks: Collection[int], first: int
) -> list[Behaviour] | None:
    """Run a call to find what it does with the maps that enter it.

    Args:
        call: The call.
        ranks: Numbers of spatial axes that maps have.
        first: The first spatial axis.

    Returns:
        For each map and output one; `None` where that is known otherwise.
    """
    layer, shapes = call.operation, call.input_shapes
    if (
        not shapes
        or is_known(layer)
        or is_exactly(layer, (*UPSAMPLING, *TRANSPOSED, *STRETCHING))
        or is_pointwise(layer, shapes[0], first)
        or is_gate(layer, shapes[0], first)
    ):
        return None
    return [
        behaviour
        for number, shape in dict(zip(call.inputs, shapes, strict=True)).items()
        if len(shape) - 2 in ranks
        for behaviour in behaviour_of(call, number, len(shape) - 2, first)
        if behaviour.is_map
    ]


def padded_calls(
    model: keras.Model, input_shape: Any, offsets: MapOffsets
) -> dict[int, list[PaddedCall]]:
    """List what each call of a network does, by the id of its operation.

    Args:
        model: A functional or Sequential model.
        input_shape: See `convert_padding`.
        offsets: Tells which entries of a shape are spatial.
    """
    graph = model_graph(model, input_shape)
    watched = graph
    open_sizes = {
        name: tuple(
            _SOME_SIZE if size is None else size for size in tensor.shape[1:]
        )
        for name, tensor in entries(model, input_shape)
    }
    try:
        watched = model_graph(model, open_sizes)
    except ValueError:
        pass  # it takes no such size, so sizes stay open
    calls = defaultdict(list)
    for call, sized in zip(graph.calls, watched.calls, strict=True):
        window = window_of(call.operation)
        pads = None
        if window is not None:
            pads = window.pads(window.sizes(call.input_shapes[0]))
        calls[id(call.operation)].append(
            PaddedCall(
                None if pads is None else tuple(p for p, _ in pads),
                list(map(offsets.spatial, sized.input_shapes)),
                list(map(offsets.spatial, sized.output_shapes)),
                call,
                offsets.first,
            )
        )
    return calls
