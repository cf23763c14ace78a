"""Squares cut out of the pictures a network is trained on."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_padpos.choices import CUTOUT_FILLS
from keras_padpos.errors import InputError
from keras_padpos.layers.replica_seed_generator import ReplicaSeedGenerator
from keras_padpos.published.canvas_facts import canvas_colour

RANDOM = "random"
"""The fill of `Cutout` that is noise."""


@keras.saving.register_keras_serializable("keras_padpos")
class Cutout(keras.layers.Layer):
    """Fill a square of each picture while training; otherwise do nothing.

    The square's centre is any pixel, each as likely, so that a square may
    stick out and show in part only: pixels at the border are hidden less
    often than others. With the colour that the network's own padding has (for
    zeros after normalisation, `"mean"`) squares look like more border.

    `keras.layers.RandomErasing` is another augmentation: its rectangles never
    stick out, their sides are shares of the picture's own sides (no squares
    where those differ), and its noise is half black, being normal and clipped.

    Example:

    >>> cutout = Cutout(4, "white", seed=0)
    >>> pictures = np.zeros((2, 8, 8, 3), "float32")
    >>> cut = cutout(pictures, training=True)
    >>> [int(ops.max(cut)), int(ops.max(cutout(pictures)))]
    [255, 0]

    Args:
        size: Side of the square: pixels (an int), or a share of the picture's
            smaller side (a float above 0 and up to 1), rounded, one pixel at
            least.
        fill: `"black"`, `"white"`, `"mean"` (CIFAR-10's), `"random"` (each
            value of each pixel uniform from 0 to 255), or red, green and blue
            in [0, 255].
        seed: Seed of places and noise; `None`: drawn.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: If an argument is none of these.

    Source:
        DeVries and Taylor, *Improved Regularization of Convolutional Neural
        Networks with Cutout* (2017), Sec. 3.2, who fill with the mean. Islam
        et al., *Position, Padding and Predictions* (IJCV 2024) fill with
        several colours.
    """

    def __init__(
        self,
        size: int | float = 0.5,
        fill: str | Sequence[float] = "mean",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        whole = isinstance(size, int) and not isinstance(size, bool)
        share = isinstance(size, float) and 0 < size <= 1
        if not share and not (whole and size >= 1):
            raise InputError(
                "`size` must be an int of 1 or more, in pixels, or a float "
                f"above 0 and up to 1, a share. Received: size={size!r}"
            )
        if isinstance(fill, str) and fill not in CUTOUT_FILLS:
            raise InputError(
                f"`fill` must be one of {', '.join(CUTOUT_FILLS)}, or red, "
                f"green and blue in [0, 255]. Received: fill={fill!r}"
            )
        self.size = size
        self.fill = fill if isinstance(fill, str) else tuple(map(float, fill))
        self.seed = seed
        self._colour = None
        if self.fill != RANDOM:
            self._colour = np.array(canvas_colour(self.fill), "float32")
        self._seeds = ReplicaSeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Fill squares.

        Args:
            inputs: `(batch, height, width, 3)` in [0, 255].
            training: Whether to do anything.

        Returns:
            The same shape.
        """
        if not training:
            return ops.cast(inputs, self.compute_dtype)
        return self.filled(inputs, self.squares(*ops.shape(inputs)[:3]))

    def squares(self, batch: Any, height: Any, width: Any) -> Any:
        """Draw squares.

        Args:
            batch: How many.
            height: Rows of the pictures.
            width: Their columns.

        Returns:
            `(batch, height, width, 1)`, bool: the pixels that they hide.
        """
        size = self._pixels(height, width)
        inside = [
            self._inside(batch, length, size) for length in (height, width)
        ]
        return ops.logical_and(
            inside[0][:, :, None, None], inside[1][:, None, :, None]
        )

    def filled(self, inputs: Any, squares: Any) -> Any:
        """Fill squares.

        Args:
            inputs: `(batch, height, width, 3)` in [0, 255].
            squares: As `squares` draws them.

        Returns:
            The pictures' shape.
        """
        pictures = ops.cast(inputs, self.compute_dtype)
        return ops.where(squares, self._filling(pictures), pictures)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """That of what goes in."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "size": self.size,
            "fill": self.fill,
            "seed": self.seed,
        }

    def _pixels(self, height, width):
        if isinstance(self.size, int):
            return self.size
        smaller = ops.cast(ops.minimum(height, width), "float32")
        return ops.maximum(ops.cast(ops.round(smaller * self.size), "int32"), 1)

    def _inside(self, batch, length, size):
        """Which rows, or columns, the squares have."""
        centre = keras.random.randint((batch, 1), 0, length, seed=self._seeds)
        first = centre - size // 2
        place = ops.arange(length, dtype="int32")[None]
        return ops.logical_and(place >= first, place < first + size)

    def _filling(self, pictures):
        if self._colour is not None:
            return ops.cast(self._colour, pictures.dtype)
        return keras.random.uniform(
            ops.shape(pictures),
            0.0,
            255.0,
            dtype=self.compute_dtype,
            seed=self._seeds,
        )
