"""How a network's loss changes with its pictures, on every backend."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

Loss = Callable[[Any, Any], Any]
Gradient = Callable[[Any, Any], tuple[Any, Any]]


def input_gradient(model: keras.Model, loss: Loss) -> Gradient:
    """What computes losses and their gradients with respect to pictures.

    The network is used as at inference, and its weights as they are when the
    gradient is asked for.

    Example:

    >>> import numpy as np
    >>> inputs = keras.Input((2,))
    >>> model = keras.Model(inputs, inputs**2)
    >>> gradient = input_gradient(
    ...     model, lambda labels, outputs: ops.sum(outputs, axis=-1) - labels
    ... )
    >>> losses, slopes = gradient([[1.0, 3.0]], np.array([4], "float32"))
    >>> [ops.convert_to_numpy(each).tolist() for each in (losses, slopes)]
    [[6.0], [[2.0, 6.0]]]

    Args:
        model: With one input.
        loss: From labels and the model's outputs to a loss for each example,
            `(batch,)`.

    Returns:
        From inputs and labels to losses, `(batch,)`, and gradients, of the
        inputs' shape: each example's, of its own loss. float32, on the device.
    """
    backend = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    computed = backend[keras.backend.backend()](model, loss)

    def gradient(inputs, labels):
        return computed(
            ops.convert_to_tensor(inputs, dtype="float32"),
            ops.convert_to_tensor(labels),
        )

    return gradient


def _tensorflow(model, loss):
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def gradient(inputs, labels):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            losses = loss(labels, model(inputs, training=False))
        return losses, tape.gradient(losses, inputs)

    return gradient


def _jax(model, loss):
    import jax

    def total(inputs, labels, trainable, others):
        outputs, _ = model.stateless_call(
            trainable, others, inputs, training=False
        )
        losses = loss(labels, outputs)
        return losses.sum(), losses

    slopes = jax.jit(jax.grad(total, has_aux=True))

    def gradient(inputs, labels):
        # As arguments: what a compiled function finds elsewhere is constant.
        found, losses = slopes(
            inputs,
            labels,
            [each.value for each in model.trainable_variables],
            [each.value for each in model.non_trainable_variables],
        )
        return losses, found

    return gradient


def _torch(model, loss):
    import torch

    def gradient(inputs, labels):
        inputs = inputs.detach().requires_grad_()
        with torch.enable_grad():
            losses = loss(labels, model(inputs, training=False))
            (found,) = torch.autograd.grad(losses.sum(), inputs)
        return losses.detach(), found

    return gradient
