"""The learning rate that falls on a plateau, as in F-Conv's code."""

from collections.abc import Mapping

import keras
import numpy as np

from keras_padpos.training import BestWeights


class Plateau:
    """Go on from the best weights with a tenth of the rate, then stop.

    Keras' `ReduceLROnPlateau` keeps the weights it is at; this goes back to
    the best ones whenever it lowers the rate, and at the end.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1), "mse")
    >>> plateau = Plateau(model, patience=1, least=0.01)
    >>> [plateau.update(value) for value in (2.0, 1.0, 1.5, 1.0)]
    [True, True, True, False]

    Args:
        model: Compiled; its optimiser has a plain number as rate.
        patience: Epochs without a lower value that are waited for; at the end
            of the next the rate falls.
        factor: Of the rate, each time.
        least: Training stops once the rate is this or lower.

    Attributes:
        best: The `BestWeights`.

    Source:
        Kayhan and van Gemert, the released code
        (`oskyhn/CNNs-Without-Borders`, `QI_location.py`).
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        patience: int = 5,
        factor: float = 0.1,
        least: float = 1e-6,
    ) -> None:
        self._model = model
        self._patience = patience
        self._factor = factor
        self._least = least
        self._waited = 0
        self.best = BestWeights(model)

    def update(self, value: float) -> bool:
        """End an epoch: keep better weights, or wait, or lower the rate.

        Args:
            value: What is to fall, after this epoch.

        Returns:
            Whether to go on.
        """
        if self.best.update(value):
            self._waited = 0
        elif self._waited < self._patience:
            self._waited += 1
        else:
            optimizer = self._model.optimizer
            rate = keras.ops.convert_to_numpy(optimizer.learning_rate)
            rate = float(rate) * self._factor
            optimizer.learning_rate = rate
            self._waited = 0
            self.best.put_back()
            # Ten thousandths of a thousandth: rounding must not decide.
            return rate > self._least * (1 + 1e-3)
        return True

    def state(self) -> dict[str, np.ndarray]:
        """Everything that going on needs, as arrays by name."""
        return {"waited": np.array(self._waited), **self.best.state()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        self._waited = int(state["waited"])
        self.best.restore(state)
