"""The read-out trained as in the papers."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from keras import ops

from keras_padpos.probes.head import Head

_DECAY_EPOCH = 10
_DECAY = 0.1
_MOMENTUM = 0.9


class SgdSolver:
    """A head trained by stochastic gradient descent, the original recipe.

    SGD with momentum 0.9 and weight decay 1e-4, learning rate 0.1, a tenth of
    it from the eleventh epoch on, 15 epochs, batches of 32, Xavier weights,
    squared error on the map enlarged to the pictures' size: the settings of the
    code released with Islam et al. (ICLR 2020), some of which the paper does
    not state. Every target has a head of its own, and none acts on another:
    their losses are added, and the optimiser works weight by weight.

    Example:

    >>> ramp = {"horizontal": np.tile(np.linspace(0, 1, 8), (8, 1))}
    >>> solver = SgdSolver(ramp, (8, 8, 2), Head(output="sigmoid"), epochs=2)
    >>> features = np.random.default_rng(0).normal(size=(4, 8, 8, 2))
    >>> history = solver.fit(lambda epoch: [features.astype("float32")])
    >>> len(history), solver.predict(features).shape
    (2, (4, 8, 8, 1))

    Args:
        targets: From a target's name to its map `(height, width)`, at the size
            at which the loss is taken.
        feature_shape: `(grid, grid, channels)` of the features.
        head: The shape of the heads.
        epochs: Passes over the pictures.
        learning_rate: Learning rate of the first ten epochs.
        weight_decay: As in PyTorch's SGD: its product with each weight is
            added to the gradient.
        seed: Seed of the initial weights.
    """

    def __init__(
        self,
        targets: Mapping[str, np.ndarray],
        feature_shape: tuple[int, int, int],
        head: Head,
        *,
        epochs: int = 15,
        learning_rate: float = 0.1,
        weight_decay: float = 1e-4,
        seed: int = 0,
    ) -> None:
        self.targets = {
            name: np.asarray(target, "float32")
            for name, target in targets.items()
        }
        self.head = head
        self.epochs = epochs
        self.learning_rate = learning_rate
        self._decay = weight_decay
        self._seeds = iter(range(seed * 1000, (seed + 1) * 1000))
        inputs = keras.Input(feature_shape)
        maps = {name: self._head(inputs) for name in self.targets}
        self._reader = keras.Model(inputs, maps)
        enlarged = {
            name: ops.image.resize(
                maps[name],
                target.shape,
                interpolation="bilinear",
                data_format="channels_last",
            )
            for name, target in self.targets.items()
        }
        self.model = keras.Model(inputs, enlarged)
        self.model.compile(
            optimizer=keras.optimizers.SGD(learning_rate, momentum=_MOMENTUM),
            loss={
                name: keras.losses.MeanSquaredError() for name in self.targets
            },
        )

    def _head(self, inputs):
        x = inputs
        for _ in range(self.head.layers - 1):
            x = self._convolution(inputs.shape[-1])(x)
            x = layers.ReLU()(self._normalisation()(x))
        x = self._convolution(1)(x)
        if self.head.output == "sigmoid":
            x = layers.Activation("sigmoid")(self._normalisation()(x))
        return x

    def _convolution(self, filters):
        pad = self.head.padding
        convolution = layers.Conv2D(
            filters,
            self.head.kernel_size,
            kernel_initializer=keras.initializers.GlorotUniform(
                seed=next(self._seeds)
            ),
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

    def fit(
        self,
        batches: Callable[[int], Iterable[np.ndarray]],
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> list[float]:
        """Train all heads.

        Args:
            batches: From an epoch's number to its batches of features
                `(batch, grid, grid, channels)`, shuffled as you like.
            on_epoch: Called after each epoch with its number and mean loss.

        Returns:
            The mean loss of each epoch: squared errors summed over targets,
            plus weight decay's term.

        Raises:
            ValueError: If the loss is no longer finite.
        """
        history = []
        for epoch in range(self.epochs):
            rate = self.learning_rate
            if epoch >= _DECAY_EPOCH:
                rate *= _DECAY
            self.model.optimizer.learning_rate = rate
            losses, sizes = [], []
            for features in batches(epoch):
                wanted = {
                    name: np.broadcast_to(
                        target[None, :, :, None],
                        (len(features), *target.shape, 1),
                    )
                    for name, target in self.targets.items()
                }
                # Some versions of Keras average over the batches since the
                # last reset, some do not.
                self.model.reset_metrics()
                logs = self.model.train_on_batch(
                    features, wanted, return_dict=True
                )
                losses.append(float(logs["loss"]))
                sizes.append(len(features))
            history.append(float(np.average(losses, weights=sizes)))
            if not np.isfinite(history[-1]):
                raise ValueError(
                    f"The loss is {history[-1]} in epoch {epoch + 1}. "
                    "Use a smaller `learning_rate`, or a head with "
                    f'`output="sigmoid"`. Received: '
                    f"learning_rate={self.learning_rate}, "
                    f"output={self.head.output!r}"
                )
            if on_epoch:
                on_epoch(epoch, history[-1])
        return history

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Read position out of features.

        Args:
            features: `(batch, grid, grid, channels)`.

        Returns:
            `(batch, height', width', targets)` on the head's own grid.
        """
        maps = self._reader.predict_on_batch(np.asarray(features, "float32"))
        return np.concatenate([maps[name] for name in self.targets], axis=-1)

    def as_layers(self, features: Any) -> Any:
        """The same heads on a symbolic tensor; see `predict`.

        Args:
            features: A symbolic tensor `(batch, grid, grid, channels)`.

        Returns:
            A symbolic tensor `(batch, height', width', targets)`.
        """
        maps = self._reader(features)
        return ops.concatenate([maps[name] for name in self.targets], axis=-1)
