import keras
import numpy as np
import pytest

from keras_padpos.probes._windows import head_size
from keras_padpos.probes._windows import windows


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_a_product_with_the_reshaped_kernel_is_the_convolution(
    kernel_size, padding
):
    # Small whole numbers: every sum is exact, in whatever order.
    rng = np.random.default_rng(kernel_size)
    features = rng.integers(-8, 9, (2, 7, 6, 3)).astype("float32")
    kernel = rng.integers(-8, 9, (kernel_size, kernel_size, 3, 4))
    kernel = kernel.astype("float32")
    padded = np.pad(features, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
    expected = keras.ops.conv(
        padded, kernel, padding="valid", data_format="channels_last"
    )
    seen = windows(features, kernel_size, padding)
    np.testing.assert_array_equal(
        seen @ kernel.reshape(-1, 4),
        keras.ops.convert_to_numpy(expected).reshape(2, -1, 4),
    )
    assert seen.dtype == features.dtype


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_head_size_is_the_number_of_windows(kernel_size, padding):
    seen = windows(np.zeros((1, 9, 9, 1)), kernel_size, padding)
    size = head_size(9, kernel_size, padding)
    assert seen.shape == (1, size**2, kernel_size**2)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_chosen_cells_are_those_of_all_windows(kernel_size, padding):
    features = np.random.default_rng(0).normal(size=(2, 6, 5, 3))
    every = windows(features, kernel_size, padding)
    cells = np.array([[3, 0, every.shape[1] - 1], [1, 2, 5]])
    found = windows(features, kernel_size, padding, cells)
    np.testing.assert_array_equal(found[0], every[0, cells[0]])
    np.testing.assert_array_equal(found[1], every[1, cells[1]])
