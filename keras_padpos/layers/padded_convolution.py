"""What convolutions of one, two and three axes do alike."""

from typing import Any

from keras import ops

from keras_padpos.layers.padded_layer import PaddedLayer


class PaddedConvolution(PaddedLayer):
    """Mixin of `Conv1D`, `Conv2D` and `Conv3D`."""

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve; see `PaddedLayer.call`."""
        return ops.conv(
            inputs,
            self.kernel,
            strides=list(self.strides),
            padding=padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
