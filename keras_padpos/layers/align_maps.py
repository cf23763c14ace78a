"""Maps cut to what all of them have."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError


@keras.saving.register_keras_serializable(package="keras_padpos")
class AlignMaps(keras.layers.Layer):
    """Crops several maps to the part of the grid that all of them have.

    Where padding is taken out of a network with branches, the maps that meet
    are of different sizes: a branch with more windows loses more cells. Each
    map loses `starts` cells in front, and at the end what is longer than the
    shortest of them. Sizes may be unknown until the model runs.

    Example:

    >>> import numpy as np
    >>> one, other = np.zeros((1, 7, 7, 3)), np.zeros((1, 5, 5, 2))
    >>> maps = AlignMaps([(1, 1), (0, 0)])([one, other])
    >>> [tuple(each.shape) for each in maps]
    [(1, 5, 5, 3), (1, 5, 5, 2)]

    Args:
        starts: For each map the cells to cut off in front, one number a
            spatial axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Input shape:
        A list of tensors of one rank.

    Output shape:
        The list with cropped spatial axes.

    Raises:
        ValueError: When it is built, if it is not called on as many maps as
            there are `starts`, or on maps of other ranks.
    """

    def __init__(
        self,
        starts: Sequence[Sequence[int]],
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.starts = tuple(tuple(start) for start in starts)
        self.data_format = data_format

    def build(self, input_shape: Sequence[Any]) -> None:
        """Check what it is called on; there are no weights."""
        rank = len(self.starts[0]) + 2
        if len(input_shape) != len(self.starts) or any(
            not isinstance(shape, (list, tuple)) or len(shape) != rank
            for shape in input_shape
        ):
            raise InputError(
                f"Layer {self.name!r} (AlignMaps): `inputs` must be "
                f"{len(self.starts)} maps of {rank} axes, as `starts` says. "
                f"Received: input_shape={input_shape}"
            )

    def call(self, inputs: Sequence[Any]) -> list[Any]:
        """Crop; see the class."""
        shapes = [self._spatial(ops.shape(each)) for each in inputs]
        common = []
        for axis in range(len(self.starts[0])):
            left = [
                shape[axis] - start[axis]
                for shape, start in zip(shapes, self.starts, strict=True)
            ]
            static = all(isinstance(size, int) for size in left)
            common.append(min(left) if static else ops.min(ops.stack(left)))
        outputs = []
        for each, start in zip(inputs, self.starts, strict=True):
            window = [slice(None)] * len(each.shape)
            first = self._first_axis
            for axis, (begin, size) in enumerate(
                zip(start, common, strict=True), start=first
            ):
                window[axis] = slice(begin, begin + size)
            outputs.append(each[tuple(window)])
        return outputs

    def compute_output_shape(
        self, input_shape: Sequence[Any]
    ) -> list[tuple[int | None, ...]]:
        """Shapes after the crop; a size that one map leaves open is open."""
        sizes = []
        for axis in range(len(self.starts[0])):
            left = [
                None if size is None else size - start[axis]
                for size, start in zip(
                    [self._spatial(shape)[axis] for shape in input_shape],
                    self.starts,
                    strict=True,
                )
            ]
            lengths = [size for size in left if size is not None]
            sizes.append(min(lengths) if len(lengths) == len(left) else None)
        first = self._first_axis
        return [
            (*shape[:first], *sizes, *shape[first + len(sizes) :])
            for shape in input_shape
        ]

    def get_config(self) -> dict[str, Any]:
        """Keyword arguments that make an equal layer."""
        return {
            **super().get_config(),
            "starts": self.starts,
            "data_format": self.data_format,
        }

    @property
    def _first_axis(self):
        return 1 if self.data_format == "channels_last" else 2

    def _spatial(self, shape):
        first = self._first_axis
        return shape[first : first + len(self.starts[0])]
