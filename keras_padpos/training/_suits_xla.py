"""Where XLA makes training faster."""

import keras

from keras_padpos.training.one_device import OneDevice


def suits_xla(spread: OneDevice | None = None) -> bool:
    """Whether to compile the training of convolutional networks with XLA.

    On JAX always; on TensorFlow with an accelerator, but not on processors
    alone, where its convolutions are slower than TensorFlow's own
    (`python -m tools.benchmark canvas --jit=0,1`), nor with several: XLA
    cannot compile a step that is spread over them. On PyTorch never.

    Example:

    >>> isinstance(suits_xla(), bool)
    True

    Args:
        spread: What to train on.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        return backend == "jax"
    if spread is not None and spread.devices > 1:
        return False
    return any(
        not device.startswith("cpu")
        for device in keras.distribution.list_devices()
    )
