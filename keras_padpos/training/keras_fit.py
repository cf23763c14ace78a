"""Keras' own `fit`, some steps at a time."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.state import flat_state
from keras_padpos.training.state import restore_variables
from keras_padpos.training.state import sub_state
from keras_padpos.training.state import variable_state
from keras_padpos.training.training_position import TrainingPosition


class KerasFit:
    """A compiled model's training, as a part that has a state.

    `keras.callbacks.BackupAndRestore` keeps neither what random layers draw
    from nor the place in the epoch nor the metrics so far; this keeps all
    that a step changes: weights, optimiser, random seeds and metrics.
    """

    def __init__(
        self, model: keras.Model, devices: OneDevice | None = None
    ) -> None:
        self.model = model
        self._devices = devices or OneDevice()
        self._metrics: dict[str, np.ndarray] = {}
        self._torch: dict[str, np.ndarray] = {}
        # Steps that the call of `fit` under way has yet to take.
        self._left = 0
        # As `fit` gives them; numbers only when asked for, which waits for the
        # device.
        self._logs: dict[str, Any] = {}

    def run(
        self,
        batch: Callable[[int], tuple[Any, Any]],
        steps: int,
        position: TrainingPosition,
    ) -> dict[str, float]:
        """Train on some batches, and tell the position of each step.

        Args:
            batch: From a number, counted from 0, to inputs and labels, arrays
                of all processes' examples, or dicts of such. It may be asked
                for one twice.
            steps: How many batches to train on; with 0 there is nothing to do.
            position: Where training stands.

        Returns:
            The metrics since `reset`, by name.

        Raises:
            ValueError: If a batch cannot be divided among the devices.
        """
        if steps <= 0:
            return self.logs
        self._torch = self._torch or _torch_random_state()
        self._left = steps
        batches = _Batches(batch, steps, self._devices)
        # Else TensorFlow makes the optimizer's variables while it traces the
        # step, which it then traces again.
        self._build_optimizer()
        if self._metrics:
            self._build_metrics(batches[0])
        with self._devices.scope():
            self.model.fit(
                batches,
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
        self._build_optimizer()
        metrics = self._metrics
        if self._logs:
            metrics = variable_state(model.metrics_variables)
        return flat_state(
            {
                "model": variable_state(model.variables),
                "optimizer": variable_state(model.optimizer.variables),
                "torch": self._torch or _torch_random_state(),
                "metrics": metrics,
                "logs": {
                    name: np.array(value) for name, value in self.logs.items()
                },
            }
        )

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
            restore_variables(variables, sub_state(state, name))
        self._torch = sub_state(state, "torch")
        self._metrics = sub_state(state, "metrics")
        self._logs = {
            name: float(value)
            for name, value in sub_state(state, "logs").items()
        }

    def _build_optimizer(self):
        with self._devices.scope():
            self.model.optimizer.build(self.model.trainable_variables)

    def _build_metrics(self, batch):
        """Make the variables of metrics, which Keras does at a first step."""
        if len(self._metrics) == len(self.model.metrics_variables):
            return
        before = variable_state(self.model.variables)
        with self._devices.scope():
            self.model.evaluate(*batch, verbose=0)
        restore_variables(self.model.variables, before)


class _Batches(keras.utils.PyDataset):
    """What `fit` reads: of each batch this process' part."""

    def __init__(self, batch, steps, devices):
        super().__init__()
        self._batch = batch
        self._steps = steps
        self._devices = devices

    def __len__(self):
        return self._steps

    def __getitem__(self, number):
        inputs, labels = self._batch(number)
        self._devices.check_batch(len(keras.tree.flatten(labels)[0]))
        own = self._devices.own_part((inputs, labels))
        if keras.backend.backend() == "jax":
            own = keras.tree.map_structure(_without_int64, own)
        return own


def _without_int64(array):
    """Integers as JAX has them by default; it may warn of others."""
    is_long = getattr(array, "dtype", None) == "int64"
    return array.astype("int32") if is_long else array


class _Steps(keras.callbacks.Callback):
    def __init__(self, fit, position):
        super().__init__()
        self._fit = fit
        self._position = position

    def on_epoch_begin(self, epoch, logs=None):
        # `fit` has just reset them.
        if self._fit._metrics:
            restore_variables(self.model.metrics_variables, self._fit._metrics)

    def on_train_batch_begin(self, batch, logs=None):
        # Between two calls of `fit` PyTorch draws more or fewer numbers, for
        # building and for iterators.
        _restore_torch_random(self._fit._torch)
        self._fit._torch = {}

    def on_train_batch_end(self, batch, logs=None):
        self._fit._logs = logs
        self._fit._left -= 1
        if not self._fit._left:
            self._fit._torch = _torch_random_state()
        self._position.next_step()


def _numbers(logs):
    return {name: float(value) for name, value in logs.items()}


def _torch_random_state():
    """State of PyTorch's generators, which Keras' Dropout draws from there."""
    if keras.backend.backend() != "torch":
        return {}
    import torch

    states = {"cpu": torch.get_rng_state()}
    for number, state in enumerate(torch.cuda.get_rng_state_all()):
        states[f"cuda{number}"] = state
    return {name: state.cpu().numpy() for name, state in states.items()}


def _restore_torch_random(state):
    """Restore the generators of the devices in `state`, leave others alone."""
    if not state:
        return
    import torch

    torch.set_rng_state(torch.from_numpy(state["cpu"].copy()))
    for number in range(torch.cuda.device_count()):
        if f"cuda{number}" in state:
            torch.cuda.set_rng_state(
                torch.from_numpy(state[f"cuda{number}"].copy()), number
            )
