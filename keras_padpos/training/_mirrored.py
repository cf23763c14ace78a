"""Training on all GPUs of one machine, with TensorFlow."""

import contextlib
from collections.abc import Sequence

import keras

from keras_padpos.errors import InputError
from keras_padpos.training import OneDevice


class Mirrored(OneDevice):
    """Every GPU trains on its part of each batch (`tf.distribute`).

    `tf.distribute.MirroredStrategy` over all logical GPUs, or, if there are
    none, all logical CPUs. Gradients are added up over the devices.
    BatchNormalization takes its statistics of each device's part alone, so
    networks that have it do not train to the same numbers as on one device;
    Keras' `synchronized=True` would, and `--strategy=data_parallel` does.

    Raises:
        InputError: If the backend is not TensorFlow.
    """

    trains_on_batch = False

    def __init__(self) -> None:
        if keras.backend.backend() != "tensorflow":
            raise InputError(
                "--strategy=mirrored needs the TensorFlow backend; JAX has "
                f"data_parallel. Received: {keras.backend.backend()}"
            )
        import tensorflow as tf

        self._names = [
            f"{kind.lower()}:{number}"
            for kind in ("GPU", "CPU")
            for number, _ in enumerate(tf.config.list_logical_devices(kind))
        ]
        kinds = {name.partition(":")[0] for name in self._names}
        if "gpu" in kinds:
            self._names = [each for each in self._names if "gpu" in each]
        logger = tf.get_logger()
        level = logger.level
        # Which devices it found is in the results.
        logger.setLevel("WARNING")
        self._strategy = tf.distribute.MirroredStrategy(self._names)
        logger.setLevel(level)
        self.devices = self._strategy.num_replicas_in_sync

    @property
    def local_devices(self) -> Sequence[str]:
        """Names of this process' devices for `keras.device`."""
        return list(self._names)

    def scope(self) -> contextlib.AbstractContextManager:
        """Inside, models are made for all devices, and trained on all."""
        return self._strategy.scope()
