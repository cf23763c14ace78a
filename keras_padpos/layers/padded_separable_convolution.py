"""What separable convolutions of one and two axes do alike."""

from typing import Any

from keras import ops

from keras_padpos.layers.padded_layer import PaddedLayer


class PaddedSeparableConvolution(PaddedLayer):
    """Mixin of `SeparableConv1D` and `SeparableConv2D`.

    The window is the depthwise step alone, so that a mode corrects it before
    the pointwise step mixes channels.
    """

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve each channel by itself; see `PaddedLayer.call`."""
        return ops.depthwise_conv(
            inputs,
            self.depthwise_kernel,
            strides=self.strides,
            padding=padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )

    def finish(self, outputs: Any) -> Any:
        """Mix the channels, add the bias, activate."""
        outputs = ops.conv(
            outputs,
            self.pointwise_kernel,
            padding="valid",
            data_format=self.data_format,
        )
        return super().finish(outputs)
