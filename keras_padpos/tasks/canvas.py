"""A small picture somewhere on a larger canvas."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.published.canvas_facts import CIFAR_DEVIATION
from keras_padpos.published.canvas_facts import CIFAR_MEAN
from keras_padpos.published.canvas_facts import FILLS
from keras_padpos.published.canvas_facts import canvas_colour

__all__ = ["CIFAR_DEVIATION", "CIFAR_MEAN", "FILLS", "Canvas"]


@keras.saving.register_keras_serializable("keras_padpos")
class Canvas(keras.layers.Layer):
    """Put each picture into one cell of a grid; the other cells are empty.

    It is called with a dict, of pictures in [0, 255] and of their cells, which
    count from 0 row by row; see `call`.

    The colour of the canvas is one of pixels, as are the pictures: what
    normalises them comes after. (In the code released with *Global Pooling* a
    canvas is filled with zeros after its pictures are normalised, which is
    the mean colour.)

    Example:

    >>> canvas = Canvas(3, "white")
    >>> whole = canvas(
    ...     {"picture": np.zeros((2, 8, 8, 3)), "cell": np.array([0, 5])}
    ... )
    >>> tuple(whole.shape)
    (2, 24, 24, 3)
    >>> [int(whole[1, row, column, 0]) for row, column in ((8, 15), (8, 16))]
    [255, 0]

    Args:
        grid: Cells in a row and in a column, k.
        fill: `"black"`, `"white"`, `"mean"` (CIFAR-10's), or red, green and
            blue in [0, 255].
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is none of these.

    Source:
        Islam et al., *Position, Padding and Predictions* (IJCV 2024); details
        of the released code of Islam et al., *Global Pooling* (ICCV 2021).
    """

    def __init__(
        self, grid: int, fill: str | Sequence[float] = "black", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(grid, bool) or not isinstance(grid, int) or grid < 1:
            raise InputError(
                f"`grid` must be an int of at least 1. Received: grid={grid!r}"
            )
        self.grid = grid
        colour = canvas_colour(fill)
        self.fill = fill if isinstance(fill, str) else colour
        self._colour = np.array(colour, "float32")

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Make the canvases.

        Args:
            inputs: `"picture"`, `(batch, height, width, 3)` in [0, 255], and
                `"cell"`, `(batch,)`, ints from 0, row by row; height and
                width are known. Outside the grid no picture is to be seen.

        Returns:
            `(batch, grid * height, grid * width, 3)` in [0, 255].
        """
        picture = ops.cast(inputs["picture"], self.compute_dtype)
        _, height, width, channels = picture.shape
        here = ops.one_hot(
            ops.cast(inputs["cell"], "int32"), self.grid**2, dtype="bool"
        )
        here = ops.reshape(here, (-1, self.grid, 1, self.grid, 1, 1))
        whole = ops.where(
            here,
            ops.reshape(picture, (-1, 1, height, 1, width, channels)),
            ops.cast(self._colour, self.compute_dtype),
        )
        return ops.reshape(
            whole, (-1, self.grid * height, self.grid * width, channels)
        )

    def compute_output_shape(
        self, input_shape: Mapping[str, tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        """Shape of the canvases; see `call`."""
        batch, height, width, channels = input_shape["picture"]
        return batch, self.grid * height, self.grid * width, channels

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "grid": self.grid, "fill": self.fill}
