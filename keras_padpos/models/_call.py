"""One use of an operation in a network."""

from dataclasses import dataclass
from typing import Any

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Call:
    """One use of an operation.

    Attributes:
        name: The operation's name, with those of the models around it before
            it: `"backbone/conv1"`.
        operation: The layer, or the `keras.ops` operation; `None` where a
            tensor enters the model.
        inputs: Numbers of the tensors it is called on.
        outputs: Numbers of the tensors it makes.
        input_shapes: Their shapes, batch included; `None` where unknown.
        output_shapes: Likewise.
        arguments: Positional and keyword arguments, with symbolic tensors.
    """

    name: str
    operation: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    arguments: Any = ((), {})
