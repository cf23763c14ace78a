"""The same work on several devices, side by side."""

import contextlib
import itertools
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from typing import Generic
from typing import TypeVar

import keras

from keras_padpos.training.one_device import OneDevice

Worker = TypeVar("Worker")


class DevicePool(Generic[Worker]):
    """One worker, such as a network, on each device of this process.

    Example:

    >>> pool = DevicePool(OneDevice(), lambda number: 10)
    >>> list(pool.map(lambda worker, item: worker * item, [1, 2, 3]))
    [10, 20, 30]

    Args:
        devices: Whose devices.
        make: Makes a worker; called once a device, with that as the default,
            and with the worker's number among those of all processes.

    Attributes:
        workers: What `make` returned.
    """

    def __init__(
        self, devices: OneDevice, make: Callable[[int], Worker]
    ) -> None:
        self._devices = list(devices.local_devices)
        self.workers: list[Worker] = []
        before = devices.process * len(self._devices)
        for number, device in enumerate(self._devices, start=before):
            with _on(device):
                self.workers.append(make(number))

    def map(
        self,
        work: Callable[[Worker, Any], Any],
        items: Iterable[Any],
        first: int = 0,
    ) -> Iterator[Any]:
        """Work on items, as many at once as there are devices.

        Args:
            work: Called with a worker and an item.
            items: The items, in order; item n goes to worker n, from the
                first one on again when all had one.
            first: The number of the first item.

        Yields:
            What `work` returned, in the order of the items.
        """
        if len(self.workers) == 1:
            for item in items:
                with _on(self._devices[0]):
                    done = work(self.workers[0], item)
                yield done
            return
        items = iter(items)
        with ThreadPoolExecutor(len(self.workers)) as threads:
            number = first
            while chosen := list(
                itertools.islice(
                    items, len(self.workers) - number % len(self.workers)
                )
            ):
                tasks = [
                    threads.submit(
                        self._run, work, place % len(self.workers), item
                    )
                    for place, item in enumerate(chosen, start=number)
                ]
                number += len(chosen)
                for task in tasks:
                    yield task.result()

    def _run(self, work, place, item):
        with _on(self._devices[place]):
            return work(self.workers[place], item)


def _on(device):
    """A default device; `None` leaves it as it is."""
    return contextlib.nullcontext() if device is None else keras.device(device)
