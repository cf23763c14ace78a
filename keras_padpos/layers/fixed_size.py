"""Maps resized by products of small matrices."""

from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError


def mixed(maps: Any, rows: Any, columns: Any) -> Any:
    """Mix the rows and the columns of maps.

    Unlike those of gathered rows, the gradients of these products add up in
    the same order at every run.

    Args:
        maps: `(batch, height, width, channels)`.
        rows: `(new height, height)`, the share of each row in each new one.
        columns: The same of columns.

    Returns:
        `(batch, new height, new width, channels)`.
    """
    outputs = ops.einsum("ih,bhwc->biwc", rows, maps)
    return ops.einsum("jw,biwc->bijc", columns, outputs)


class FixedSize(keras.layers.Layer):
    """Base class of layers that resize a map to a size of their own.

    A subclass implements `shares`.

    Args:
        size: Height and width of the result.
    """

    def __init__(self, size: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check_pair("size", size)
        self.size = tuple(size)

    def check_pair(self, name: str, pair: Any) -> None:
        """Raise unless an argument is two positive numbers."""
        if len(pair) != 2 or not all(each > 0 for each in pair):
            raise InputError(
                f"Layer {self.name!r} ({type(self).__name__}): `{name}` must "
                f"be two positive numbers. Received: {name}={pair!r}"
            )

    def build(self, input_shape: Any) -> None:
        """Check what it is called on; there are no weights."""
        if len(input_shape) != 4:
            raise InputError(
                f"Layer {self.name!r} ({type(self).__name__}): `inputs` must "
                "be a map (batch, height, width, channels). "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        """Resize; see the class."""
        return mixed(inputs, self.shares(inputs, 0), self.shares(inputs, 1))

    def shares(self, inputs: Any, axis: int) -> Any:
        """The share of each cell of a map in each of the result.

        Args:
            inputs: The map.
            axis: 0 for its rows, 1 for its columns.

        Returns:
            `(result's cells, map's cells)`, of the map's dtype.
        """
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Height and width of `size`, the rest as it was."""
        return (input_shape[0], *self.size, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {**super().get_config(), "size": self.size}
