"""Running moments beside NumPy's of the whole sample."""

import numpy as np
import pytest

from keras_padpos.ppp.split_moments import SplitMoments


def of(values, parts):
    """Moments of one batch."""
    means = [
        values[parts == part].mean(axis=0)
        if (parts == part).any()
        else np.zeros(values.shape[1:])
        for part in (0, 1)
    ]
    squares = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    return SplitMoments(np.bincount(parts, minlength=2), means, squares)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("sizes", [[1] * 9, [4, 3, 2], [1, 8], [9]])
def test_batches_add_up_to_the_whole(sizes, offset):
    rng = np.random.default_rng(0)
    # Wide enough for several blocks.
    values = offset + rng.normal(size=(9, 40, 1000))
    parts = np.array([0, 1, 1, 0, 1, 1, 1, 0, 1])
    moments = SplitMoments(
        [0, 0], np.zeros((2, 40, 1000)), np.zeros((40, 1000))
    )
    start = 0
    for size in sizes:
        batch = slice(start, start + size)
        moments.merge(of(values[batch], parts[batch]))
        start += size
    np.testing.assert_allclose(
        moments.mean, values.mean(axis=0), rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(
        moments.variance, values.var(axis=0, ddof=1), rtol=1e-7
    )
    for part in (0, 1):
        np.testing.assert_allclose(
            moments.means[part],
            values[parts == part].mean(axis=0),
            rtol=1e-12,
            atol=1e-13,
        )


def test_an_empty_part_counts_for_nothing():
    moments = SplitMoments([2, 0], [[1.0], [99.0]], [0.0])
    moments.merge(SplitMoments([1, 0], [[4.0], [-99.0]], [0.0]))
    assert moments.mean == [2.0]
    assert moments.variance == [3.0]
    moments.merge(SplitMoments([0, 1], [[55.0], [2.0]], [0.0]))
    assert moments.means[1] == [2.0]
    assert moments.mean == [2.0]


def test_nothing_merged_changes_nothing():
    moments = SplitMoments([2, 1], [[1.0], [4.0]], [6.0])
    moments.merge(SplitMoments([0, 0], [[np.nan], [np.nan]], [np.nan]))
    assert moments.mean == [2.0]
    assert moments.variance == [3.0]


def test_the_other_is_left_alone():
    moments = SplitMoments([0], [[0.0]], [0.0])
    other = SplitMoments([1], [[3.0]], [0.0])
    moments.merge(other)
    moments.merge(SplitMoments([1], [[5.0]], [0.0]))
    assert other.mean == [3.0]
    assert other.count == 1


def test_one_sample_has_no_variance():
    with pytest.raises(ValueError, match="at least 2 samples. Received: 1"):
        _ = SplitMoments([1], [[3.0]], [0.0]).variance


def test_state_goes_there_and_back():
    moments = SplitMoments([2, 1], [[1.0], [4.0]], [6.0])
    again = SplitMoments.from_state(moments.state())
    again.merge(SplitMoments([1, 0], [[9.0], [0.0]], [0.0]))
    assert moments.count == 3
    assert again.count == 4


def test_the_order_of_arrays_in_memory_does_not_matter():
    values = np.random.default_rng(0).normal(size=(2, 3, 4))
    one, other = (
        SplitMoments(
            [1], np.asarray(value[None], order="F"), np.zeros((3, 4), order="F")
        )
        for value in values
    )
    one.merge(other)
    np.testing.assert_allclose(one.mean, values.mean(axis=0))
    np.testing.assert_allclose(one.variance, values.var(axis=0, ddof=1))
