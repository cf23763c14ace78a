"""What the command line says about devices and machines."""

import os
from typing import TYPE_CHECKING
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.runs.flags import active_flags

if TYPE_CHECKING:
    from keras_padpos.training import OneDevice


def open_devices() -> "OneDevice":
    """Make what `--strategy` names, and meet the other processes.

    A binary calls it first of all: processes must find each other before
    anything is computed.
    """
    values = active_flags()
    names = ("strategy", "num_processes", "coordinator", "process_id")
    settings: list[Any] = [values[name].value for name in names]
    strategy, processes, coordinator, process = settings
    if (coordinator is None) != (processes == 1):
        raise InputError(
            "--coordinator=HOST:PORT and --num_processes of 2 or more go "
            f"together. Received: --coordinator={coordinator}, "
            f"--num_processes={processes}"
        )
    if coordinator is not None and strategy != "data_parallel":
        raise InputError(
            "--coordinator needs --strategy=data_parallel. "
            f"Received: --strategy={strategy}"
        )
    if process >= processes:
        raise InputError(
            f"--process_id must be less than --num_processes={processes}. "
            f"Received: {process}"
        )
    from keras_padpos import training

    if strategy == "none":
        return training.OneDevice()
    if strategy == "mirrored":
        from keras_padpos.training._mirrored import Mirrored

        return Mirrored()
    import keras

    if keras.backend.backend() != "jax":
        raise InputError(
            "--strategy=data_parallel needs the JAX backend "
            "(KERAS_BACKEND=jax); TensorFlow has mirrored. "
            f"Received: {keras.backend.backend()}"
        )
    if coordinator is not None:
        # Else process 0 would listen on all interfaces, whatever the host is.
        os.environ.setdefault("JAX_COORDINATOR_BIND_ADDRESS", coordinator)
        try:
            keras.distribution.initialize(coordinator, processes, process)
        except (RuntimeError, ValueError) as error:
            raise InputError(
                f"Cannot meet the other processes at --coordinator="
                f"{coordinator}: {error}"
            ) from error
    return training.DataParallel()
