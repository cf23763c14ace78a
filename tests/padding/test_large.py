import keras
import numpy as np
import pytest
from oracles import numpy_pad

from keras_padpos import padding

pytestmark = pytest.mark.large


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (2, 4100, 4096, 64), dtype="uint8")
    assert x.size > 2**31
    return x


@pytest.mark.parametrize(
    "name", ["reflect", "symmetric", "replicate", "circular"]
)
def test_more_than_2_to_the_31_elements_are_right(picture, name):
    # Where TensorFlow's MirrorPad, up to 2.21, gives wrong numbers.
    y = keras.ops.convert_to_numpy(
        padding.get(name).pad(picture, [(0, 0), (2, 2), (1, 1), (0, 0)])
    )
    np.testing.assert_array_equal(y[:, 2:-2, 1:-1], picture)
    # Both ends suffice for the frame: eight rows of each, joined.
    ends = np.concatenate([picture[:, :8], picture[:, -8:]], axis=1)
    framed = numpy_pad(ends, [(0, 0), (2, 2), (1, 1), (0, 0)], name)
    np.testing.assert_array_equal(y[:, :10], framed[:, :10])
    np.testing.assert_array_equal(y[:, -10:], framed[:, -10:])
