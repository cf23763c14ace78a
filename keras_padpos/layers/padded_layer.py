"""What every layer with a `padding_mode` does alike."""

from typing import Any

from keras import ops

from keras_padpos import padding as modes
from keras_padpos.errors import InputError
from keras_padpos.layers.replica_seed_generator import ReplicaSeedGenerator
from keras_padpos.padding import Geometry
from keras_padpos.padding import PaddingMode


class PaddedLayer:
    """Mixin that gives a windowed Keras layer a geometry and a padding mode.

    It stands before the Keras layer among the bases. The subclass passes
    `padding="valid"` to that layer, then calls `set_padding`, and implements
    `run_window`.
    """

    def set_padding(self, padding: Any, padding_mode: Any) -> None:
        """Resolve both arguments; see `Geometry` and `padding.get`."""
        self.geometry = Geometry(padding, self.rank)
        self.padding = self.geometry.identifier
        self.padding_mode = modes.get(padding_mode)
        self.seed_generator = (
            ReplicaSeedGenerator(self.padding_mode.seed)
            if self.padding_mode.random
            else None
        )

    @property
    def where(self) -> str:
        """The layer as error messages name it."""
        return f"Layer {self.name!r} ({type(self).__name__})"

    @property
    def native(self) -> bool:
        """Whether the framework itself adds these cells with these values."""
        return self.geometry.name == "same" and self.padding_mode.native

    @property
    def corrects(self) -> bool:
        """Whether the mode corrects what the window gives."""
        return type(self.padding_mode).correct is not PaddingMode.correct

    def window(self) -> tuple[tuple[int, ...], ...]:
        """Kernel size, strides and dilation, one int an axis each."""
        return self.kernel_size, self.strides, self.dilation_rate

    def output_channels(self, input_channels: int | None) -> int | None:
        """Number of channels that come out."""
        return self.filters

    def spatial(self, shape: Any) -> tuple[Any, ...]:
        """The spatial entries of a shape in the layer's data format."""
        return tuple(shape[self.first_axis : self.first_axis + self.rank])

    def build(self, input_shape: Any) -> None:
        """Build the Keras layer after a look at the mode's reach."""
        if len(input_shape) != self.rank + 2:
            raise InputError(
                f"{self.where}: the input must have {self.rank + 2} axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.check_reach(self.spatial(input_shape))
        super().build(input_shape)

    def check_reach(self, sizes: tuple[int | None, ...]) -> None:
        """Raise if the mode cannot fill the pads beside these sizes."""
        known = [size or 1 for size in sizes]
        self.padding_mode.check_reach(
            sizes, self.geometry.pads(known, *self.window()), self.where
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Pad, run the window, correct, add the bias, activate."""
        sizes = self.sizes(inputs)
        pads = self.geometry.pads(sizes, *self.window())
        padded, padding = self.pad_inputs(inputs, pads, training)
        outputs = self.run_window(padded, padding)
        return self.finish(self.correct(outputs, sizes, pads))

    def correct(self, outputs: Any, sizes: Any, pads: Any) -> Any:
        """Let the mode correct what the window gave, before the bias.

        Args:
            outputs: Tensor in the layer's data format.
            sizes: Spatial sizes of the unpadded input.
            pads: One pair `(before, after)` a spatial axis.

        Returns:
            Tensor of the same shape.
        """
        positions = self.spatial(ops.shape(outputs))
        return self.padding_mode.correct(
            outputs,
            [
                (kernel, size, stride, dilation, before, count)
                for size, kernel, stride, dilation, (before, _), count in zip(
                    sizes, *self.window(), pads, positions, strict=True
                )
            ],
            self.first_axis,
        )

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Run the window over padded inputs: no bias, no activation."""
        raise NotImplementedError

    @property
    def first_axis(self) -> int:
        """The first spatial axis in the layer's data format."""
        return 1 if self.data_format == "channels_last" else 2

    def sizes(self, inputs: Any) -> tuple[Any, ...]:
        """Spatial sizes: ints where known, scalar tensors elsewhere."""
        return tuple(
            dynamic if static is None else static
            for static, dynamic in zip(
                self.spatial(inputs.shape),
                self.spatial(ops.shape(inputs)),
                strict=True,
            )
        )

    def pad_inputs(
        self, inputs: Any, pads: Any, training: bool | None = None
    ) -> tuple[Any, str]:
        """Add the frame.

        Args:
            inputs: Tensor in the layer's data format.
            pads: One pair `(before, after)` a spatial axis.
            training: Whether the network is being trained.

        Returns:
            The tensor over which to run the window, and the `padding` to
            run it with: `"same"` where the framework pads that way itself.
        """
        if self.geometry.is_valid:
            return inputs, "valid"
        if self.native:
            return inputs, "same"
        self.check_reach(self.spatial(inputs.shape))
        width = self.every_axis(pads)
        return self.add_frame(inputs, width, bool(training)), "valid"

    def every_axis(self, pads: Any) -> list[tuple[Any, Any]]:
        """Spatial pads among those of batch and channels, which get none."""
        width = [(0, 0)] * (self.rank + 2)
        width[self.first_axis : self.first_axis + self.rank] = pads
        return width

    def add_frame(self, inputs: Any, width: Any, training: bool) -> Any:
        """Let the mode fill the frame.

        Args:
            inputs: Tensor in the layer's data format.
            width: One pair `(before, after)` for every axis.
            training: Whether the network is being trained.

        Returns:
            The larger tensor.
        """
        return self.padding_mode.pad(
            inputs,
            width,
            seed=self.seed_generator,
            training=training,
            axes=range(self.first_axis, self.first_axis + self.rank),
        )

    def finish(self, outputs: Any) -> Any:
        """Add the bias and activate, as the Keras layers do."""
        if self.use_bias:
            shape = (
                (-1,)
                if self.data_format == "channels_last"
                else (-1,) + (1,) * self.rank
            )
            outputs = ops.add(outputs, ops.reshape(self.bias, shape))
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Shape of the output; unknown sizes stay `None`."""
        sizes = self.spatial(input_shape)
        outputs = self.geometry.output_sizes(sizes, *self.window())
        if any(size is not None and size <= 0 for size in outputs):
            raise InputError(
                f"{self.where}: the window is larger than the padded input. "
                "Received: "
                f"input_shape={tuple(input_shape)}, padding={self.padding!r}"
            )
        if self.data_format == "channels_last":
            channels = self.output_channels(input_shape[-1])
            return (input_shape[0], *outputs, channels)
        channels = self.output_channels(input_shape[1])
        return (input_shape[0], channels, *outputs)

    def get_config(self) -> dict[str, Any]:
        """The Keras layer's configuration and the padding mode."""
        return {
            **super().get_config(),
            "padding": self.padding,
            "padding_mode": modes.serialize(self.padding_mode),
        }


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
