"""The maps of a network's stages as they are before their activations."""

from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models.graph._copied_layer import copied_layer
from keras_padpos.models.graph.graph_walk import tensors_in
from keras_padpos.models.graph.rebuild import Rebuild

# Layers that compute nothing but an activation.
_ACTIVATIONS = (
    keras.layers.Activation,
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ReLU,
    keras.layers.Softmax,
)
# Keras' layers that give maps and end with their `activation`. In others it
# may come anywhere: that of a ConvLSTM2D is in its loop.
_ACTIVATED = (
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.Dense,
    keras.layers.DepthwiseConv2D,
    keras.layers.EinsumDense,
    keras.layers.SeparableConv2D,
)
# Operations have no public class: Keras names theirs as it names functions.
_OPERATIONS = {name.replace("_", "") for name in vars(keras.activations)}


def before_activations(network: keras.Model) -> keras.Model:
    """Read a network's maps before their activations.

    A stage with an activation of its own, such as
    `Conv2D(activation="relu")`, is split in two: the layer without it, and a
    layer `"<stage>_activation"`, whose result goes to whatever follows. Of a
    stage that is an activation layer, or one of `keras.ops`, what comes in is
    read. All other stages are read as they are.
    """
    return _Split(network).run(network)


class _Split(Rebuild):
    """Puts the activations of a network's stages into layers of their own."""

    def __init__(self, network):
        super().__init__()
        self._network = network
        names = {operation.name for operation in network.operations}
        # By the layer that loses it.
        self._activations: dict[int, keras.layers.Activation] = {}
        for layer in network.operations:
            if layer.name in network.output and _is_activated(layer):
                self._activations[id(layer)] = keras.layers.Activation(
                    layer.activation,
                    name=_free(f"{layer.name}_activation", names),
                    dtype=layer.compute_dtype,
                )
        # Activated tensors, each with what it is made of. Both are kept, so
        # that no two have one id.
        self._before: dict[int, tuple[Any, Any]] = {}

    def run(self, model):
        copy = super().run(model)
        maps = {
            stage: self._before.get(id(tensor), (tensor, tensor))[1]
            for stage, tensor in copy.output.items()
        }
        return keras.Model(copy.input, maps, name=copy.name)

    def passes(self, layer):
        return id(layer) not in self._activations

    def replace(self, layer):
        if id(layer) not in self._activations:
            return super().replace(layer)
        return copied_layer(
            layer, lambda config: {**config, "activation": None}
        )

    def call(self, layer, twin, args, kwargs, apply):
        made = super().call(layer, twin, args, kwargs, apply)
        if id(layer) in self._activations:
            before, made = made, apply(self._activations[id(layer)], made)
        elif _is_activation(layer):
            before = tensors_in((args, kwargs))[0]
        else:
            return made
        self._before[id(made)] = made, before
        return made


def _is_activation(operation):
    if isinstance(operation, keras.Layer):
        return isinstance(operation, _ACTIVATIONS)
    return type(operation).__name__.lower() in _OPERATIONS


def _is_activated(layer):
    """Whether a layer, which is a stage, ends with an activation."""
    activation = getattr(layer, "activation", None)
    if (
        activation is None
        or activation is keras.activations.linear
        or _is_activation(layer)
    ):
        return False
    if isinstance(activation, keras.Layer) and (
        activation.weights or not activation.built
    ):
        problem = "an activation that may have weights"
    elif not isinstance(layer, _ACTIVATED):
        problem = "an activation that its own code applies"
    else:
        return True
    raise InputError(
        "`before_activation=True` cannot read the stage "
        f"{layer.name!r} ({type(layer).__name__}), which has {problem}: give "
        "the network a layer for the activation alone. "
        f"Received: activation={activation!r}"
    )


def _free(name, names):
    """The name, with a number if it is taken."""
    free, count = name, 1
    while free in names:
        count += 1
        free = f"{name}_{count}"
    names.add(free)
    return free
