import math

import pytest
from scipy import stats

from keras_padpos.runs import formation_summary

VALUES = {
    # Mode: by seed, before and after.
    "zeros": [(1.0, 4.0), (2.0, 4.0)],
    "reflect": [(1.0, 1.0), (1.0, 4.0)],
    "none": [(0.0, 0.0), (0.0, 0.0)],
}


def made_rows(values=VALUES):
    return [
        {
            "padding_mode": mode,
            "seed": seed,
            "step": step,
            "layer": layer,
            "test_accuracy": 0.5 + seed / 10,
            "relative": pair[min(step, 1)],
            "mae": 2 * pair[min(step, 1)],
            "mae_noise": 0.5,
        }
        for layer in ("one", "two")
        for mode, pairs in values.items()
        for seed, pair in enumerate(pairs)
        for step in (0, 7)
    ]


def test_by_hand():
    found = formation_summary(made_rows())
    assert [
        (line["layer"], line["padding_mode"]) for line in found["modes"]
    ] == [(layer, mode) for layer in ("one", "two") for mode in VALUES]
    zeros, reflect, none = found["modes"][:3]
    assert (zeros["start_mean"], zeros["end_mean"]) == (1.5, 4)
    assert zeros["start_sd"] == pytest.approx(math.sqrt(0.5))
    assert (zeros["end_sd"], zeros["seeds"]) == (0, 2)
    assert zeros["accuracy_mean"] == pytest.approx(0.55)
    # Ratios 4 and 2, then 1 and 4.
    assert zeros["ratio"] == pytest.approx(math.sqrt(8))
    # 0.5 of 2 and of 4 before, of 8 and 8 after.
    assert zeros["start_noise"] == pytest.approx((1 / 4 + 1 / 8) / 2)
    assert zeros["end_noise"] == pytest.approx(1 / 16)
    assert none["end_noise"] is None
    reach = stats.t.ppf(0.975, 1) * math.log(2) / 2
    assert zeros["ratio_ci95"] == pytest.approx(
        [math.sqrt(8) * math.exp(sign * reach) for sign in (-1, 1)]
    )
    assert reflect["ratio"] == pytest.approx(2)
    assert (none["end_mean"], none["ratio"], none["ratio_ci95"]) == (
        0,
        None,
        None,
    )
    line = found["layers"][0]
    # Geometric means 4 and 2 after, sqrt(2) and 1 before.
    assert line["end_factor"] == pytest.approx(2)
    assert line["start_factor"] == pytest.approx(math.sqrt(2))
    assert line["growth"] == pytest.approx(math.sqrt(math.sqrt(8) * 2))
    assert line["modes"] == 2
    # After: log2 of values is 2, 2 and 0, 2: mean squares 1 and 1.
    assert line["end_share"] == 0
    # Before, 0, 1 and 0, 0: a quarter each.
    assert line["start_share"] == 0


def test_one_seed_has_no_intervals():
    values = {"zeros": [(1.0, 3.0)], "none": [(0.0, 0.0)]}
    found = formation_summary(made_rows(values))
    line = found["modes"][0]
    assert line["ratio"] == pytest.approx(3)
    assert line["ratio_ci95"] is line["end_sd"] is None
    assert found["layers"][0]["end_share"] is None
    assert found["layers"][0]["growth_ci95"] is None
