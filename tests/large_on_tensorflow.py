"""A case that `.ci/run` leaves to its later part.

Only those of TensorFlow are many enough for that: JAX and PyTorch run fewer
tests, and all cases of them at once.
"""

import keras
import pytest

_MARKS = (pytest.mark.large,) if keras.backend.backend() == "tensorflow" else ()


def large_on_tensorflow(*values):
    """`pytest.param` with that mark."""
    return pytest.param(*values, marks=_MARKS)
