"""Keras layers with a `padding_mode`."""

from keras_padpos.layers.conv_2d import Conv2D
from keras_padpos.layers.depthwise_conv_2d import DepthwiseConv2D
from keras_padpos.layers.padding_2d import Padding2D

__all__ = ["Conv2D", "DepthwiseConv2D", "Padding2D"]
