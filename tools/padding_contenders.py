"""Stock and padded convolutions as functions to time, on every backend."""

import functools
import importlib.util
import inspect
import os
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos import layers
from keras_padpos.errors import InputError
from tools.convolution_shape import ConvolutionShape

PASSES = ("forward", "gradient")
STOCK = "stock"
TORCH_MODES = ("zeros", "reflect", "replicate", "circular")


class PaddingContenders:
    """One convolution with every border, ready to be timed.

    All layers share one kernel, one input and one upstream gradient, made
    once. On TensorFlow a contender is a `tf.function`, on JAX it is jitted,
    on PyTorch it runs eagerly; it returns once the result is there.

    Example:

    >>> shape = ConvolutionShape((8, 8), 3, 4, (3, 3), (1, 1), True)
    >>> contenders = PaddingContenders(shape, 2, ["reflect"])
    >>> sorted(contenders.functions("forward"))
    ['reflect', 'stock']

    Args:
        shape: The convolution.
        batch_size: Pictures that go in together.
        modes: Names of padding modes.
        seed: Seed of input and weights.
        jit_compile: Whether TensorFlow compiles with XLA; JAX always does.

    Raises:
        ValueError: If a mode is not known or cannot fill the frame.
    """

    def __init__(
        self,
        shape: ConvolutionShape,
        batch_size: int,
        modes: Sequence[str],
        seed: int = 0,
        jit_compile: bool = False,
    ) -> None:
        self.jit_compile = jit_compile
        self.layers = {STOCK: shape.layer(keras.layers)}
        for mode in modes:
            self.layers[mode] = shape.layer(layers, padding_mode=mode)
        stock = self.layers[STOCK]
        for layer in self.layers.values():
            for weight, stock_weight in zip(
                layer.trainable_variables,
                stock.trainable_variables,
                strict=True,
            ):
                weight.assign(stock_weight)
        rng = np.random.default_rng(seed)
        input_shape = (batch_size, *shape.size, shape.channels)
        self.inputs = _random(rng, input_shape, stock)
        self.upstream = _random(
            rng, stock.compute_output_shape(input_shape), stock
        )

    def functions(self, pass_name: str) -> dict[str, Callable[[], Any]]:
        """Functions to time.

        Args:
            pass_name: `"forward"`, or `"gradient"` for forward and the
                gradients of input and kernel.

        Returns:
            From `"stock"` and from each mode to a function without arguments.
        """
        make = {
            "tensorflow": self._tensorflow,
            "jax": self._jax,
            "torch": self._torch,
        }.get(keras.backend.backend())
        if make is None:
            raise InputError(
                "The benchmark knows the backends tensorflow, jax and torch. "
                f"Received: backend={keras.backend.backend()!r}"
            )
        return {
            name: make(layer, pass_name == "gradient")
            for name, layer in self.layers.items()
        }

    def _tensorflow(self, layer, gradient):
        import tensorflow as tf

        mode = _training(layer, gradient)

        def forward(inputs, upstream):
            return layer(inputs, **mode)

        def forward_and_gradient(inputs, upstream):
            kernel = layer.kernel.value
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([inputs, kernel])
                outputs = forward(inputs, upstream)
            return tape.gradient(outputs, [inputs, kernel], upstream)

        function = tf.function(
            forward_and_gradient if gradient else forward,
            jit_compile=self.jit_compile,
            autograph=False,
        )
        # A CPU is done when the function returns; a GPU is not.
        waits = bool(tf.config.list_physical_devices("GPU"))

        def run():
            result = function(self.inputs, self.upstream)
            if waits:
                tf.test.experimental.sync_devices()
            return result

        return run

    def _jax(self, layer, gradient):
        import jax

        mode = _training(layer, gradient)
        kernel, *others = [v.value for v in layer.trainable_variables]
        state = [v.value for v in layer.non_trainable_variables]

        def forward(inputs, kernel, others, state):
            return layer.stateless_call(
                [kernel, *others], state, inputs, **mode
            )[0]

        def forward_and_gradient(inputs, kernel, others, state, upstream):
            _, pull = jax.vjp(
                lambda inputs, kernel: forward(inputs, kernel, others, state),
                inputs,
                kernel,
            )
            return pull(upstream)

        arguments = [self.inputs, kernel, others, state]
        if gradient:
            function = jax.jit(forward_and_gradient)
            arguments.append(self.upstream)
        else:
            function = jax.jit(forward)
        return lambda: jax.block_until_ready(function(*arguments))

    def _torch(self, layer, gradient):
        kernel = layer.kernel.value
        return _torch_function(
            functools.partial(layer, **_training(layer, gradient)),
            kernel,
            self.inputs,
            self.upstream,
            gradient,
        )


