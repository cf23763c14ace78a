"""Keras' own `fit`, some steps at a time."""

import itertools
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.torch_random import restore_torch_random
from keras_padpos.training.torch_random import torch_random_state
from keras_padpos.training.training_position import TrainingPosition
from keras_padpos.training.variable_state import restore_variables
from keras_padpos.training.variable_state import variable_state


class KerasFit:
    """A compiled model's training, as a part that has a state.

    `keras.callbacks.BackupAndRestore` keeps neither what random layers draw
    from nor the place in the epoch nor the metrics so far; this keeps all
    that a step changes: weights, optimiser, random seeds and metrics.

    Example:

    >>> net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> net.compile("sgd", "mse")
    >>> fit = KerasFit(net)
    >>> at = TrainingPosition({"fit": fit})
    >>> batch = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
    >>> sorted(fit.run([batch, batch], at, 2)), at.step
    (['loss'], 2)

    Args:
        model: Compiled, inside the scope of `spread`.
        spread: What it is trained on.
    """

    def __init__(
        self, model: keras.Model, spread: OneDevice | None = None
    ) -> None:
        self.model = model
        self._spread = spread or OneDevice()
        self._metrics: dict[str, np.ndarray] = {}
        self._torch: dict[str, np.ndarray] = {}
        self._torch_waits = False
        # Steps that the call of `fit` under way has yet to take.
        self._left = 0
        # As `fit` gives them; numbers only when asked for, which waits for the
        # device.
        self._logs: dict[str, Any] = {}

    def run(
        self,
        batches: Iterable[Any],
        position: TrainingPosition,
        steps: int,
    ) -> dict[str, float]:
        """Train on some batches, and tell the position of each step.

        Args:
            batches: Inputs and labels `(x, y)`, arrays of all processes'
                examples.
            position: Where training stands.
            steps: How many batches to train on; with 0 there is nothing to do.

        Returns:
            The metrics since `reset`, by name.

        Raises:
            ValueError: If a batch cannot be divided among the devices.
        """
        if steps <= 0:
            return self.logs
        self._torch_waits = self._left > 0
        self._left = steps
        batches = iter(batches)
        if self._metrics:
            first = next(batches)
            self._build_metrics(first)
            batches = itertools.chain([first], batches)
        with self._spread.scope():
            self.model.fit(
                self._parts(batches),
                steps_per_epoch=steps,
                callbacks=[_Steps(self, position)],
                shuffle=False,
                verbose=0,
            )
        self._metrics = variable_state(self.model.metrics_variables)
        return self.logs

    @property
    def logs(self) -> dict[str, float]:
        """The metrics since `reset`, by name."""
        return _numbers(self._logs)

    def reset(self) -> None:
        """Begin the metrics anew."""
        self._metrics = {}
        self._logs = {}

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a step changes, as arrays by name."""
        model = self.model
        # While JAX trains, the variables are elsewhere.
        if hasattr(model, "jax_state_sync"):
            model.jax_state_sync()
        if not model.optimizer.built:
            self._build_optimizer()
        metrics = self._metrics
        if self._logs:
            metrics = variable_state(model.metrics_variables)
        return {
            **_under("model", variable_state(model.variables)),
            **_under("optimizer", variable_state(model.optimizer.variables)),
            **_under("torch", torch_random_state()),
            "left": np.array(self._left),
            **_under("metrics", metrics),
            **{
                f"logs/{name}": np.array(value)
                for name, value in self.logs.items()
            },
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned.

        Raises:
            ValueError: If it is another model's.
        """
        self._build_optimizer()
        for name, variables in (
            ("model", self.model.variables),
            ("optimizer", self.model.optimizer.variables),
        ):
            restore_variables(variables, _of(name, state))
        self._torch = _of("torch", state)
        self._left = int(state["left"])
        self._metrics = _of("metrics", state)
        self._logs = {
            name: float(value) for name, value in _of("logs", state).items()
        }

    def _restore_torch(self):
        restore_torch_random(self._torch)
        self._torch = {}

    def _build_optimizer(self):
        with self._spread.scope():
            self.model.optimizer.build(self.model.trainable_variables)

    def _build_metrics(self, batch):
        """Make the variables of metrics, which Keras does at a first step."""
        if len(self._metrics) == len(self.model.metrics_variables):
            return
        before = variable_state(self.model.variables)
        with self._spread.scope():
            self.model.evaluate(*self._spread.own_part(batch), verbose=0)
        restore_variables(self.model.variables, before)

    def _parts(self, batches):
        """A generator, which is what `fit` knows."""
        for batch in batches:
            self._spread.check_batch(len(batch[-1]))
            yield self._spread.own_part(tuple(batch))


class _Steps(keras.callbacks.Callback):
    def __init__(self, fit, position):
        super().__init__()
        self._fit = fit
        self._position = position

    def on_epoch_begin(self, epoch, logs=None):
        if not self._fit._torch_waits:
            self._fit._restore_torch()
        # `fit` has just reset them.
        if self._fit._metrics:
            restore_variables(self.model.metrics_variables, self._fit._metrics)

    def on_train_batch_begin(self, batch, logs=None):
        # Making the iterator over the batches draws from it too: in the middle
        # of a call of `fit` that was before the state was saved.
        self._fit._restore_torch()

    def on_train_batch_end(self, batch, logs=None):
        self._fit._left -= 1
        self._fit._logs = logs
        self._position.next_step()


def _numbers(logs):
    return {name: float(value) for name, value in logs.items()}


def _under(name, state):
    return {f"{name}/{key}": array for key, array in state.items()}


def _of(name, state):
    return {
        key.removeprefix(f"{name}/"): array
        for key, array in state.items()
        if key.startswith(f"{name}/")
    }
