"""The probe trained step by step, as in the papers."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from keras import ops

from keras_padpos.checks import check_choices
from keras_padpos.errors import InputError
from keras_padpos.probes.head import Head
from keras_padpos.training import LocalModel
from keras_padpos.training import OneDevice
from keras_padpos.training import flat_state
from keras_padpos.training import restore_variables
from keras_padpos.training import sub_state
from keras_padpos.training import variable_state

LEARNING_RATES = {"sgd": 0.1, "adam": 1e-3}
"""Learning rate of each optimiser if none is given."""

EPOCHS = 15
"""Passes over the pictures in the released code."""

BATCH = 32
"""Pictures a step in the released code."""

_LATE = 10
_LATE_FACTOR = 0.1
_MOMENTUM = 0.9


class GradientSolver:
    """A head trained by gradient descent, the original recipe.

    With `"sgd"`: momentum 0.9 and weight decay 1e-4, learning rate 0.1, a tenth
    of it from the eleventh epoch on, 15 epochs, batches of 32, Xavier weights,
    squared error on the map enlarged to the pictures' size: the settings of the
    code released with Islam et al. (ICLR 2020), some of which the paper does
    not state. With `"adam"`: learning rate 1e-3 throughout, as in an
    independent reproduction of theirs.

    Every target has a head, an optimiser and a program of its own, so it trains
    to the last bit as if alone, whatever trains beside it.

    Example:

    >>> ramp = {"horizontal": np.tile(np.linspace(0, 1, 8), (8, 1))}
    >>> solver = GradientSolver(ramp, (8, 8, 2), Head(output="sigmoid"))
    >>> features = np.random.default_rng(0).normal(size=(4, 8, 8, 2))
    >>> history = solver.fit(lambda epoch: [features.astype("float32")], 2)
    >>> len(history), solver.predict(features).shape
    (2, (4, 8, 8, 1))

    Args:
        targets: From a target's name to its map `(height, width)`, at the size
            at which the loss is taken.
        feature_shape: `(grid, grid, channels)` of the features.
        head: The shape of the heads.
        optimizer: `"sgd"` or `"adam"`.
        learning_rate: Of `"adam"`, and of the first ten epochs of `"sgd"`.
            `None`: see `LEARNING_RATES`.
        weight_decay: As in PyTorch's optimisers: its product with each weight
            is added to the gradient.
        seed: Seed of the initial weights, the same for every target.
        devices: What to train on; see `OneDevice`.

    Raises:
        ValueError: If the optimiser is unknown.
    """

    def __init__(
        self,
        targets: Mapping[str, np.ndarray],
        feature_shape: tuple[int, int, int],
        head: Head,
        *,
        optimizer: str = "sgd",
        learning_rate: float | None = None,
        weight_decay: float = 1e-4,
        seed: int = 0,
        devices: OneDevice | None = None,
    ) -> None:
        check_choices(optimizer=(optimizer, LEARNING_RATES))
        self.targets = {
            name: np.asarray(target, "float32")
            for name, target in targets.items()
        }
        self.head = head
        self.optimizer = optimizer
        self.learning_rate = (
            LEARNING_RATES[optimizer]
            if learning_rate is None
            else learning_rate
        )
        self._decay = weight_decay
        self._seed = seed
        self._devices = devices or OneDevice()
        readers = {}
        self.models: dict[str, keras.Model] = {}
        with self._devices.scope():
            for name, target in self.targets.items():
                readers[name] = self._make(name, target, feature_shape)
        self._readers = {
            name: LocalModel(reader, self._devices)
            for name, reader in readers.items()
        }

    def _make(self, name, target, feature_shape):
        """Make the model of a target; returns what reads at its own size."""
        inputs = keras.Input(feature_shape)
        maps = self._head(inputs)
        enlarged = ops.image.resize(
            maps,
            target.shape,
            interpolation="bilinear",
            data_format="channels_last",
        )
        self.models[name] = keras.Model(inputs, enlarged)
        self.models[name].compile(
            optimizer=self._optimizer(),
            loss=keras.losses.MeanSquaredError(),
        )
        self.models[name].optimizer.build(self.models[name].trainable_variables)
        return keras.Model(inputs, maps)

    def _optimizer(self):
        if self.optimizer == "adam":
            return keras.optimizers.Adam(self.learning_rate)
        return keras.optimizers.SGD(self.learning_rate, momentum=_MOMENTUM)

    def _head(self, inputs):
        seeds = iter(range(self._seed * 1000, (self._seed + 1) * 1000))
        width = self.head.width or inputs.shape[-1]
        x = inputs
        for _ in range(self.head.layers - 1):
            x = self._convolution(width, next(seeds))(x)
            x = layers.ReLU()(self._normalisation()(x))
        x = self._convolution(1, next(seeds))(x)
        if self.head.output == "sigmoid":
            x = layers.Activation("sigmoid")(self._normalisation()(x))
        return x

    def _convolution(self, filters, seed):
        pad = self.head.padding
        convolution = layers.Conv2D(
            filters,
            self.head.kernel_size,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
            kernel_regularizer=self._l2(),
            bias_regularizer=self._l2(),
            data_format="channels_last",
        )
        if not pad:
            return convolution
        frame = layers.ZeroPadding2D(pad, data_format="channels_last")
        return lambda x: convolution(frame(x))

    def _normalisation(self):
        # PyTorch's BatchNorm2d: momentum 0.1 there is 0.9 here.
        return layers.BatchNormalization(
            momentum=0.9,
            epsilon=1e-5,
            beta_regularizer=self._l2(),
            gamma_regularizer=self._l2(),
        )

    def _l2(self):
        # The gradient of l2 * w**2 is 2 * l2 * w.
        return keras.regularizers.L2(self._decay / 2)

    def rate(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""
        late = self.optimizer == "sgd" and epoch >= _LATE
        return self.learning_rate * (_LATE_FACTOR if late else 1)

    def step(self, features: Any, epoch: int) -> dict[str, float]:
        """Train every target's head on one batch.

        Args:
            features: `(batch, grid, grid, channels)`, an array: this process'
                part of the batch; see `OneDevice.own_part`.
            epoch: The epoch that the batch belongs to, counted from 0.

        Returns:
            From a target's name to the loss before the step: squared error,
            plus weight decay's term.

        Raises:
            ValueError: If a loss is no longer finite.
        """
        whole = len(features) * self._devices.processes
        self._devices.check_batch(whole)
        losses = {}
        for name, model in self.models.items():
            target = self.targets[name]
            wanted = np.broadcast_to(
                target[None, :, :, None], (len(features), *target.shape, 1)
            )
            with self._devices.scope():
                model.optimizer.learning_rate = self.rate(epoch)
                # Some versions of Keras average over the batches since the
                # last reset, some do not.
                model.reset_metrics()
                logs = model.train_on_batch(features, wanted, return_dict=True)
            losses[name] = float(logs["loss"])
            if not np.isfinite(losses[name]):
                raise InputError(
                    f"The loss of {name} is {losses[name]} in epoch "
                    f"{epoch + 1}. Use a smaller `learning_rate`, or a head "
                    f'with `output="sigmoid"`. Received: '
                    f"learning_rate={self.learning_rate}, "
                    f"output={self.head.output!r}"
                )
        return losses

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a step changes, as arrays by name."""
        return flat_state(
            {
                name: variable_state(_changed(model))
                for name, model in self.models.items()
            }
        )

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        for name, model in self.models.items():
            restore_variables(_changed(model), sub_state(state, name))

    def fit(
        self,
        batches: Callable[[int], Iterable[np.ndarray]],
        epochs: int = EPOCHS,
    ) -> list[dict[str, float]]:
        """Train all heads.

        Args:
            batches: From an epoch's number to its batches of features
                `(batch, grid, grid, channels)`, shuffled as you like.
            epochs: How many epochs.

        Returns:
            For each epoch the mean loss of each target; see `step`.

        Raises:
            ValueError: If a loss is no longer finite.
        """
        history = []
        for epoch in range(epochs):
            steps = [
                (self.step(features, epoch), len(features))
                for features in batches(epoch)
            ]
            history.append(mean_losses(steps))
        return history

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Read position out of features.

        Args:
            features: `(batch, grid, grid, channels)`.

        Returns:
            `(batch, height', width', targets)` on the head's own grid.
        """
        features = ops.convert_to_tensor(features, "float32")
        return np.concatenate(
            [
                reader.now().predict_on_batch(features)
                for reader in self._readers.values()
            ],
            axis=-1,
        )

    def as_layers(self, features: Any) -> Any:
        """The same heads on a symbolic tensor; see `predict`.

        Args:
            features: A symbolic tensor `(batch, grid, grid, channels)`.

        Returns:
            A symbolic tensor `(batch, height', width', targets)`.
        """
        maps = [reader.now()(features) for reader in self._readers.values()]
        return maps[0] if len(maps) == 1 else ops.concatenate(maps, axis=-1)


def _changed(model):
    return [*model.variables, *model.optimizer.variables]


def mean_losses(
    steps: Iterable[tuple[Mapping[str, float], int]],
) -> dict[str, float]:
    """Mean losses of an epoch, each step weighted by its pictures."""
    losses, sizes = zip(*steps, strict=True)
    return {
        name: float(np.average([each[name] for each in losses], weights=sizes))
        for name in losses[0]
    }
