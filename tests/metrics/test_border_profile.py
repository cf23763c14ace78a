"""Distance to the border, and the contrasts of sides."""

import numpy as np
import pytest

from keras_padpos.metrics import border_profile
from keras_padpos.metrics import side_asymmetry
from keras_padpos.metrics._border_distance import border_distance


@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (5, 3), (2, 7)])
def test_distance_counts_cells_to_the_nearest_border(shape):
    height, width = shape
    expected = [
        [min(i, j, height - 1 - i, width - 1 - j) for j in range(width)]
        for i in range(height)
    ]
    np.testing.assert_array_equal(border_distance(*shape), expected)


def test_profile_is_the_mean_of_each_ring():
    values = np.random.default_rng(0).uniform(size=(5, 6))
    inner = values[2, 2:4]
    middle = np.concatenate([values[1, 1:5], values[3, 1:5], values[2, [1, 4]]])
    outer = (values.sum() - inner.sum() - middle.sum()) / 18
    np.testing.assert_allclose(
        border_profile(values), [outer, middle.mean(), inner.mean()]
    )


def test_sides_are_told_apart():
    values = np.zeros((3, 5))
    values[:, 0] = 2.0
    assert side_asymmetry(values) == (1.0, 0.0)
    assert side_asymmetry(values.T[::-1]) == (0.0, -1.0)
    assert side_asymmetry(np.zeros((2, 2))) == (0.0, 0.0)


def test_the_middle_column_is_of_neither_side():
    assert side_asymmetry(np.array([[1.0, 100.0, 3.0]])) == (-0.5, 0.0)
