"""Separable convolutions with a choice of border."""

from typing import Any

import keras
from keras import ops

from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers._padded_layer import padded_layer


class _SeparableConvolution(PaddedLayer):
    """Mixin of `SeparableConv1D` and `SeparableConv2D`.

    The window is the depthwise step alone, so that a mode corrects it before
    the pointwise step mixes channels.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        padding_mode: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding="valid",
            data_format=data_format,
            dilation_rate=dilation_rate,
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.set_padding(padding, padding_mode)

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


@padded_layer("`filters` channels")
class SeparableConv1D(_SeparableConvolution, keras.layers.SeparableConv1D):
    """`keras.layers.SeparableConv1D` with a `padding_mode`.

    The border is filled before the depthwise step; the pointwise one needs
    none. A mode that corrects, such as `partial`, corrects what the depthwise
    step gives.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 3), "float32")
    >>> layer = SeparableConv1D(4, 3, padding="same", padding_mode="replicate")
    >>> layer(x).shape == (1, 6, 4)
    True
    """


@padded_layer("`filters` channels")
class SeparableConv2D(_SeparableConvolution, keras.layers.SeparableConv2D):
    """`keras.layers.SeparableConv2D` with a `padding_mode`.

    The border is filled before the depthwise step; the pointwise one needs
    none. A mode that corrects, such as `partial`, corrects what the depthwise
    step gives.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 6, 3), "float32")
    >>> layer = SeparableConv2D(4, 3, padding="same", padding_mode="reflect")
    >>> layer(x).shape == (1, 6, 6, 4)
    True
    """
