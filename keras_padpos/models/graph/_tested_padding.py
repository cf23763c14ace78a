"""Padding that shows only when a call is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.models._call import Call
from keras_padpos.models._code_owner import package_of
from keras_padpos.models.graph.window import CROPPING
from keras_padpos.models.graph.window import STOCK
from keras_padpos.models.graph.window import is_gate
from keras_padpos.models.graph.window import is_known
from keras_padpos.models.graph.window import is_pointwise
from keras_padpos.models.graph.window import runs_other_code
from keras_padpos.models.trials._behaviour import Behaviour
from keras_padpos.models.trials._behaviour import behaviour_of

_RANKS = (1, 2, 3)
# Exact layers of Keras that are trusted not to pad: they read or move numbers
# of the map alone, walk along it with a state, or act in training only.
_NOT_PADDING = tuple(
    getattr(keras.layers, name)
    for name in (
        # They move numbers.
        "CenterCrop",
        "Flatten",
        "Permute",
        "RepeatVector",
        "Reshape",
        "UpSampling1D",
        "UpSampling3D",
        # They reduce the whole map, or parts of it that tile it.
        "AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling2D",
        "AdaptiveAveragePooling3D",
        "AdaptiveMaxPooling1D",
        "AdaptiveMaxPooling2D",
        "AdaptiveMaxPooling3D",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        # Any position may see any other.
        "AdditiveAttention",
        "Attention",
        "Dot",
        "EinsumDense",
        "GroupQueryAttention",
        "GroupNormalization",
        "MultiHeadAttention",
        # They take each token or number by itself.
        "Masking",
        "ReversibleEmbedding",
        # They act in training only.
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomRotation",
        "RandomTranslation",
        "RandomZoom",
    )
    if hasattr(keras.layers, name)
)
# What operations of `keras.ops` that do nothing but pad are made with.
_OF_PADDING = ("pad_width", "top_padding")


@dataclass(frozen=True)
class TestedPadding:
    """What running a call has shown of its padding.

    Attributes:
        reason: Why it cannot be converted; `""` if it does not pad.
        behaviour: What it does, as far as that is known.
    """

    reason: str = ""
    behaviour: Behaviour | None = None


def tested_padding(
    call: Call, makers: Mapping[int, Call], first: int = 1
) -> TestedPadding:
    """Run a call of unknown behaviour to see whether it pads.

    Example:

    >>> from keras_padpos.models.graph._model_graph import model_graph
    >>> inputs = keras.Input((16, 3))
    >>> rolled = keras.ops.roll(inputs, 1, axis=1)
    >>> call = model_graph(keras.Model(inputs, rolled)).calls[-1]
    >>> tested_padding(call, {}).behaviour.pads
    ((1, -1),)

    Args:
        call: The call.
        makers: The calls of the graph by the tensors that they make.
        first: The first spatial axis: 1, or 2 where channels come first.
    """
    maps = {
        number: shape
        for number, shape in zip(call.inputs, call.input_shapes, strict=True)
        if len(shape) - 2 in _RANKS
    }
    shape = next(iter(maps.values()), ())
    if not maps or _is_trusted(call.operation, shape, first):
        return TestedPadding()
    other_code = runs_other_code(call.operation)
    for number, shape in maps.items():
        rank = len(shape) - 2
        if not any(_is_map(made, rank, first) for made in call.output_shapes):
            continue
        for behaviour in behaviour_of(call, number, rank, first):
            if behaviour.pads_somewhere and (
                len(maps) == 1 or other_code or _joins_parts(call, makers)
            ):
                return TestedPadding(_why(call, behaviour), behaviour)
            if behaviour.reason and _is_made_to_pad(call.operation):
                return TestedPadding(_why(call, behaviour), behaviour)
            if behaviour.reason and other_code:
                return TestedPadding(
                    "what it does could not be found, so it may pad: "
                    f"{behaviour.reason}"
                )
    return TestedPadding()


def _is_trusted(operation, shape, first):
    return (
        operation is None
        or _is_stock(operation)
        or is_known(operation)
        or is_pointwise(operation, shape, first)
        or is_gate(operation, shape, first)
    )


def _is_stock(operation):
    """Whether it is a layer of Keras or ours, which is known not to pad."""
    if not isinstance(operation, keras.Layer) or runs_other_code(operation):
        return False
    kind = type(operation)
    return (
        kind in _NOT_PADDING
        or package_of(kind) == "keras_padpos"
        # What these hold is looked at.
        or isinstance(operation, (keras.layers.Wrapper, keras.layers.RNN))
    )


def _is_map(shape, rank, first):
    """Whether there is more than one position."""
    return len(shape) == rank + 2 and set(shape[first : first + rank]) != {1}


def _is_made_to_pad(operation):
    """Whether an operation of `keras.ops` has attributes of padding."""
    if isinstance(operation, keras.Layer):
        return False
    cells = getattr(operation, "padding", "valid")
    same = isinstance(cells, str) and cells.lower() != "valid"
    return same or any(hasattr(operation, name) for name in _OF_PADDING)


def _why(call, behaviour):
    """Why what pads by itself cannot be converted."""
    operation = call.operation
    kind = type(operation).__name__
    if behaviour.enlarges:
        return (
            f"{kind} enlarges the map and reads beyond its border by its own "
            "code; use keras_padpos.layers.UpSampling2D in its place"
        )
    if not isinstance(operation, keras.Layer):
        return (
            f"it is an operation of keras.ops ({kind}); use a layer of "
            "keras_padpos.layers in its place"
        )
    if isinstance(operation, keras.layers.Lambda):
        return (
            "it is a Lambda that pads, and its code cannot be changed; use "
            "keras_padpos.layers.Padding2D in its place"
        )
    if isinstance(operation, keras.layers.Activation):
        return "its activation pads by its own code, which cannot be changed"
    if isinstance(operation, tuple(STOCK.values())):
        return f"{kind} has no counterpart in keras_padpos.layers"
    return f"{kind} pads by its own code, which cannot be changed"


def _joins_parts(call, makers):
    """Whether a map is joined with parts of itself, as wrapping it does."""
    joined = set(call.inputs)
    waiting: list[Any] = [(n, n) for n in call.inputs]
    while waiting:
        start, number = waiting.pop()
        maker = makers.get(number)
        if maker is None or (
            isinstance(maker.operation, keras.Layer)
            and not isinstance(
                maker.operation, (*CROPPING, keras.layers.Lambda)
            )
        ):
            continue
        for source in maker.inputs:
            if source in joined and source != start:
                return True
            waiting.append((start, source))
    return False
