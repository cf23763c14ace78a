"""A network's features of a set of pictures, batch by batch."""

import itertools
import math
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.training import DevicePool
from keras_padpos.training import OneDevice
from keras_padpos.training import restore_variables
from keras_padpos.training import seed_variables
from keras_padpos.training import variable_state

_KEEP_BYTES = 4 * 2**30


class FeatureBatches:
    """Features of pictures; kept in memory if asked and if they fit.

    Features are kept if all that the set may hold fit into 4 GiB; beyond
    that, each pass computes them anew.

    Args:
        model: From pictures to a dict with `(batch, grid, grid, channels)`
            for each stage, or to one such tensor, whose stage is then called
            "features".
        images: An `ImageSet` of `keras_padpos.data`.
        batch_size: Pictures a batch.
        keep: Whether later passes should reuse the features of the first.
        advance: Called with the number of pictures after each batch.
        devices: What to compute on: each device takes a batch in turn.
        own: Whether this process takes only its own part of each batch, as in
            training, and not all of it.
    """

    def __init__(
        self,
        model: keras.Model,
        images: Any,
        batch_size: int,
        *,
        keep: bool = False,
        advance: Callable[[int], None] | None = None,
        devices: OneDevice | None = None,
        own: bool = False,
    ) -> None:
        devices = devices or OneDevice()
        self._pool = DevicePool(
            devices, lambda number: _copy(model, devices, number)
        )
        self._devices = devices
        self._own_part = devices.own_part if own else lambda batch: batch
        self.images = images
        self.batch_size = batch_size
        self._advance = advance or (lambda count: None)
        stages = model.output
        if not isinstance(stages, dict):
            stages = {"features": stages}
        self._shapes = {
            name: tuple(each.shape[1:]) for name, each in stages.items()
        }
        floats = sum(math.prod(shape) for shape in self._shapes.values())
        self._keep = (
            keep
            and images.expected is not None
            and 4 * floats * images.expected <= _KEEP_BYTES
        )
        self._kept: dict[str, np.ndarray] | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, int, int]]:
        """`(grid, grid, channels)` of each stage, in the features' order."""
        return dict(self._shapes)

    def once(self) -> Iterator[dict[str, np.ndarray]]:
        """One pass in the pictures' order."""
        if not self._keep:
            yield from self._pool.map(self._features, self._pictures())
            return
        kept: dict[str, np.ndarray] = {}
        number = 0
        for features in self._pool.map(self._features, self._pictures()):
            if not kept:
                kept = {
                    name: np.empty(
                        (self.images.expected, *each.shape[1:]), each.dtype
                    )
                    for name, each in features.items()
                }
            for name, each in features.items():
                kept[name][number : number + len(each)] = each
            number += len(each)
            yield features
        self._kept = {name: each[:number] for name, each in kept.items()}

    def dealt(self) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """One pass, of which each process computes every so many batch.

        Yields:
            The number of a batch's first picture, and its features.
        """
        own = (
            (number, batch)
            for number, batch in enumerate(self._pictures())
            if number % self._devices.processes == self._devices.process
        )

        def work(model, item):
            number, batch = item
            return number * self.batch_size, self._features(model, batch)

        yield from self._pool.map(work, own)

    def shuffled(
        self, epoch: int, seed: int, start: int = 0
    ) -> Iterator[dict[str, Any]]:
        """One pass in an order that epoch and seed decide.

        Args:
            epoch: Number of the epoch.
            seed: The seed.
            start: How many batches to leave out at the beginning.
        """
        advance = self._advance
        if self._keep and self._kept is None:
            for _ in self.once():
                pass
            advance = lambda count: None  # noqa: E731  they are counted
        if self._kept is None:
            pictures = self._pictures(shuffle_seed=seed, epoch=epoch)
            left = itertools.islice(pictures, start, None)
            yield from self._pool.map(
                self._features, map(self._own_part, left), start
            )
            return
        number = len(next(iter(self._kept.values())))
        order = np.random.default_rng((seed, epoch)).permutation(number)
        for first in range(start * self.batch_size, number, self.batch_size):
            chosen = order[first : first + self.batch_size]
            advance(len(chosen))
            chosen = self._own_part(chosen)
            yield {name: each[chosen] for name, each in self._kept.items()}

    @property
    def resumable(self) -> bool:
        """Whether a pass can be taken up in its middle.

        Not where networks that draw random numbers run ahead on several
        devices, or each process has drawn its own.
        """
        alone = len(self._pool.workers) == 1 and self._devices.processes == 1
        return alone or not self._random()

    def state(self) -> dict[str, np.ndarray]:
        """What random padding draws from, where later passes draw anew."""
        return variable_state(self._random())

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned."""
        restore_variables(self._random(), state)

    def _random(self):
        # Features that are kept were drawn in the first pass, which begins
        # anew with the process.
        if self._keep:
            return []
        return [
            each
            for model in self._pool.workers
            for each in seed_variables(model)
        ]

    def _features(self, model, batch):
        features = model.predict_on_batch(batch)
        if not isinstance(features, dict):
            features = {"features": features}
        self._advance(len(batch))
        # Some backends return the stages in the order of their names.
        features = {name: np.asarray(features[name]) for name in self._shapes}
        for name, each in features.items():
            if not np.isfinite(each).all():
                raise InputError(
                    f"The network's features must be finite; those of {name} "
                    "are not. Networks with random weights may need "
                    "`calibrate_batch_norm`."
                )
        return features

    def _pictures(self, **order):
        if keras.backend.backend() == "tensorflow":
            return self.images.as_dataset(self.batch_size, **order)
        return self.images.batches(self.batch_size, **order)


def _copy(model, devices, number):
    """The network itself, or one for each of several devices."""
    if len(devices.local_devices) > 1:
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        model = copy
    # Other random numbers on each device.
    for variable in seed_variables(model):
        state = np.array(keras.ops.convert_to_numpy(variable))
        state[0] += number
        variable.assign(state)
    return model
