"""A network with initial weights in the place of its own."""

from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models.graph._copied_layer import copied_layer
from keras_padpos.models.graph.rebuild import Rebuild


def fresh_copy(model: keras.Model, seed: int | None = None) -> keras.Model:
    """Copy a network, with weights as they are before any training.

    BatchNorm's statistics start anew too. `Normalization` layers keep theirs:
    they prepare pictures, and are not trained. Seeds that the model's own
    initializers carry are left out, so that other seeds give other weights.
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
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
