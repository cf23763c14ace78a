"""How layers with a `padding_mode` are registered and documented."""

import inspect
import re
from collections.abc import Callable
from typing import Any
from typing import TypeVar

import keras

_Class = TypeVar("_Class", bound=type)

AXES = {1: "steps", 2: "height, width", 3: "depth, height, width"}
_PADS = {
    1: """an int, or a pair
            `(before, after)`""",
    2: """an int, two ints, or two pairs
            `((top, bottom), (left, right))`""",
    3: """an int, three ints, or three
            pairs `(before, after)`""",
}
_SHARED_DOC = """
    Args:
        padding: {names}{pads}; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, a `PaddingMode`, or one of these
            for each spatial axis.

    All other arguments are those of `keras.layers.{stock}`.

    Input shape:
        {ndim}D tensor `(batch, {axes}, channels)`, or
        `(batch, channels, {axes})` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        {ndim}D tensor of the same layout with {channels}.

    Raises:
        ValueError: If `padding` or `padding_mode` is not one of the above, or
            the mode cannot fill as many cells as the geometry asks.

    Warns:
        UserWarning: Once, if a mode that copies cells has to repeat them,
            since the frame is wider than the map.{valid}
    """
_VALID_DOC = """ If `padding` is `"valid"` and the
            mode is another than zeros, which then pads nothing."""


def rank_of(cls: type) -> int:
    """Number of spatial axes, from a class's name: 2 of `Conv2DTranspose`."""
    return int(re.findall(r"(\d)D", cls.__name__)[0])


def padded_layer(channels: str) -> Callable[[_Class], _Class]:
    """Register a layer, and complete its docstring and its signature.

    Args:
        channels: The channels of the output, for the docstring.
    """

    def decorate(cls):
        rank = rank_of(cls)
        windowed = not cls.__name__.startswith("Padding")
        stock = cls.__name__ if windowed else f"Zero{cls.__name__}"
        names = '`"valid"`, `"same"`, `"full"`, ' if windowed else ""
        if windowed and rank == 1:
            names += '`"causal"`, '
        doc = _SHARED_DOC.format(
            names=names,
            pads=_PADS[rank],
            stock=stock,
            ndim=rank + 2,
            axes=AXES[rank],
            channels=channels,
            valid=_VALID_DOC if windowed else "",
        )
        return registered_layer(cls, getattr(keras.layers, stock), doc)

    return decorate


def registered_layer(
    cls: _Class, stock: type, doc: str, default: str = "zeros"
) -> _Class:
    """Register a layer, and complete its docstring and its signature.

    Args:
        cls: The layer.
        stock: The layer of Keras whose arguments it takes.
        doc: What comes after its own docstring.
        default: The default of its `padding_mode`.
    """
    layer: Any = cls
    layer.__doc__ = (cls.__doc__ or "").rstrip() + "\n" + doc
    layer.__signature__ = _ClassSignature(stock, default)
    register = keras.saving.register_keras_serializable
    return register(package="keras_padpos")(layer)


class _ClassSignature:
    """The signature of a Keras layer, and `padding_mode` after its own.

    It is that of the class alone: a layer is called with tensors, and
    `tf.function` asks an instance for its signature too.
    """

    def __init__(self, stock: type, default: str) -> None:
        signature = inspect.signature(stock)
        *arguments, options = signature.parameters.values()
        mode = inspect.Parameter(
            "padding_mode",
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=default,
        )
        self.signature = signature.replace(
            parameters=[*arguments, mode, options]
        )

    def __get__(self, instance: Any, owner: type) -> inspect.Signature:
        if instance is not None:
            raise AttributeError("__signature__")
        return self.signature
