"""Training on all devices of one or several machines, with JAX."""

import contextlib
import io
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

import keras
import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.training.one_device import OneDevice

# Bytes that are sent at once.
_PIECE = 64 * 2**20


class DataParallel(OneDevice):
    """Every device trains on its part of each batch (`keras.distribution`).

    Keras' `DataParallel` distribution on the JAX backend. Losses, gradients
    and BatchNorm's statistics are those of the whole batch, so training gives
    what one device would, but for the order of floating-point sums.

    Several machines, or several processes of one, take part after
    `keras.distribution.initialize`; each is given the same batches and takes
    its part of them.

    On JAX::

        devices = DataParallel()
        with devices.scope():
            network = make_network()

    Raises:
        ValueError: If the backend is not JAX.
    """

    def __init__(self) -> None:
        if keras.backend.backend() != "jax":
            raise InputError(
                "Data-parallel training by `keras.distribution` needs the JAX "
                "backend (KERAS_BACKEND=jax). Received: "
                f"{keras.backend.backend()}"
            )
        import jax

        self.process = jax.process_index()
        self.processes = jax.process_count()
        self._distribution = keras.distribution.DataParallel(
            auto_shard_dataset=False
        )
        self.devices = len(keras.distribution.list_devices())

    @property
    def local_devices(self) -> Sequence[str]:
        """Names of this process' devices for `keras.device`."""
        import jax

        return [
            f"{device.platform}:{device.id}" for device in jax.local_devices()
        ]

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Inside, models are made for all devices, and trained on all."""
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(self._distribution)
        try:
            yield
        finally:
            keras.distribution.set_distribution(before)

    def gather(
        self, arrays: Mapping[str, np.ndarray]
    ) -> list[dict[str, np.ndarray]]:
        """Bring together what each process has; every process calls it.

        Args:
            arrays: This process' arrays of numbers, by name.

        Returns:
            Those of each process, in their order, on every process.
        """
        if self.processes == 1:
            return [dict(arrays)]
        from jax.experimental import multihost_utils

        # Processes may hold arrays of different shapes: one file of bytes
        # each, filled up to the longest.
        stream = io.BytesIO()
        # NumPy's own types take the names for those of its options.
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        content = np.frombuffer(stream.getvalue(), "uint8")
        # Two digits: JAX has no 64-bit ints unless it is told to.
        digits = np.array(divmod(len(content), _PIECE), "int32")
        digits = multihost_utils.process_allgather(digits)
        sizes = [int(high) * _PIECE + int(low) for high, low in digits]
        everything: list[list[np.ndarray]] = [[] for _ in sizes]
        for start in range(0, max(sizes), _PIECE):
            piece = np.zeros(min(_PIECE, max(sizes) - start), "uint8")
            own = content[start : start + _PIECE]
            piece[: len(own)] = own
            gathered = multihost_utils.process_allgather(piece)
            for pieces, each in zip(everything, gathered, strict=True):
                pieces.append(each)
        return [
            _read(np.concatenate(pieces)[:size])
            for pieces, size in zip(everything, sizes, strict=True)
        ]


def _read(content):
    with np.load(io.BytesIO(content.tobytes()), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
