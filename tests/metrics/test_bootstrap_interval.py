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


@pytest.mark.parametrize("scores", [[], [0.7]])
def test_fewer_than_two_pictures_have_no_interval(scores):
    assert bootstrap_interval(scores) is None


def test_equal_scores_leave_no_doubt():
    assert bootstrap_interval([0.25, 0.25, 0.25]) == (0.25, 0.25)


def test_the_seed_decides():
    scores = np.random.default_rng(2).normal(size=20)
    first = bootstrap_interval(scores, seed=3)
    np.random.default_rng(0).normal()
    np.random.normal()
    assert bootstrap_interval(scores, seed=3) == first
    assert bootstrap_interval(scores, seed=4) != first
