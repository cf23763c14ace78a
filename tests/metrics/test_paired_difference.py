import numpy as np
import pytest
from scipy import stats

from keras_padpos.metrics import bootstrap_interval
from keras_padpos.metrics import paired_difference


def test_is_the_interval_of_the_differences():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 40))
    mean, interval = paired_difference(one, other, level=0.9, seed=3)
    assert mean == pytest.approx(one.mean() - other.mean())
    assert interval == bootstrap_interval(one - other, level=0.9, seed=3)


def test_is_as_wide_as_the_paired_t_test_says():
    rng = np.random.default_rng(1)
    other = rng.normal(size=400)
    one = other + rng.normal(0.05, 0.2, size=400)
    mean, (low, high) = paired_difference(one, other)
    theirs = stats.ttest_rel(one, other).confidence_interval()
    assert low == pytest.approx(theirs.low, abs=0.1 * (high - low))
    assert high == pytest.approx(theirs.high, abs=0.1 * (high - low))


def test_pairs_cancel_what_the_pictures_share():
    rng = np.random.default_rng(2)
    other = rng.normal(size=60)
    one = other + 0.05 + rng.normal(scale=0.01, size=60)
    _, (low, high) = paired_difference(one, other)
    assert 0 < low < 0.05 < high
    _, (low, high) = paired_difference(rng.permutation(one), other)
    assert low < 0 < high


def test_swapping_the_two_turns_the_sign():
    one, other = np.random.default_rng(3).normal(size=(2, 30))
    mean, (low, high) = paired_difference(one, other)
    swapped, (other_low, other_high) = paired_difference(other, one)
    assert swapped == pytest.approx(-mean)
    assert (other_low, other_high) == pytest.approx((-high, -low), abs=0.05)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("by", [0.0, 0.1, -0.3])
def test_a_constant_difference_leaves_no_doubt(by):
    scores = np.random.default_rng(4).uniform(-1, 1, size=20)
    mean, (low, high) = paired_difference(scores + by, scores)
    assert (mean, low, high) == pytest.approx((by, by, by), abs=1e-12)
    assert low == high


def test_one_picture_has_no_interval():
    assert paired_difference([0.75], [0.5]) == (0.25, None)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ([1, 2], [1, 2, 3], r"shapes \(2,\) and \(3,\)"),
        ([], [], r"Received: shape \(0,\)"),
        ([[1, 2]], [[1, 2]], r"Received: shape \(1, 2\)"),
        ([1, np.nan], [1, 2], "must be finite"),
        ([1, 2], [1, np.inf], "must be finite"),
    ],
)
def test_scores_that_do_not_pair(one, other, words):
    with pytest.raises(ValueError, match=words):
        paired_difference(one, other)
