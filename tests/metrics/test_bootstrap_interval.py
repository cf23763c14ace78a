import numpy as np
import pytest
from scipy import stats

from keras_padpos.metrics import bootstrap_interval


@pytest.mark.parametrize(("level", "least", "most"), [(0.95, 88, 99)])
def test_holds_the_true_mean_about_as_often_as_it_says(level, least, most):
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(100):
        scores = rng.normal(0.4, 0.2, size=40)
        low, high = bootstrap_interval(scores, level=level)
        hits += low < 0.4 < high
    assert least <= hits <= most


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_is_as_wide_as_the_normal_theory_says(level):
    scores = np.random.default_rng(1).normal(size=400)
    low, high = bootstrap_interval(scores, level=level)
    width = 2 * stats.norm.ppf((1 + level) / 2) * scores.std() / 20
    assert low < scores.mean() < high
    assert high - low == pytest.approx(width, rel=0.1)


def test_one_picture_has_no_interval():
    assert bootstrap_interval([0.7]) is None


def test_equal_scores_leave_no_doubt():
    assert bootstrap_interval([0.25, 0.25, 0.25]) == (0.25, 0.25)


def test_the_seed_decides():
    scores = np.random.default_rng(2).normal(size=20)
    first = bootstrap_interval(scores, seed=3)
    np.random.default_rng(0).normal()
    np.random.normal()
    assert bootstrap_interval(scores, seed=3) == first
    assert bootstrap_interval(scores, seed=4) != first


def test_crops_of_one_photograph_are_resampled_together():
    # Each crop as often as its photograph: the same means, the same interval.
    scores = np.random.default_rng(0).normal(size=20)
    crops, numbers = np.repeat(scores, 3), np.repeat(np.arange(20), 3)
    together = bootstrap_interval(crops, photographs=numbers, seed=1)
    np.testing.assert_allclose(together, bootstrap_interval(scores, seed=1))
    low, high = bootstrap_interval(crops, seed=1)
    assert high - low < 0.7 * (together[1] - together[0])


def test_photographs_weigh_by_their_crops():
    scores, numbers = [0.0] * 30 + [1.0] * 10, [0] * 30 + list(range(1, 11))
    low, high = bootstrap_interval(scores, photographs=numbers)
    # With the photograph of 30 crops left out, or more than once.
    assert low < 0.2 and high == 1


@pytest.mark.parametrize(("photographs", "some"), [(7, False), (8, True)])
def test_few_photographs_have_no_interval(photographs, some):
    scores = np.random.default_rng(0).normal(size=40)
    numbers = np.arange(40) % photographs
    interval = bootstrap_interval(scores, photographs=numbers)
    assert (interval is not None) == some


def test_each_score_has_a_photograph():
    with pytest.raises(ValueError, match="one number for each score.*Received"):
        bootstrap_interval([0.1, 0.2], photographs=[0])
