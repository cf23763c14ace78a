"""What every layer with a `padding_mode` does alike."""

import inspect
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING
from typing import Any

from keras import ops

from keras_padpos import padding as modes
from keras_padpos.errors import InputError
from keras_padpos.layers.replica_seed_generator import ReplicaSeedGenerator
from keras_padpos.padding import Geometry
from keras_padpos.padding import PaddingMode

if TYPE_CHECKING:
    from keras.layers import Layer as _KerasLayer
else:
    # The Keras layer comes after the mixin among the bases of each layer.
    _KerasLayer = object

# Whether a layer is made from the configuration of another.
_FROM_CONFIG = ContextVar("_FROM_CONFIG", default=False)


class ModeLayer(_KerasLayer):
    """Mixin of every layer that has a `padding_mode`."""

    padding_mode: PaddingMode
    _warned = False  # of a frame wider than the map

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        arguments = self._arguments(args, kwargs)
        padding_mode = arguments.pop("padding_mode")
        super().__init__(**arguments)
        self.set_mode(padding_mode)

    def set_mode(self, padding_mode: Any) -> None:
        """Resolve the mode; see `padding.get`."""
        raise NotImplementedError

    def _arguments(self, args, kwargs):
        """What the constructor got, by name, and `padding_mode` in any case."""
        signature = inspect.signature(type(self))
        *_, options = signature.parameters
        arguments = dict(signature.bind(*args, **kwargs).arguments)
        return {
            "padding_mode": signature.parameters["padding_mode"].default,
            **arguments.pop(options, {}),
            **arguments,
        }

    @property
    def where(self) -> str:
        """The layer as error messages name it."""
        return f"Layer {self.name!r} ({type(self).__name__})"

    def check_pads(self, sizes: tuple[int | None, ...], pads: Any) -> None:
        """Raise if the mode cannot fill pads; warn once if it repeats cells."""
        self.padding_mode.check_reach(sizes, pads, self.where)
        text = self.padding_mode.repeats(sizes, pads)
        if text and not self._warned:
            self._warned = True
            warnings.warn(f"{self.where}: {text}", stacklevel=2)

    def get_config(self) -> dict[str, Any]:
        """The Keras layer's configuration and the padding mode."""
        return {
            **super().get_config(),
            "padding_mode": modes.serialize(self.padding_mode),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make the layer, without a warning of what was warned of before."""
        token = _FROM_CONFIG.set(True)
        try:
            return super().from_config(config)
        finally:
            _FROM_CONFIG.reset(token)

    def __repr__(self) -> str:
        texts = [super().__repr__().removesuffix(">")]
        # An error may show a layer before it has all of its attributes.
        if isinstance(padding := getattr(self, "padding", None), (str, tuple)):
            texts.append(f"padding={padding!r}")
        if (mode := getattr(self, "padding_mode", None)) is not None:
            name = modes.serialize(mode)
            shown = name if isinstance(name, str) else mode
            texts.append(f"padding_mode={shown!r}")
        return f"{', '.join(texts)}>"


class PaddedLayer(ModeLayer):
    """Mixin that gives a windowed Keras layer a geometry and a padding mode.

    It stands before the Keras layer among the bases, which is made with
    `padding="valid"`. The subclass implements `run_window`.
    """

    no_output = "the window is larger than the padded input"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        arguments = self._arguments(args, kwargs)
        padding = arguments.get("padding", "valid")
        padding_mode = arguments.pop("padding_mode")
        # Of all mixins the Keras layer alone is left.
        super(ModeLayer, self).__init__(**{**arguments, "padding": "valid"})
        self.set_padding(padding, padding_mode)
        pads_nothing = self.geometry.name == "valid" and not _FROM_CONFIG.get()
        if pads_nothing and self.padding_mode != modes.get("zeros"):
            warnings.warn(
                f'{self.where}: `padding="valid"` adds no cells, so that '
                f'`padding_mode="{self.padding_mode.name}"` has no effect. '
                'Set `padding="same"`, or leave `padding_mode` out.',
                stacklevel=2,
            )

    def set_padding(self, padding: Any, padding_mode: Any) -> None:
        """Resolve both arguments; see `Geometry` and `padding.get`."""
        self.geometry = Geometry(padding, self.rank)
        self.padding = self.geometry.identifier
        self.padding_mode = modes.get(padding_mode, self.rank)
        self.padding_mode.check_rank(self.rank, self.where)
        self.seed_generator = (
            ReplicaSeedGenerator(self.padding_mode.seed)
            if self.padding_mode.random
            else None
        )

    @property
    def native(self) -> bool:
        """Whether the framework itself adds these cells with these values."""
        return self.geometry.name == "same" and self.padding_mode.native

    @property
    def frame_mode(self) -> PaddingMode:
        """What fills the frame: the padding mode."""
        return self.padding_mode

    @property
    def corrects(self) -> bool:
        """Whether the mode corrects what the window gives."""
        return self.frame_mode.corrects

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
        """Build the Keras layer after a look at the frame."""
        if len(input_shape) != self.rank + 2:
            raise InputError(
                f"{self.where}: the input must have {self.rank + 2} axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        self.check_reach(self.spatial(input_shape))
        super().build(input_shape)

    def check_reach(self, sizes: tuple[int | None, ...]) -> None:
        """Raise if the mode cannot fill the frame beside these sizes."""
        some_sizes = [size or 1 for size in sizes]
        self.check_pads(sizes, self.geometry.pads(some_sizes, *self.window()))

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
        return self.frame_mode.correct(
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

    @property
    def axes(self) -> range:
        """The spatial axes in the layer's data format."""
        return range(self.first_axis, self.first_axis + self.rank)

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
        return self.frame_mode.pad(
            inputs,
            width,
            seed=self.seed_generator,
            training=training,
            axes=self.axes,
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

    def output_sizes(self, sizes: tuple[int | None, ...]) -> tuple[Any, ...]:
        """Spatial sizes that come out; `None` stays `None`."""
        return self.geometry.output_sizes(sizes, *self.window())

    def checked_sizes(self, sizes: tuple[int | None, ...]) -> tuple[Any, ...]:
        """The same, and an error where nothing comes out."""
        outputs = self.output_sizes(sizes)
        if any(size is not None and size <= 0 for size in outputs):
            raise InputError(
                f"{self.where}: {self.no_output}. Received: "
                f"spatial sizes {tuple(sizes)}, padding={self.padding!r}"
            )
        return outputs

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Shape of the output; unknown sizes stay `None`."""
        outputs = self.checked_sizes(self.spatial(input_shape))
        if self.data_format == "channels_last":
            channels = self.output_channels(input_shape[-1])
            return (input_shape[0], *outputs, channels)
        channels = self.output_channels(input_shape[1])
        return (input_shape[0], channels, *outputs)

    def get_config(self) -> dict[str, Any]:
        """The Keras layer's configuration, geometry and padding mode."""
        return {**super().get_config(), "padding": self.padding}
