"""A small picture in one cell of a larger canvas."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.published.canvas_facts import BACKGROUND
from keras_padpos.published.canvas_facts import canvas_colour


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
        self, input_shape: Mapping[str, tuple[int | None, int, int, int]]
    ) -> tuple[int | None, ...]:
        """Shape of the canvases; see `call`."""
        batch, height, width, channels = input_shape["picture"]
        return batch, self.grid * height, self.grid * width, channels

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "grid": self.grid, "fill": self.fill}


def canvas_labels(
    labels: np.ndarray,
    cells: np.ndarray,
    grid: int,
    size: int = 32,
    background: int = BACKGROUND,
) -> np.ndarray:
    """The class of each pixel: the picture's in its cell, else the background.

    Example:

    >>> canvas_labels(np.array([7]), np.array([1]), grid=2, size=1)
    array([[[10,  7],
            [10, 10]]], dtype=uint8)

    Args:
        labels: `(batch,)`, classes of the pictures.
        cells: `(batch,)`, their cells, from 0, row by row.
        grid: Cells in a row and in a column.
        size: Pixels in a row of a cell.
        background: Class of the empty cells.

    Returns:
        `(batch, grid * size, grid * size)`, uint8.

    Raises:
        ValueError: If a cell lies outside the grid.
    """
    labels, cells = np.asarray(labels), np.asarray(cells)
    if len(cells) and not 0 <= cells.min() <= cells.max() < grid**2:
        raise InputError(
            f"`cells` must be from 0 to {grid**2 - 1}. Received: "
            f"{cells.min()} to {cells.max()}"
        )
    coarse = np.full((len(labels), grid * grid), background, "uint8")
    coarse[np.arange(len(labels)), cells] = labels
    maps = coarse.reshape(-1, grid, grid)
    return maps.repeat(size, axis=1).repeat(size, axis=2)


def check_labels(labels: np.ndarray) -> None:
    """Raise unless all labels are classes of pictures, from 0 to 9."""
    labels = np.asarray(labels)
    if len(labels) and not 0 <= labels.min() <= labels.max() < BACKGROUND:
        raise InputError(
            f"`labels` must be from 0 to {BACKGROUND - 1}. Received: "
            f"{labels.min()} to {labels.max()}"
        )
