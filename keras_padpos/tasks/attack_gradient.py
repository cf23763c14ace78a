"""The loss that attacks increase, and its gradient."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_padpos.errors import InputError
from keras_padpos.metrics import VOID
from keras_padpos.training import seed_variables


def attack_loss(labels: Any, logits: Any) -> Any:
    """Cross-entropy of each picture, in nats; of masks the mean over pixels.

    Args:
        labels: `(batch,)`, classes from 0, or `(batch, height, width)`, where
            255 is void: such pixels do not count.
        logits: `(batch, classes)` or `(batch, height, width, classes)`; a
            single one is that of class 1 against class 0, as of `PixelLoss`.

    Returns:
        `(batch,)`, float32; 0 where all is void.
    """
    if len(logits.shape) != len(labels.shape) + 1 or len(logits.shape) not in (
        2,
        4,
    ):
        raise InputError(
            "`labels` must be (batch,) for logits (batch, classes), or "
            "(batch, height, width) for (batch, height, width, classes). "
            f"Received: {tuple(labels.shape)} for {tuple(logits.shape)}"
        )
    logits = ops.cast(logits, "float32")
    labels = ops.cast(labels, "int32")
    if len(labels.shape) == 1:
        return _cross_entropy(labels, logits)
    classified = labels != VOID
    losses = _cross_entropy(
        ops.where(classified, labels, 0),
        # 0 times the slope of what is no number is none.
        ops.where(classified[..., None], logits, 0.0),
    )
    counted = ops.cast(classified, "float32")
    return ops.sum(losses * counted, axis=(1, 2)) / ops.maximum(
        ops.sum(counted, axis=(1, 2)), 1.0
    )


def _cross_entropy(labels, logits):
    if logits.shape[-1] > 1:
        return ops.sparse_categorical_crossentropy(
            labels, logits, from_logits=True
        )
    # The softmax of one logit is always sure.
    return keras.losses.binary_crossentropy(
        ops.cast(labels[..., None], "float32"), logits, from_logits=True
    )


# Tried one after the other, until there is no overflow.
_HALF_SCALES = (2.0**15, 2.0**8, 1.0)

Loss = Callable[[Any, Any], Any]
Gradient = Callable[[Any, Any], tuple[Any, Any]]


def input_gradient(model: keras.Model, loss: Loss) -> Gradient:
    """What computes losses and their gradients with respect to pictures.

    The network is used as at inference, and its weights as they are when the
    gradient is asked for. Padding that draws noise at inference (`randn`)
    draws anew for each gradient, as whenever the network is called.

    Layers of half precision (float16) lose what is small: there each loss is
    multiplied by a power of two, as large as its gradient allows, and its
    gradient divided by it.

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
    scales = _HALF_SCALES if _is_half(model) else (1.0,)

    def scaled(labels, outputs, scale):
        losses = ops.cast(loss(labels, outputs), "float32")
        return losses, losses * scale

    computed = backend[keras.backend.backend()](model, scaled)

    def gradient(inputs, labels):
        inputs = ops.convert_to_tensor(inputs, dtype="float32")
        labels = ops.convert_to_tensor(labels)
        losses, slopes = divided(inputs, labels, scales[0])
        for scale in scales[1:]:
            wild = ops.any(
                ops.logical_not(ops.isfinite(slopes)),
                axis=tuple(range(1, len(slopes.shape))),
                keepdims=True,
            )
            if not bool(ops.any(wild)):
                break
            again = divided(inputs, labels, scale)[1]
            slopes = ops.where(wild, again, slopes)
        return losses, slopes

    def divided(inputs, labels, scale):
        scale = ops.convert_to_tensor(scale, dtype="float32")
        losses, slopes = computed(inputs, labels, scale)
        return losses, slopes / scale

    return gradient


def _is_half(layer):
    """Whether a layer, or one inside of it, computes in float16."""
    return layer.compute_dtype == "float16" or any(
        _is_half(each) for each in getattr(layer, "layers", ())
    )


def _tensorflow(model, loss):
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def gradient(inputs, labels, scale):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            losses, scaled = loss(labels, model(inputs, training=False), scale)
        return losses, tape.gradient(scaled, inputs)

    return gradient


def _jax(model, loss):
    import jax

    def total(inputs, labels, scale, trainable, others):
        outputs, others = model.stateless_call(
            trainable, others, inputs, training=False
        )
        losses, scaled = loss(labels, outputs, scale)
        return scaled.sum(), (losses, others)

    slopes = jax.jit(jax.grad(total, has_aux=True))

    def gradient(inputs, labels, scale):
        others = model.non_trainable_variables
        # As arguments: what a compiled function finds elsewhere is constant.
        gradients, (losses, after) = slopes(
            inputs,
            labels,
            scale,
            [each.value for each in model.trainable_variables],
            [each.value for each in others],
        )
        seeds = {id(each) for each in seed_variables(model)}
        for variable, value in zip(others, after, strict=True):
            if id(variable) in seeds:
                variable.assign(value)
        return losses, gradients

    return gradient


def _torch(model, loss):
    import torch

    def gradient(inputs, labels, scale):
        inputs = inputs.detach().requires_grad_()
        with torch.enable_grad():
            losses, scaled = loss(labels, model(inputs, training=False), scale)
            (gradients,) = torch.autograd.grad(scaled.sum(), inputs)
        return losses.detach(), gradients

    return gradient
