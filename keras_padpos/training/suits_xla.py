"""Where XLA makes training faster."""

import keras


def suits_xla() -> bool:
    """Whether to compile the training of convolutional networks with XLA.

    On JAX always; on TensorFlow with an accelerator, but not on processors
    alone, where its convolutions are slower than TensorFlow's own
    (`python -m tools.benchmark canvas --jit=0,1`); on PyTorch never.

    Example:

    >>> isinstance(suits_xla(), bool)
    True
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        return backend == "jax"
    return any(
        not device.startswith("cpu")
        for device in keras.distribution.list_devices()
    )
