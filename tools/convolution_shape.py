"""The convolutions of whole networks, as shapes to measure."""

import collections
import dataclasses
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.padding import Geometry

_NETWORKS = {
    "vgg16": "VGG16",
    "resnet50": "ResNet50",
    "mobilenetv2": "MobileNetV2",
}


@dataclasses.dataclass(frozen=True)
class ConvolutionShape:
    """One convolution that pads: what it is and what goes in.

    Attributes:
        size: Height and width of the input, before any padding.
        channels: Channels of the input.
        filters: Channels of the output; `None` for a depthwise convolution,
            which has one filter a channel.
        kernel_size: Height and width of the kernel.
        strides: Steps along height and width.
        use_bias: Whether it adds a bias.
    """

    size: tuple[int, int]
    channels: int
    filters: int | None
    kernel_size: tuple[int, int]
    strides: tuple[int, int]
    use_bias: bool

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is convolved by itself."""
        return self.filters is None

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Cells that `"same"` adds, one pair an axis."""
        return Geometry("same", rank=2).pads(
            self.size, self.kernel_size, self.strides, (1, 1)
        )

    def layer(self, family: Any, **arguments: Any) -> Any:
        """Make the layer with geometry `"same"`.

        Args:
            family: The module to take `Conv2D` or `DepthwiseConv2D` from:
                `keras.layers`, or `keras_padpos.layers`.
            **arguments: Further arguments, such as `padding_mode`.

        Returns:
            The layer, built for channels-last input.
        """
        arguments.update(
            kernel_size=self.kernel_size,
            strides=self.strides,
            padding="same",
            use_bias=self.use_bias,
            data_format="channels_last",
        )
        if self.is_depthwise:
            layer = family.DepthwiseConv2D(**arguments)
        else:
            layer = family.Conv2D(self.filters, **arguments)
        layer.build((None, *self.size, self.channels))
        return layer

    def __str__(self) -> str:
        height, width = self.size
        rows, columns = self.kernel_size
        stride = self.strides[0]
        return (
            f"{height}x{width}x{self.channels} "
            + ("depthwise " if self.is_depthwise else "")
            + f"{rows}x{columns}"
            + (f"/{stride}" if stride > 1 else "")
            + ("" if self.is_depthwise else f" -> {self.filters}")
        )


def convolution_shapes(
    network: str, image_size: int = 224
) -> dict[ConvolutionShape, int]:
    """Find the padding convolutions of a network of `keras.applications`.

    They are the convolutions with a kernel of more than one cell that pad:
    with `padding="same"`, or after a `ZeroPadding2D`. The latter count with
    the size before that layer and are measured with geometry `"same"` too.
    (MobileNetV2's add exactly the cells of `"same"`; the first convolution of
    ResNet50 adds 3 on every side, `"same"` 2 and 3.)

    Example:

    >>> shapes = convolution_shapes("vgg16")
    >>> print(next(iter(shapes)), sum(shapes.values()))
    224x224x3 3x3 -> 64 13

    Args:
        network: `"vgg16"`, `"resnet50"` or `"mobilenetv2"`.
        image_size: Height and width of the network's input.

    Returns:
        Unique shapes in the order of the network, and how often each occurs.

    Raises:
        ValueError: If the network is not known.
    """
    if network not in _NETWORKS:
        raise InputError(
            f"`network` must be one of {', '.join(_NETWORKS)}. "
            f"Received: network={network!r}"
        )
    if keras.config.image_data_format() == "channels_first":
        input_shape = (3, image_size, image_size)
    else:
        input_shape = (image_size, image_size, 3)
    model = getattr(keras.applications, _NETWORKS[network])(
        weights=None, include_top=False, input_shape=input_shape
    )
    padders = {
        id(layer.output): layer
        for layer in model.layers
        if isinstance(layer, keras.layers.ZeroPadding2D)
    }
    shapes = collections.Counter()
    for layer in model.layers:
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        if not depthwise and not isinstance(layer, keras.layers.Conv2D):
            continue
        padder = padders.get(id(layer.input))
        pads = layer.padding == "same" or padder is not None
        if not pads or max(layer.kernel_size) == 1:
            continue
        shape = list((padder or layer).input.shape[1:])
        channels = shape.pop(0 if layer.data_format == "channels_first" else -1)
        shapes[
            ConvolutionShape(
                size=tuple(shape),
                channels=channels,
                filters=None if depthwise else layer.filters,
                kernel_size=tuple(layer.kernel_size),
                strides=tuple(layer.strides),
                use_bias=layer.use_bias,
            )
        ] += 1
    return dict(shapes)
