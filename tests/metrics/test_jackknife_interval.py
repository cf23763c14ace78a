"""The jackknife beside what is known in closed form."""

import numpy as np
from scipy import stats

from keras_padpos.metrics import jackknife_interval


def without_each(values):
    return (values.sum() - values) / (len(values) - 1)


def test_of_a_mean_it_is_students_interval():
    # Far from 0 the logarithm is straight, so this is the interval of a mean.
    values = 1000 + np.random.default_rng(0).normal(size=40)
    low, high = jackknife_interval(values.mean(), without_each(values))
    reach = stats.t.ppf(0.975, 39) * values.std(ddof=1) / np.sqrt(40)
    np.testing.assert_allclose(
        [low, high], [values.mean() - reach, values.mean() + reach], atol=2e-3
    )


def test_of_a_square_it_covers_the_truth():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        values = rng.normal(2.0, 1.0, 32)
        low, high = jackknife_interval(
            values.mean() ** 2, without_each(values) ** 2
        )
        covered += low <= 4.0 <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_only_the_spread_of_replicates_counts():
    replicates = np.array([1.0, 1.1, 0.9])
    np.testing.assert_allclose(
        jackknife_interval(3.0, replicates),
        jackknife_interval(3.0, 10 * replicates),
    )


def test_nothing_is_known_from_a_single_group():
    assert jackknife_interval(1.0, np.array([1.0])) is None
    assert jackknife_interval(1.0, np.array([1.0, 0.0])) is None


def test_a_figure_of_nothing_is_certain():
    assert jackknife_interval(0.0, np.zeros(5)) == (0.0, 0.0)
