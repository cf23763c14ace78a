import numpy as np
import pytest

from keras_padpos.metrics import bootstrap_interval
from keras_padpos.probes.evaluation import Evaluation

TARGET = np.array([[0.0, 1.0, 2.0, 3.0]])
MAPS = np.array(
    [
        [[0.0, 1.0, 2.0, 3.0]],  # right: SPC 1, MAE 0
        [[3.0, 2.0, 1.0, 0.0]],  # reversed: SPC -1, MAE (3+1+1+3)/4 = 2
        [[1.0, 1.0, 1.0, 1.0]],  # constant: SPC 0, MAE (1+0+1+2)/4 = 1
        [[1.0, 0.0, 2.0, 3.0]],  # one swap: SPC 1 - 6*2/(4*15) = .8, MAE .5
    ]
)
SPEARMAN = [1, -1, 0, 0.8]
MAE = [0, 2, 1, 0.5]


def test_a_row_is_the_mean_over_pictures_as_computed_by_hand():
    evaluation = Evaluation(TARGET, seed=5)
    evaluation.update(MAPS)
    row = evaluation.row()
    assert list(row) == [
        "images",
        "photographs",
        "spearman",
        "spearman_sd",
        "spearman_ci95",
        "mae",
        "chance_mae",
    ]
    assert row["images"] == 4
    assert row["spearman"] == pytest.approx(0.2)
    assert row["spearman_sd"] == pytest.approx(np.std(SPEARMAN))
    assert row["mae"] == pytest.approx(0.875)
    assert row["chance_mae"] == 1  # the median 1.5: (1.5+.5+.5+1.5)/4
    assert row["photographs"] == 4
    assert row["spearman_ci95"] is None


def test_the_interval_resamples_photographs():
    evaluation = Evaluation(TARGET, seed=5)
    for _ in range(4):
        evaluation.update(MAPS)
    numbers = [0, 1, 2, 3, 4, 5, 6, 7] * 2
    row = evaluation.row(numbers)
    assert (row["images"], row["photographs"]) == (16, 8)
    interval = bootstrap_interval(SPEARMAN * 4, photographs=numbers, seed=5)
    assert row["spearman_ci95"] == pytest.approx(interval)


def test_arrays_hold_each_pictures_scores_and_the_median_map():
    evaluation = Evaluation(TARGET)
    evaluation.update(MAPS)
    arrays = evaluation.arrays()
    np.testing.assert_allclose(arrays["spearman"], SPEARMAN, atol=1e-12)
    np.testing.assert_allclose(arrays["mae"], MAE)
    np.testing.assert_array_equal(arrays["target"], TARGET)
    np.testing.assert_array_equal(arrays["median_map"], np.median(MAPS, axis=0))
    np.testing.assert_array_equal(arrays["examples"], MAPS)


def test_the_examples_are_the_first_four_pictures():
    evaluation = Evaluation(TARGET)
    maps = np.arange(7.0)[:, None, None] + TARGET
    evaluation.update(maps[:3])
    evaluation.update(maps[3:])
    np.testing.assert_array_equal(evaluation.arrays()["examples"], maps[:4])


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_batches_do_not_matter(batch):
    whole, parts = Evaluation(TARGET), Evaluation(TARGET)
    whole.update(MAPS)
    for start in range(0, 4, batch):
        parts.update(MAPS[start : start + batch])
    assert parts.row() == whole.row()
    for name, array in whole.arrays().items():
        np.testing.assert_array_equal(parts.arrays()[name], array)


def test_one_picture_has_no_interval():
    evaluation = Evaluation(TARGET)
    evaluation.update(MAPS[3:])
    row = evaluation.row()
    assert row["spearman_ci95"] is None
    assert row["spearman"] == pytest.approx(0.8)
