"""Measurements while a network is trained."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos import data
from keras_padpos import ppp
from keras_padpos import probes
from keras_padpos.checks import check_ints
from keras_padpos.choices import DEFAULT_TARGETS
from keras_padpos.errors import InputError
from keras_padpos.measure._source import at_size
from keras_padpos.measure._source import open_network
from keras_padpos.measure._source import open_pictures


class _MeasuringCallback(keras.callbacks.Callback):
    """Measures every so many epochs, and adds numbers to Keras' logs.

    The network that is read shares its layers with the one that is trained;
    the pictures are held in memory. Epochs without a measurement log NaN, so
    that `History` has a number for each epoch, and `CSVLogger`, which takes
    its columns from the first epoch, has a column for each number.
    """

    _neighbours = False

    def __init__(
        self,
        images: Any,
        *,
        every: int = 1,
        stages: Sequence[str] | None = None,
        size: int | tuple[int, int] | None = None,
        max_images: int | None = 48,
        batch_size: int = 8,
    ) -> None:
        super().__init__()
        check_ints(every=every, batch_size=batch_size)
        self._images, self._every, self._stages = images, every, stages
        self._size, self._count = size, max_images
        self._batch_size = batch_size

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Cut the network at its stages and prepare the pictures."""
        del logs
        self._network = open_network(self.model, self._stages, "")
        self._pictures = open_pictures(
            self._network,
            self._images,
            self._size,
            self._neighbours,
            count=self._count,
            preprocess=None,
        )
        self._prepare()

    def on_epoch_end(
        self, epoch: int, logs: dict[str, float] | None = None
    ) -> None:
        """Measure, and add the numbers to `logs`."""
        if logs is None:
            return
        if (epoch + 1) % self._every:
            logs.update(dict.fromkeys(self._names(), math.nan))
        else:
            logs.update(self._measure())


class PositionCallback(_MeasuringCallback):
    """Scores position probes on a network while it is trained.

    Every `every` epochs the probes of all stages are fitted on two thirds of
    the pictures and scored on the others. Keras' logs then hold
    `position_TARGET_STAGE`, the SPC, and so do `History`, `CSVLogger` and
    `TensorBoard` (put them behind this callback); in the epochs between, NaN.
    It takes about the time of a forward pass over the pictures, and their
    memory.

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((16, 16, 3)),
    ...         keras.layers.Conv2D(4, 3, padding="same", name="conv"),
    ...         keras.layers.GlobalAveragePooling2D(),
    ...         keras.layers.Dense(2),
    ...     ]
    ... )
    >>> model.compile("sgd", "mse")
    >>> images = np.random.default_rng(0).uniform(size=(12, 16, 16, 3))
    >>> history = model.fit(
    ...     images, np.zeros((12, 2)), verbose=0,
    ...     callbacks=[PositionCallback(images, targets=["horizontal"])],
    ... )
    >>> sorted(history.history)
    ['loss', 'position_horizontal_conv']

    Args:
        images: See `measure_position`.
        targets: Names out of `probes.TARGETS`.
        every: Epochs between two measurements.
        stages: See `measure_position`.
        size: See `measure_position`.
        max_images: Pictures that are taken at most.
        batch_size: Pictures that go through the network at once.
    """

    def __init__(
        self,
        images: Any,
        *,
        targets: Sequence[str] = DEFAULT_TARGETS,
        **options: Any,
    ) -> None:
        super().__init__(images, **options)
        self._targets = [targets] if isinstance(targets, str) else [*targets]

    def _names(self):
        return [
            f"position_{target}_{stage}"
            for stage in self._network.stages
            for target in self._targets
        ]

    def _prepare(self):
        network = at_size(self._network.staged, self._pictures.crop)
        self._features = probes.probe_features(network)
        self._sets = data.split_images(self._pictures.images)

    def _measure(self):
        train, test = self._sets
        rows, _ = probes.position_probe(
            self._features,
            train,
            {"test": test},
            targets=self._targets,
            heads=[
                probes.Head(stages=(stage,)) for stage in self._network.stages
            ],
            batch_size=self._batch_size,
        )
        return {
            f"position_{row['target']}_{row['stages']}": row["spearman"]
            for row in rows
        }


class PatternCallback(_MeasuringCallback):
    """Measures the padding's pattern of a network while it is trained.

    Every `every` epochs Keras' logs hold `pattern_STAGE`, the relative pattern
    `|E[D]| / std(O)` of `measure_pattern`; in the epochs between, NaN. It
    takes about the time of a forward pass over pictures and one over larger
    ones, and their memory.

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((16, 16, 3)),
    ...         keras.layers.Conv2D(4, 3, padding="same", name="conv"),
    ...         keras.layers.GlobalAveragePooling2D(),
    ...         keras.layers.Dense(2),
    ...     ]
    ... )
    >>> model.compile("sgd", "mse")
    >>> images = np.random.default_rng(0).uniform(1, 2, (12, 16, 16, 3))
    >>> history = model.fit(
    ...     images, np.zeros((12, 2)), verbose=0,
    ...     callbacks=[PatternCallback(images)],
    ... )
    >>> sorted(history.history)
    ['loss', 'pattern_conv']

    Args:
        images: See `measure_pattern`.
        every: Epochs between two measurements.
        stages: See `measure_position`.
        size: See `measure_position`.
        max_images: Pictures that are taken at most.
        batch_size: Pictures that go through the network at once.
    """

    _neighbours = True

    def _names(self):
        return [f"pattern_{stage}" for stage in self._network.stages]

    def _prepare(self):
        if self._pictures.reason:
            raise InputError(self._pictures.reason)

    def _measure(self):
        # Made anew: the reference is a copy, with the weights of that moment.
        measurement = ppp.PatternMeasurement(
            {"own": self._network.staged}, self._pictures.crop
        )
        for batch, numbers in self._pictures.images.numbered_batches(
            self._batch_size
        ):
            measurement.update(batch, numbers)
        return {
            f"pattern_{row['layer']}": row["relative"] or 0.0
            for row in measurement.rows()
        }
