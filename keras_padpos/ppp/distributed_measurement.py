"""A pattern measured on several devices, or by several processes."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.ppp.pattern_measurement import PatternMeasurement
from keras_padpos.training import DevicePool
from keras_padpos.training import OneDevice
from keras_padpos.training import flat_state
from keras_padpos.training import sub_state


class DistributedMeasurement:
    """Batches are dealt out, one to each device in turn, and sums merged.

    Example:

    >>> import keras
    >>> pixels = keras.Input((None, None, 1))
    >>> conv = keras.layers.Conv2D(2, 3, padding="same", name="conv")
    >>> net = keras.Model(pixels, {"conv": conv(pixels)})
    >>> def make(number):
    ...     return PatternMeasurement({"zeros": net}, crop=6)
    >>> measurement = DistributedMeasurement(OneDevice(), make)
    >>> crops = np.ones((4, 8, 8, 1), "float32")
    >>> list(measurement.update([(crops, np.arange(4))]))
    [4]
    >>> measurement.merged().images
    4

    Args:
        devices: What to compute on.
        make: Makes the `PatternMeasurement`; called with a device's number,
            for random padding that draws other numbers on each.
    """

    def __init__(
        self, devices: OneDevice, make: Callable[[int], PatternMeasurement]
    ) -> None:
        self._devices = devices
        self._make = make
        self._pool = DevicePool(devices, make)
        self._batches = 0

    @property
    def picture_shape(self) -> tuple[int, int]:
        """Height and width of the pictures that it takes."""
        return self._pool.workers[0].picture_shape

    @property
    def images(self) -> int:
        """Crops that this process took in so far."""
        return sum(worker.images for worker in self._pool.workers)

    @property
    def at_rest(self) -> bool:
        """Whether every device is done with what it was given.

        `state` may be asked for only then.
        """
        return self._batches % len(self._pool.workers) == 0

    def update(
        self, batches: Iterable[tuple[np.ndarray, np.ndarray]]
    ) -> Iterator[int]:
        """Take in batches.

        Args:
            batches: Pictures and their numbers; see
                `PatternMeasurement.update`. Every process is given all, and
                takes its own.

        Yields:
            The number of pictures of each batch that is done.
        """

        def work(measurement, batch):
            measurement.update(*batch)
            return len(batch[0])

        own = (
            batch
            for number, batch in enumerate(batches)
            if number % self._devices.processes == self._devices.process
        )
        for count in self._pool.map(work, own, self._batches):
            self._batches += 1
            yield count

    def state(self) -> dict[str, np.ndarray]:
        """Everything that was added up, as arrays by name."""
        workers = enumerate(self._pool.workers)
        return flat_state(
            {
                "batches": np.array(self._batches),
                **{str(number): worker.state() for number, worker in workers},
            }
        )

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `state` returned.

        Args:
            state: Of as many devices.

        Raises:
            ValueError: If it is of more or fewer devices, or of another
                measurement.
        """
        names = [name.partition("/")[0] for name in state if "/" in name]
        devices = len(set(names))
        if devices != len(self._pool.workers):
            raise InputError(
                "`state` must be of as many devices as there are: "
                f"{len(self._pool.workers)}. Received: that of {devices}"
            )
        self._batches = int(state["batches"])
        for number, worker in enumerate(self._pool.workers):
            worker.restore(sub_state(state, number))

    def merged(self) -> PatternMeasurement:
        """Bring all sums together, once all was taken in.

        Every process calls it, and has the same measurement then.
        """
        first, *others = self._pool.workers
        for other in others:
            if other.images:
                first.merge(other)
        if self._devices.processes == 1:
            return first
        states = self._devices.gather(first.state())
        whole, other = self._make(0), self._make(0)
        whole.restore(states[0])
        for state in states[1:]:
            other.restore(state)
            if other.images:
                whole.merge(other)
        return whole
