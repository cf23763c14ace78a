"""What depthwise convolutions of one and two axes do alike."""

from typing import Any

from keras import ops

from keras_padpos.layers.padded_layer import PaddedLayer


class PaddedDepthwiseConvolution(PaddedLayer):
    """Mixin of `DepthwiseConv1D` and `DepthwiseConv2D`."""

    def output_channels(self, input_channels: int | None) -> int | None:
        """`depth_multiplier` for each channel that goes in."""
        return self.depth_multiplier * input_channels

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve each channel by itself; see `PaddedLayer.call`."""
        return ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
