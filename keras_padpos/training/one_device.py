"""Work that is not devices."""

import contextlib
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_padpos.errors import InputError


class OneDevice:
    """Compute where the backend computes anyway; base of what uses several.

    Networks that are to be trained are made, compiled and trained inside
    `scope`. Work on single examples, such as features of pictures, is shared
    out by `share_of` and brought together by `gather`.

    Example:

    >>> devices = OneDevice()
    >>> with devices.scope():
    ...     pass
    >>> devices.devices, devices.processes, devices.gather({"sum": np.ones(1)})
    (1, 1, [{'sum': array([1.])}])

    Attributes:
        devices: How many devices a batch is divided among, in all processes.
        process: The number of this process, from 0. Process 0 writes.
        processes: How many there are.
        trains_on_batch: Whether Keras' `train_on_batch` uses them all, not only
            `fit`.
    """

    devices = 1
    process = 0
    processes = 1
    trains_on_batch = True

    @property
    def local_devices(self) -> Sequence[str | None]:
        """Names of this process' devices for `keras.device`."""
        return [None]

    def scope(self) -> contextlib.AbstractContextManager:
        """Inside, models are made for all devices, and trained on all."""
        return contextlib.nullcontext()

    def check_batch(self, size: int) -> None:
        """Tell whether a batch can be divided evenly.

        Args:
            size: Examples in a batch of all devices together.

        Raises:
            ValueError: If it cannot. An uneven share would count for more, or
                for less, than the examples in it.
        """
        if size % self.devices:
            raise InputError(
                f"A batch of {size} cannot be divided among {self.devices} "
                "devices. Choose a batch size, and a number of pictures, that "
                "is a multiple of the number of devices."
            )

    def own_part(self, batch: Any) -> Any:
        """This process' part of the arrays of a batch.

        Args:
            batch: An array `(batch, ...)`, or several in a tuple or dict.

        Raises:
            ValueError: If it cannot be divided evenly; see `check_batch`.
        """
        if self.processes == 1:
            return batch
        if isinstance(batch, Mapping):
            return {name: self.own_part(each) for name, each in batch.items()}
        if isinstance(batch, tuple):
            return tuple(map(self.own_part, batch))
        self.check_batch(len(batch))
        size = len(batch) // self.processes
        return batch[self.process * size : (self.process + 1) * size]

    def gather(
        self, arrays: Mapping[str, np.ndarray]
    ) -> list[dict[str, np.ndarray]]:
        """Bring together what each process has; every process calls it.

        Args:
            arrays: This process' arrays of numbers, by name.

        Returns:
            Those of each process, in their order, on every process.
        """
        return [dict(arrays)]


def suits_xla(devices: OneDevice | None = None) -> bool:
    """Whether to compile the training of convolutional networks with XLA.

    On JAX always; on TensorFlow with an accelerator, but not on processors
    alone, where its convolutions are slower than TensorFlow's own
    (`python -m tools.benchmark canvas --jit=0,1`), nor with several: XLA
    cannot compile a step that uses several. On PyTorch never.

    Example:

    >>> isinstance(suits_xla(), bool)
    True

    Args:
        devices: What to train on.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        return backend == "jax"
    if devices is not None and devices.devices > 1:
        return False
    return any(
        not device.startswith("cpu")
        for device in keras.distribution.list_devices()
    )
