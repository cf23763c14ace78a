"""What pooling layers do alike."""

from typing import Any

from keras_padpos.layers.padded_layer import PaddedLayer


class PaddedPooling(PaddedLayer):
    """Base of the mixins of maximum and average pooling.

    A subclass implements `run_window`.
    """

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.pool_size)

    def window(self) -> tuple[tuple[int, ...], ...]:
        """Pool size and strides; taps are neighbours."""
        return self.pool_size, self.strides, (1,) * self.rank

    def output_channels(self, input_channels: int | None) -> int | None:
        """As many as went in."""
        return input_channels

    def finish(self, outputs: Any) -> Any:
        """Neither bias nor activation."""
        return outputs
