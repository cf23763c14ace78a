"""What average pooling of one, two and three axes does alike."""

from typing import Any

from keras import ops

from keras_padpos.layers.padded_pooling import PaddedPooling


class PaddedAveragePooling(PaddedPooling):
    """Mixin of `AveragePooling1D`, `AveragePooling2D`, `AveragePooling3D`."""

    @property
    def native(self) -> bool:
        """Not where the mode corrects: `"same"` leaves cells out already."""
        return super().native and not self.corrects

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Average; see `PaddedLayer.call`."""
        return ops.average_pool(
            inputs,
            self.pool_size,
            strides=self.strides,
            padding=padding,
            data_format=self.data_format,
        )
