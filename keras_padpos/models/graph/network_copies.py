"""Copies of a network: with initial weights, or for another picture size."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph._copied_layer import copied_layer
from keras_padpos.models.graph.rebuild import Rebuild


def fresh_copy(model: keras.Model, seed: int | None = None) -> keras.Model:
    """Copy a network, with weights as they are before any training.

    BatchNorm's statistics start anew too. `Normalization` layers keep theirs:
    they prepare pictures, and are not trained. Seeds that the model's own
    initializers carry are left out, so that other seeds give other weights.
    """
    if seed is not None:
        keras.utils.set_random_seed(int(seed))
    return _Fresh().run(model)


class _Fresh(Rebuild):
    """Makes layers anew, and carries no trained weights over."""

    def replace(self, layer):
        return copied_layer(layer, _without_seeds)

    def reuse(self, layer, problem):
        if layer.weights:
            raise InputError(
                f"Layer {layer.name!r} ({type(layer).__name__}) cannot be made "
                f"anew: {problem}"
            )
        return super().reuse(layer, problem)

    def carry_over(self, layer, twin):
        if isinstance(layer, keras.layers.Normalization):
            super().carry_over(layer, twin)


def _without_seeds(config: Any) -> Any:
    """A configuration whose initializers draw other values each time."""
    if isinstance(config, (list, tuple)):
        return type(config)(map(_without_seeds, config))
    if not isinstance(config, dict):
        return config
    config = {key: _without_seeds(value) for key, value in config.items()}
    module = config.get("module") or ""
    inner = config.get("config")
    if module.startswith("keras.initializers") and "seed" in (inner or {}):
        config["config"] = {**inner, "seed": None}
    return config


def resized(model: keras.Model, input_shape: Sequence[Any]) -> keras.Model:
    """Build a network for pictures of another size, weights kept.

    Args:
        model: A functional or Sequential model.
        input_shape: Shape of its input without the batch; of several inputs a
            list of shapes, in the order of `model.inputs`.
    """
    own = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    own_shape = own[0] if len(own) == 1 else own
    shapes = [input_shape] if len(own) == 1 else input_shape
    fits = all(
        size is None or size == new_size
        for own_sizes, sizes in zip(own, shapes, strict=True)
        for size, new_size in zip(own_sizes, sizes, strict=True)
    )
    if fits:
        return model
    try:
        return _Resize(shapes).run(model)
    except Exception as error:
        # What a layer says to a size is up to its class.
        raise InputError(
            f"`input_shape` must be {own_shape}, for which {model.name} was "
            f"made: another does not fit ({plain_reason(error)}). "
            f"Received: input_shape={tuple(input_shape)}"
        ) from error


class _Resize(Rebuild):
    """Gives models inside the sizes that come to them."""

    def __init__(self, shapes):
        super().__init__()
        self._shapes = [(None, *shape) for shape in shapes]

    def enter(self, model, tensors):
        if all(None in tensor.shape[1:-1] for tensor in model.inputs):
            return None  # it takes any, so may be called on several
        return tuple(tuple(tensor.shape) for tensor in tensors)

    def entry_shapes(self, model, context):
        if self._shapes is None:
            return (
                list(context)
                if context
                else super().entry_shapes(model, context)
            )
        # The first to enter is the model around all others.
        shapes, self._shapes = self._shapes, None
        return shapes
