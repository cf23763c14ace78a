"""Blurs and adaptive sampling against NumPy, and under shifts."""

import keras
import numpy as np
import pytest
import scipy.ndimage
from keras import ops

from keras_padpos.layers import BlurPool2D
from keras_padpos.layers import PolyphaseSampling2D

FILTERS = {1: [1], 3: [1, 2, 1], 4: [1, 3, 3, 1]}
SCIPY = {"zeros": "constant", "circular": "wrap", "reflect": "mirror"}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def run(layer, x, first=False):
    """In the layer's data format and back."""
    if first:
        x = np.moveaxis(x, -1, 1)
    y = ops.convert_to_numpy(layer(x))
    return np.moveaxis(y, 1, -1) if first else y


@pytest.mark.parametrize("mode", SCIPY)
@pytest.mark.parametrize(
    "strides, size", [(2, 3), (2, 4), ((1, 2), (1, 3)), (3, 1), ((2, 3), 4)]
)
def test_a_blur_is_scipys_every_few_cells(mode, strides, size):
    x = noise(2, 7, 9, 3)
    layer = BlurPool2D(strides, size, padding_mode=mode)
    expected = x
    sizes = (size, size) if isinstance(size, int) else size
    for axis, cells in enumerate(sizes, start=1):
        taps = np.array(FILTERS[cells]) / sum(FILTERS[cells])
        # scipy's window of an even size begins a cell further in front.
        origin = -1 if cells == 4 else 0
        expected = scipy.ndimage.correlate1d(
            expected, taps, axis, mode=SCIPY[mode], origin=origin
        )
    down, across = (strides,) * 2 if isinstance(strides, int) else strides
    expected = expected[:, ::down, ::across]
    np.testing.assert_allclose(run(layer, x), expected, atol=1e-5)
    assert layer.compute_output_shape(x.shape) == expected.shape


@pytest.mark.parametrize("shift", [(0, 1), (1, 0), (3, 5)])
@pytest.mark.parametrize("strides", [2, (1, 3), (3, 2)])
def test_what_is_sampled_moves_with_the_map(strides, shift):
    x = noise(4, 12, 6, 3)
    layer = PolyphaseSampling2D(strides)
    one, other = run(layer, x), run(layer, np.roll(x, shift, (1, 2)))
    # The same cells in the same circle; where it begins is of no account.
    for before, after in zip(one, other, strict=True):
        assert any(
            np.array_equal(np.roll(before, (i, j), (0, 1)), after)
            for i in range(before.shape[0])
            for j in range(before.shape[1])
        )
    assert layer.compute_output_shape(x.shape) == one.shape


def test_the_largest_grid_is_taken_of_each_example():
    x = noise(3, 4, 4, 2)
    x[0, 1::2, 0::2] += 9
    x[1, 0::2, 1::2] += 9
    x[2, 1::2, 1::2] += 9
    y = run(PolyphaseSampling2D(), x)
    expected = [x[0, 1::2, 0::2], x[1, 0::2, 1::2], x[2, 1::2, 1::2]]
    np.testing.assert_array_equal(y, expected)


def test_a_guide_decides():
    x, guide = noise(1, 4, 4, 2), noise(1, 4, 4, 5, seed=1)
    guide[:, 0::2, 1::2] += 9
    y = ops.convert_to_numpy(PolyphaseSampling2D()([x, guide]))
    np.testing.assert_array_equal(y, x[:, 0::2, 1::2])


@pytest.mark.parametrize(
    "make",
    [
        lambda **more: BlurPool2D(2, 4, padding_mode="reflect", **more),
        PolyphaseSampling2D,
    ],
)
def test_layouts_and_configuration(make):
    x = noise(2, 6, 8, 3)
    expected = run(make(data_format="channels_last"), x)
    first = make(data_format="channels_first")
    if keras.backend.backend() != "tensorflow":
        np.testing.assert_allclose(run(first, x, first=True), expected, 1e-5)
    again = type(first).from_config(first.get_config())
    assert again.get_config() == first.get_config()


def test_sizes_that_strides_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="`strides` must divide height"):
        PolyphaseSampling2D(2)(noise(1, 6, 7, 1))
