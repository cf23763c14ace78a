import numpy as np
import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos.metrics import paired_difference
from keras_padpos.report.seeds import closest_pair
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.report.seeds import network_differences


def test_every_network_is_set_against_the_first():
    scores = np.random.default_rng(0).uniform(size=(4, 30))
    rows = [
        probe_row(scores=scores[0]),
        probe_row(scores=scores[1], padding_mode="reflect"),
        rgb_row(scores=scores[2]),
        # Nothing to compare it with: another head.
        rgb_row(scores=scores[3], kernel_size=7),
    ]
    found = network_differences(merge_seeds(rows))
    assert [row["padding_mode"] for row in found] == ["reflect", "none"]
    for row, ours in zip(found, scores[1:], strict=False):
        mean, interval = paired_difference(ours, scores[0])
        assert row["difference"] == mean
        assert row["difference_ci95"] == interval


def test_seeds_are_averaged_before():
    scores = np.random.default_rng(1).uniform(size=(3, 30))
    rows = [probe_row(scores=scores[0])]
    rows += [
        probe_row(scores=scores[seed], weights="random", seed=seed)
        for seed in (1, 2)
    ]
    (found,) = network_differences(merge_seeds(rows))
    mean, interval = paired_difference(scores[1:].mean(axis=0), scores[0])
    assert found["difference"] == pytest.approx(mean)
    assert found["difference_ci95"] == pytest.approx(interval)


def test_one_picture_has_a_difference_without_interval():
    rows = [probe_row(scores=[0.5]), rgb_row(scores=[0.25])]
    (found,) = network_differences(merge_seeds(rows))
    assert (found["difference"], found["difference_ci95"]) == (-0.25, None)


def test_the_most_alike_are_compared():
    exact, sgd = probe_row(), probe_row(solver="sgd", ridge=None)
    sampled = probe_row(positions_per_image=4)
    one, other, differences = closest_pair([exact, sgd], [sampled, sgd])
    assert (one, other, differences) == (sgd, sgd, [])
    one, other, differences = closest_pair([exact], [sgd, sampled])
    assert other is sampled
    assert differences == ["positions per image 36, 4"]


@pytest.mark.parametrize("reverse", [False, True])
def test_of_pairs_that_are_as_alike_the_best_fitted_is_compared(reverse):
    rows = [
        probe_row(solver="sgd", ridge=None),
        probe_row(positions_per_image=4),
        probe_row(),
    ]
    rows = rows[::-1] if reverse else rows
    one, other, differences = closest_pair(rows, rows)
    assert differences == []
    assert one is other
    assert (one["solver"], one["positions_per_image"]) == ("exact", 36)


def test_other_pictures_are_never_compared():
    other = probe_row(scores=[0.1, 0.2])
    assert closest_pair([probe_row()], [other]) is None
    pictures = {**probe_row(), "pictures": "a"}
    assert closest_pair([probe_row()], [pictures]) is None
    assert closest_pair([probe_row()], [probe_row(test_set="black")]) is None
    assert closest_pair([probe_row()], []) is None
