"""Keras layers with a `padding_mode`."""

# Those without a `padding_mode` are here because models are saved with them.
from keras_padpos.layers.align_maps import AlignMaps as AlignMaps
from keras_padpos.layers.area_resizing import AreaResizing as AreaResizing
from keras_padpos.layers.conv_lstms import ConvLSTM1D
from keras_padpos.layers.conv_lstms import ConvLSTM2D
from keras_padpos.layers.conv_lstms import ConvLSTM3D
from keras_padpos.layers.conv_transposes import Conv1DTranspose
from keras_padpos.layers.conv_transposes import Conv2DTranspose
from keras_padpos.layers.conv_transposes import Conv3DTranspose
from keras_padpos.layers.converted_layer import ConvertedLayer as ConvertedLayer
from keras_padpos.layers.convolutions import Conv1D
from keras_padpos.layers.convolutions import Conv2D
from keras_padpos.layers.convolutions import Conv3D
from keras_padpos.layers.depthwise_convolutions import DepthwiseConv1D
from keras_padpos.layers.depthwise_convolutions import DepthwiseConv2D
from keras_padpos.layers.downsampling import BlurPool2D as BlurPool2D
from keras_padpos.layers.downsampling import (
    PolyphaseSampling2D as PolyphaseSampling2D,
)
from keras_padpos.layers.enlarge_to_places import (
    EnlargeToPlaces as EnlargeToPlaces,
)
from keras_padpos.layers.padding_layers import Padding1D
from keras_padpos.layers.padding_layers import Padding2D
from keras_padpos.layers.padding_layers import Padding3D
from keras_padpos.layers.pooling import AveragePooling1D
from keras_padpos.layers.pooling import AveragePooling2D
from keras_padpos.layers.pooling import AveragePooling3D
from keras_padpos.layers.pooling import MaxPooling1D
from keras_padpos.layers.pooling import MaxPooling2D
from keras_padpos.layers.pooling import MaxPooling3D
from keras_padpos.layers.resampling import Resizing
from keras_padpos.layers.resampling import UpSampling2D
from keras_padpos.layers.resize_to_match import ResizeToMatch as ResizeToMatch
from keras_padpos.layers.separable_convolutions import SeparableConv1D
from keras_padpos.layers.separable_convolutions import SeparableConv2D

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Padding1D",
    "Padding2D",
    "Padding3D",
    "Resizing",
    "SeparableConv1D",
    "SeparableConv2D",
    "UpSampling2D",
]
