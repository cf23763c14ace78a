"""Cases that `.ci/run` leaves to its later part.

TensorFlow runs most tests, and has such a part. JAX and PyTorch run fewer, and
all cases of them at once, but for whole networks on JAX, which compiles each of
their shapes: those are for PyTorch and for TensorFlow's later part.
"""

import keras
import pytest

_BACKEND = keras.backend.backend()
_LARGE = (pytest.mark.large,)


def large_on_tensorflow(*values):
    """`pytest.param` with that mark."""
    marks = _LARGE if _BACKEND == "tensorflow" else ()
    return pytest.param(*values, marks=marks)


def large_network(*values):
    """`pytest.param` of a whole network, with that mark on JAX too."""
    return pytest.param(*values, marks=() if _BACKEND == "torch" else _LARGE)
