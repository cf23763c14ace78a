"""The weights of the best epoch."""

from collections.abc import Mapping

import keras
import numpy as np

from keras_padpos.training.state import flat_state
from keras_padpos.training.state import restore_variables
from keras_padpos.training.state import sub_state
from keras_padpos.training.state import variable_state


class BestWeights:
    """Keeps a model's weights at the lowest value of a score so far.

    What Keras' `EarlyStopping` does at the end of an epoch, with a state that
    a checkpoint can hold.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> best = BestWeights(model)
    >>> [best.update(value) for value in (3.0, 1.0, 1.0)]
    [True, True, False]
    >>> best.epoch, best.value, best.waited
    (2, 1.0, 1)

    Args:
        model: The model.

    Attributes:
        value: The lowest value; infinite before the first.
        epoch: The number of its epoch, from 1; 0 before the first.
        waited: Epochs since then.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._weights: dict[str, np.ndarray] = {}
        self.value = float("inf")
        self.epoch = 0
        self.waited = 0

    def update(self, value: float) -> bool:
        """End an epoch.

        Args:
            value: What is to be low, after this epoch.

        Returns:
            Whether it is the lowest so far; an equal one is not.
        """
        if value < self.value:
            self.value = value
            self.epoch += self.waited + 1
            self.waited = 0
            self._weights = variable_state(self._model.weights)
            return True
        self.waited += 1
        return False

    def put_back(self) -> None:
        """Give the model the weights of the best epoch, if there was one."""
        if self._weights:
            restore_variables(self._model.weights, self._weights)

    def state(self) -> dict[str, np.ndarray]:
        """Everything that going on needs, as arrays by name."""
        return flat_state(
            {
                "value": np.array(self.value),
                "epoch": np.array([self.epoch, self.waited]),
                "weights": self._weights,
            }
        )

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        self.value = float(state["value"])
        self.epoch, self.waited = state["epoch"].tolist()
        self._weights = sub_state(state, "weights")
