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
    # The same seed twice is taken once.
    again = {**rows[1], "mae": 9.0}
    merged, single = merge_seeds([*rows, other, again])
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
    ("base", "change", "seeds"),
    [
        # What a seed makes is a line of seeds.
        (RANDOM, {}, [[0, 1]]),
        (RANDOM, {"ridge": 0.1}, [[0, 1]]),
        (probe_row(solver="sgd", ridge=None), {}, [[0, 1]]),
        (probe_row(solver="adam", ridge=None), {}, [[0, 1]]),
        (
            probe_row(backbone="net.keras", weights="random", padding_mode="x"),
            {},
            [[0, 1]],
        ),
        # What differs in more than the seed stays apart.
        (RANDOM, {"kernel_size": 1}, [[0], [1]]),
        (RANDOM, {"stages": "4"}, [[0], [1]]),
        (RANDOM, {"head_width": 64}, [[0], [1]]),
        (RANDOM, {"solver": "sgd"}, [[0], [1]]),
        (RANDOM, {"ridge_asked": "auto"}, [[0], [1]]),
        (RANDOM, {"calibration_images": 8}, [[0], [1]]),
        (RANDOM, {"epochs": 3}, [[0], [1]]),
        (RANDOM, {"positions_per_image": 5}, [[0], [1]]),
        (RANDOM, {"train_images": 9}, [[0], [1]]),
        (RANDOM, {"test_set": "black"}, [[0], [1]]),
        (RANDOM, {"target": "vertical"}, [[0], [1]]),
        (RANDOM, {"padding_mode": "none"}, [[0], [1]]),
        (RANDOM, {"pictures": "other"}, [[0], [1]]),
        # Exact heads of trained weights have no seeds; the first is taken.
        (probe_row(), {}, [[0]]),
        (probe_row(weights="a.h5"), {"spearman": 0.9}, [[0]]),
        (rgb_row(), {}, [[0]]),
        (rgb_row(), {"pictures": "other"}, [[0], [1]]),
    ],
)
def test_rows_that_differ_in_their_seed_alone_go_together(base, change, seeds):
    merged = merge_seeds([base, {**base, "seed": 1, **change}])
    assert [row["seeds"] for row in merged] == seeds
    if seeds == [[0]]:
        assert merged[0]["spearman"] == base["spearman"]
        assert "spearman_seed_sd" not in merged[0]


def test_other_pictures_go_together_only_if_asked():
    random = [
        {**probe_row(0.4, weights="random"), "pictures": "a"},
        {**probe_row(0.6, weights="random", seed=1), "pictures": "b"},
    ]
    trained = [{**row, "weights": "a.h5"} for row in random]
    merged, *apart = merge_seeds([*random, *trained], same_pictures=False)
    assert merged["spearman"] == pytest.approx(0.5)
    assert merged["scores"] is None
    assert merged["spearman_ci95"] is None
    assert [row["seeds"] for row in apart] == [[0], [1]]


def test_every_network_is_set_against_the_first():
    scores = np.random.default_rng(0).uniform(size=(5, 30))
    rows = [
        probe_row(scores=scores[0]),
        probe_row(scores=scores[1], padding_mode="reflect"),
        # Seeds are averaged before.
        probe_row(scores=scores[2], weights="random"),
        probe_row(scores=scores[3], weights="random", seed=1),
        # Nothing to compare it with: another head.
        rgb_row(scores=scores[4], kernel_size=7),
    ]
    differences = network_differences(merge_seeds(rows))
    ours = [scores[1], scores[2:4].mean(axis=0)]
    for row, own in zip(differences, ours, strict=True):
        mean, interval = paired_difference(own, scores[0])
        assert row["difference"] == pytest.approx(mean)
        assert row["difference_ci95"] == pytest.approx(interval)
    rows = [probe_row(scores=[0.5]), rgb_row(scores=[0.25])]
    (row,) = network_differences(merge_seeds(rows))
    assert (row["difference"], row["difference_ci95"]) == (-0.25, None)


EXACT, SGD = probe_row(), probe_row(solver="sgd", ridge=None)
SAMPLED = probe_row(positions_per_image=4)


@pytest.mark.parametrize(
    ("ones", "others", "pair"),
    [
        # The most alike, then the best fitted.
        ([EXACT, SGD], [SAMPLED, SGD], (SGD, SGD, [])),
        (
            [EXACT],
            [SGD, SAMPLED],
            (EXACT, SAMPLED, ["positions per image 36, 4"]),
        ),
        ([SGD, SAMPLED, EXACT], [SGD, SAMPLED, EXACT], (EXACT, EXACT, [])),
        ([EXACT, SAMPLED, SGD], [EXACT, SAMPLED, SGD], (EXACT, EXACT, [])),
        # Other pictures are never compared.
        ([EXACT], [probe_row(scores=[0.1, 0.2])], None),
        ([EXACT], [{**EXACT, "pictures": "a"}], None),
        ([EXACT], [probe_row(test_set="black")], None),
        ([EXACT], [], None),
    ],
)
def test_the_most_alike_are_compared(ones, others, pair):
    closest = closest_pair(ones, others)
    if pair is None:
        assert closest is None
    else:
        assert closest[0] is pair[0] and closest[1] is pair[1]
        assert closest[2] == pair[2]
