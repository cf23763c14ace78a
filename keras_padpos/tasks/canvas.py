"""A small picture somewhere on a larger canvas."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

CIFAR_MEAN = (0.4914 * 255, 0.4822 * 255, 0.4465 * 255)
"""Mean red, green and blue of CIFAR-10's training pictures, in [0, 255]."""

CIFAR_DEVIATION = (0.2023 * 255, 0.1994 * 255, 0.2010 * 255)
"""Their standard deviations as the papers' code has them, in [0, 255]."""

FILLS = {
    "black": (0.0, 0.0, 0.0),
    "white": (255.0, 255.0, 255.0),
    "mean": CIFAR_MEAN,
}
"""Colours of the canvas, before anything is normalised."""


@keras.saving.register_keras_serializable("keras_padpos")
class Canvas(keras.layers.Layer):
    """Put each picture into one cell of a grid; the other cells are empty.

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
        if not isinstance(grid, int) or grid < 1:
            raise ValueError(
                f"`grid` must be an int of at least 1. Received: grid={grid!r}"
            )
        self.grid = grid
        self.fill = fill if isinstance(fill, str) else tuple(map(float, fill))
        self._colour = np.array(_colour(fill), "float32")

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Make the canvases.

        Args:
            inputs: `"picture"`, `(batch, height, width, 3)` in [0, 255], and
                `"cell"`, `(batch,)`, ints from 0, row by row.

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


def _colour(fill):
    if isinstance(fill, str) and fill in FILLS:
        return FILLS[fill]
    if not isinstance(fill, str) and np.shape(fill) == (3,):
        colour = np.asarray(fill, "float64")
        if ((colour >= 0) & (colour <= 255)).all():
            return tuple(colour)
    raise ValueError(
        f"`fill` must be one of {', '.join(FILLS)}, or red, green and blue in "
        f"[0, 255]. Received: fill={fill!r}"
    )
