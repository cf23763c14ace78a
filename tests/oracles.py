"""Independent answers that tests compare with."""

import math

import keras
import numpy as np

NUMPY_MODES = {
    "zeros": "constant",
    "constant": "constant",
    "reflect": "reflect",
    "symmetric": "symmetric",
    "replicate": "edge",
    "circular": "wrap",
}
"""Our modes that `numpy.pad` knows, and what it calls them."""


def same_pads(size, kernel, stride, dilation):
    """TensorFlow's SAME, from its definition by the number of outputs."""
    outputs = math.ceil(size / stride)
    needed = (outputs - 1) * stride + (kernel - 1) * dilation + 1
    total = max(needed - size, 0)
    return total // 2, total - total // 2


def numpy_pad(array, pad_width, mode, value=0.0):
    """`numpy.pad` under our mode's name."""
    extra = {"constant_values": value} if mode == "constant" else {}
    return np.pad(array, pad_width, mode=NUMPY_MODES[mode], **extra)


def gradient(function, x, upstream):
    """d sum(function(x) * upstream) / dx on the backend in use."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(function(x) * upstream)
        result = tape.gradient(total, x)
    elif backend == "jax":
        import jax

        result = jax.grad(lambda t: (function(t) * upstream).sum())(x)
    else:
        import torch

        x = torch.tensor(x, requires_grad=True)
        (function(x) * torch.as_tensor(upstream)).sum().backward()
        result = x.grad
    return keras.ops.convert_to_numpy(result)


def linear_map(function, shape):
    """The matrix of a linear function: its values on unit pictures.

    Args:
        function: Takes and gives tensors, batch first.
        shape: Shape of one input, without the batch.

    Returns:
        Array (cells of the output, cells of the input).
    """
    cells = math.prod(shape)
    units = np.eye(cells, dtype="float32").reshape(cells, *shape)
    columns = keras.ops.convert_to_numpy(function(units))
    return columns.reshape(cells, -1).T


class Truncating(int):
    """An integer whose `//` and `%` round towards zero, as ONNX's do."""

    def __mod__(self, other):
        return Truncating(math.fmod(self, other))

    def __floordiv__(self, other):
        return Truncating(int(self) / int(other))

    def __add__(self, other):
        return Truncating(int(self) + int(other))

    def __sub__(self, other):
        return Truncating(int(self) - int(other))

    def __rsub__(self, other):
        return Truncating(int(other) - int(self))

    def __mul__(self, other):
        return Truncating(int(self) * int(other))

    def __rfloordiv__(self, other):
        return Truncating(other) // self

    def __neg__(self):
        return Truncating(-int(self))

    def __abs__(self):
        return Truncating(abs(int(self)))

    __radd__ = __add__
    __rmul__ = __mul__
