import numpy as np
import pytest
from scipy import stats

from keras_padpos.metrics import holm
from keras_padpos.metrics import mean_p_value

SCORES = np.random.default_rng(0).normal(0.3, 1.0, 24)


@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_it_is_students_t(mean):
    expected = stats.ttest_1samp(SCORES, mean).pvalue
    assert mean_p_value(SCORES, mean=mean) == pytest.approx(expected)


def test_it_is_on_the_means_of_photographs():
    numbers = np.arange(24) % 8
    expected = stats.ttest_1samp(SCORES.reshape(3, 8).mean(axis=0), 0).pvalue
    found = mean_p_value(SCORES, photographs=numbers)
    assert found == pytest.approx(expected)
    assert mean_p_value(SCORES, photographs=numbers % 4) is None


@pytest.mark.parametrize(("scores", "p"), [([0.2] * 3, 0), ([0.0] * 3, 1)])
def test_scores_that_are_all_alike_leave_no_doubt(scores, p):
    assert mean_p_value(scores) == p


def test_holm_rejects_what_the_steps_down_reject():
    rng = np.random.default_rng(1)
    for _ in range(20):
        values = rng.uniform(size=6) ** 3
        level, rejected = 0.1, set()
        # As published: the smallest against level / 6, and so on.
        for step, index in enumerate(np.argsort(values)):
            if values[index] > level / (6 - step):
                break
            rejected.add(index)
        adjusted = np.array(holm(values))
        assert set(np.flatnonzero(adjusted <= level)) == rejected
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1, 1]
