import numpy as np
import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos.metrics import paired_difference
from keras_padpos.report.seeds import closest_pair
from keras_padpos.report.seeds import merge_seeds
from keras_padpos.report.seeds import network_differences

RANDOM = probe_row(weights="random")


def test_seeds_are_one_row_of_means():
    scores = np.random.default_rng(0).uniform(size=(3, 20))
    rows = [
        probe_row(seed=seed, weights="random", scores=scores[seed], mae=mae)
        for seed, mae in enumerate([0.1, 0.2, 0.6])
    ]
    other = probe_row(scores=scores[0])
    merged, single = merge_seeds([*rows, other])
    np.testing.assert_allclose(merged["scores"], scores.mean(axis=0))
    assert merged["spearman"] == pytest.approx(scores.mean())
    assert merged["spearman_seed_sd"] == pytest.approx(
        np.std(scores.mean(axis=1), ddof=1)
    )
    assert merged["mae"] == pytest.approx(0.3)
    assert merged["mae_seed_sd"] == pytest.approx(
        np.std([1, 2, 6], ddof=1) / 10
    )
    assert (merged["seed"], merged["seeds"]) == (None, [0, 1, 2])
    low, high = merged["spearman_ci95"]
    assert low < merged["spearman"] < high
    # A single seed stays as it was.
    assert {k: v for k, v in single.items() if k != "seeds"} == other


@pytest.mark.parametrize(
    "change",
    [
        {"kernel_size": 1},
        {"stages": "4"},
        {"head_width": 64},
        {"solver": "sgd"},
        {"ridge_asked": "auto"},
        {"calibration_images": 8},
        {"epochs": 3},
        {"positions_per_image": 5},
        {"train_images": 9},
        {"test_set": "black"},
        {"target": "vertical"},
        {"padding_mode": "none"},
    ],
)
def test_what_differs_in_more_than_the_seed_stays_apart(change):
    rows = [RANDOM, {**RANDOM, "seed": 1, **change}]
    assert [row["seeds"] for row in merge_seeds(rows)] == [[0], [1]]


@pytest.mark.parametrize(
    "change",
    [
        {"weights": "random"},
        {"solver": "sgd", "ridge": None},
        {"solver": "adam", "ridge": None},
        {"backbone": "net.keras", "weights": "random", "padding_mode": "own"},
    ],
)
def test_what_a_seed_makes_is_a_line_of_seeds(change):
    rows = [probe_row(0.4, **change), probe_row(0.6, seed=1, **change)]
    (merged,) = merge_seeds(rows)
    assert (merged["seed"], merged["seeds"]) == (None, [0, 1])
    assert merged["spearman"] == pytest.approx(0.5)


@pytest.mark.parametrize("same_pictures", [True, False])
@pytest.mark.parametrize(
    "change", [{}, {"backbone": "rgb", "weights": "none"}, {"weights": "a.h5"}]
)
def test_exact_heads_of_trained_weights_have_no_seeds(change, same_pictures):
    first = probe_row(0.4, seed=3, **change)
    again = probe_row(0.6, seed=1, **change)
    (kept,) = merge_seeds([first, again], same_pictures=same_pictures)
    assert (kept["seed"], kept["seeds"]) == (3, [3])
    assert kept["spearman"] == first["spearman"]
    assert "spearman_seed_sd" not in kept
    rows = [{**first, "pictures": "a"}, {**again, "pictures": "b"}]
    apart = merge_seeds(rows, same_pictures=same_pictures)
    assert [row["seeds"] for row in apart] == [[3], [1]]


def test_the_same_seed_twice_is_taken_once():
    (merged,) = merge_seeds(
        [probe_row(spc, weights="random") for spc in (0.5, 0.7)]
    )
    assert merged["spearman"] == pytest.approx(0.5)


def test_other_pictures_go_together_only_if_asked():
    rows = [
        {**probe_row(0.4, weights="random"), "pictures": "a"},
        {**probe_row(0.6, weights="random", seed=1), "pictures": "b"},
    ]
    assert len(merge_seeds(rows)) == 2
    (merged,) = merge_seeds(rows, same_pictures=False)
    assert merged["spearman"] == pytest.approx(0.5)
    assert merged["scores"] is None
    assert merged["spearman_ci95"] is None


def test_seeds_with_ridges_of_their_own_go_together(measured):
    rows = [
        probe_row(seed=seed, weights="random", ridge=10.0**-seed)
        for seed in (0, 1)
    ]
    (merged,) = merge_seeds(measured(*rows, ridge="auto"))
    assert merged["seeds"] == [0, 1]


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
