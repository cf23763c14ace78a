"""Channels in an order that says nothing."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_padpos")
class PermuteChannels(keras.layers.Layer):
    """Shuffle the channels anew at every call, while testing too.

    What comes after can use how large the channels are, but not which is
    which. While training, all of a batch are shuffled alike; otherwise each
    example is for itself, so that a score does not hang on a few orders.

    Example:

    >>> import numpy as np
    >>> shuffled = PermuteChannels(seed=0)(np.array([[1.0, 2, 3], [4, 5, 6]]))
    >>> np.sort(shuffled).tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]

    Args:
        seed: Seed of the orders; `None`: drawn.
        **kwargs: See `keras.layers.Layer`.

    Source:
        PermuteNet of Islam et al., *Global Pooling, More than Meets the Eye*
        (ICCV 2021).
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self._seeds = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Shuffle the last axis.

        Args:
            inputs: `(batch, channels)`.
            training: Whether all of the batch are shuffled alike.

        Returns:
            The same channels in another order.
        """
        batch, channels = ops.shape(inputs)
        drawn = keras.random.uniform(
            (1 if training else batch, channels), seed=self._seeds
        )
        order = ops.argsort(drawn, axis=-1)
        if training:
            return ops.take(inputs, order[0], axis=-1)
        return ops.take_along_axis(inputs, order, axis=-1)

    def compute_output_shape(
        self, input_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """That of what goes in."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "seed": self.seed}