def torch_functions(
    shape: ConvolutionShape, batch_size: int, pass_name: str, seed: int = 0
) -> dict[str, Callable[[], Any]]:
    """PyTorch's own layer with each of its `padding_mode`s.

    It pads with an int, `kernel // 2`, and works channels first, both as
    usual with PyTorch, on the CPU or GPU that Keras' backend works on.

    Args:
        shape: The convolution.
        batch_size: Pictures that go in together.
        pass_name: `"forward"` or `"gradient"`.
        seed: Seed of input and weights.

    Returns:
        From a name of PyTorch's to a function without arguments.
    """
    import torch

    device = _torch_device()
    generator = torch.Generator().manual_seed(seed)

    def random(*sizes):
        return torch.randn(*sizes, generator=generator).to(device)

    inputs = random(batch_size, shape.channels, *shape.size)
    functions, state, upstream = {}, None, None
    for mode in TORCH_MODES:
        layer = torch.nn.Conv2d(
            shape.channels,
            shape.filters or shape.channels,
            shape.kernel_size,
            stride=shape.strides,
            padding=tuple(size // 2 for size in shape.kernel_size),
            padding_mode=mode,
            groups=shape.channels if shape.is_depthwise else 1,
            bias=shape.use_bias,
        ).to(device)
        if state is None:
            state = layer.state_dict()
            with torch.no_grad():
                upstream = random(*layer(inputs).shape)
        layer.load_state_dict(state)
        functions[mode] = _torch_function(
            layer, layer.weight, inputs, upstream, pass_name == "gradient"
        )
    return functions


def share_threads() -> dict[str, int]:
    """Give PyTorch as many threads as the backend has, and count them.

    Returns:
        Number of threads of the backend and, where it is installed, of
        PyTorch.
    """
    backend = keras.backend.backend()
    count = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    if backend == "tensorflow":
        import tensorflow as tf

        # 0 says: one a core.
        chosen = tf.config.threading.get_intra_op_parallelism_threads()
        count = chosen or count
    threads = {backend: count}
    if torch_installed():
        import torch

        if backend != "torch":
            torch.set_num_threads(count)
        threads["torch"] = torch.get_num_threads()
    return threads


def torch_installed() -> bool:
    """Whether PyTorch can be compared with."""
    return importlib.util.find_spec("torch") is not None


def _training(layer, gradient):
    """Arguments of a call; Keras' own layers have no training mode."""
    has_mode = "training" in inspect.signature(layer.call).parameters
    return {"training": gradient} if has_mode else {}


def _torch_function(layer, kernel, inputs, upstream, gradient):
    import torch

    def forward():
        with torch.no_grad():
            return layer(inputs)

    if gradient:
        inputs = inputs.detach().requires_grad_()

    def forward_and_gradient():
        return torch.autograd.grad(layer(inputs), [inputs, kernel], upstream)

    function = forward_and_gradient if gradient else forward
    if inputs.device.type == "cpu":
        return function

    def run():
        result = function()
        torch.cuda.synchronize()
        return result

    return run


def _torch_device():
    import torch

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        accelerated = bool(tf.config.list_physical_devices("GPU"))
    elif backend == "jax":
        import jax

        accelerated = jax.default_backend() == "gpu"
    else:
        accelerated = True
    return "cuda" if accelerated and torch.cuda.is_available() else "cpu"


def _random(rng, shape, layer):
    values = rng.standard_normal(shape, dtype="float32")
    return keras.ops.convert_to_tensor(values, dtype=layer.compute_dtype)
