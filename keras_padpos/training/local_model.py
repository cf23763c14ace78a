"""A trained network on one device, to be looked at."""

from collections.abc import Mapping

import keras
import numpy as np

from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.state import restore_variables
from keras_padpos.training.state import seed_variables
from keras_padpos.training.state import variable_state


class LocalModel:
    """A network as it is now, for `predict`, `evaluate` and measurements.

    What is trained on several devices is looked at in a copy on one: its last
    batch may be uneven, and each process looks by itself. What is trained on
    one device is looked at as it is.

    Example:

    >>> net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> LocalModel(net, OneDevice()).now() is net
    True

    Args:
        model: The network.
        devices: What it is trained on.
    """

    def __init__(self, model: keras.Model, devices: OneDevice) -> None:
        self._model = model
        self._copied = devices.devices > 1
        # Made outside of the scope, and so on one device.
        self._local = keras.models.clone_model(model) if self._copied else model

    def now(self) -> keras.Model:
        """The network with the weights of the moment."""
        if self._copied:
            self._local.set_weights(
                [
                    keras.ops.convert_to_numpy(weight)
                    for weight in self._model.weights
                ]
            )
        return self._local

    def state(self) -> dict[str, np.ndarray]:
        """What the copy draws random numbers from."""
        return variable_state(self._seeds())

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore what `state` returned."""
        restore_variables(self._seeds(), state)

    def _seeds(self):
        return seed_variables(self._local) if self._copied else []
