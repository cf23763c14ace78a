"""The learning rate that falls on a plateau, as in F-Conv's code."""

import keras


class Plateau(keras.callbacks.Callback):
    """Go on from the best weights with a tenth of the rate, then stop.

    Keras' `ReduceLROnPlateau` keeps the weights it is at; this goes back to
    the best ones whenever it lowers the rate, and at the end.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1), "mse")
    >>> x = y = keras.ops.ones((4, 1))
    >>> history = model.fit(
    ...     x, y, validation_data=(x, y), epochs=99, verbose=0,
    ...     callbacks=[Plateau("val_loss", patience=1, least=0.01)],
    ... )
    >>> len(history.history["loss"]) < 99
    True

    Args:
        monitor: What is to fall, a key of the logs.
        patience: Epochs without a lower value that are waited for; at the end
            of the next the rate falls.
        factor: Of the rate, each time.
        least: Training stops once the rate is this or lower.

    Source:
        Kayhan and van Gemert, the released code
        (`oskyhn/CNNs-Without-Borders`, `QI_location.py`).
    """

    def __init__(
        self,
        monitor: str,
        *,
        patience: int = 5,
        factor: float = 0.1,
        least: float = 1e-6,
    ) -> None:
        super().__init__()
        self.monitor = monitor
        self.patience = patience
        self.factor = factor
        self.least = least

    def on_train_begin(self, logs=None):
        """Forget an earlier training."""
        self.best = float("inf")
        self.best_epoch = 0
        self.waited = 0
        self._weights = None

    def on_epoch_end(self, epoch, logs=None):
        """Keep better weights, or wait, or lower the rate."""
        if logs[self.monitor] < self.best:
            self.best = logs[self.monitor]
            self.best_epoch = epoch + 1
            self._weights = self.model.get_weights()
            self.waited = 0
        elif self.waited < self.patience:
            self.waited += 1
        else:
            optimizer = self.model.optimizer
            rate = float(optimizer.learning_rate) * self.factor
            optimizer.learning_rate = rate
            self.waited = 0
            self.model.set_weights(self._weights)
            # Ten thousandths of a thousandth: rounding must not decide.
            if rate <= self.least * (1 + 1e-3):
                self.model.stop_training = True

    def on_train_end(self, logs=None):
        """Leave the best weights."""
        if self._weights is not None:
            self.model.set_weights(self._weights)
