import numpy as np
import pytest
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos.report.seeds import closest_pair
from keras_padpos.report.seeds import merge_seeds

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
    for metric, seeds in (
        ("spearman", scores.mean(axis=1)),
        ("mae", [0.1, 0.2, 0.6]),
    ):
        assert merged[metric] == pytest.approx(np.mean(seeds))
        sd = merged[f"{metric}_seed_sd"]
        assert sd == pytest.approx(np.std(seeds, ddof=1))
    assert (merged["seed"], merged["seeds"]) == (None, [0, 1, 2])
    low, high = merged["spearman_ci95"]
    assert low < merged["spearman"] < high
    # A single seed stays as it was.
    assert {k: v for k, v in single.items() if k != "seeds"} == other


def seeds_of(base, **change):
    """The seeds of each line of two rows, the second with a change."""
    merged = merge_seeds([base, {**base, "seed": 1, **change}])
    return [row["seeds"] for row in merged]


@pytest.mark.parametrize(
    "seeded",
    [
        RANDOM,
        probe_row(solver="sgd", ridge=None),
        probe_row(backbone="net.keras", weights="random", padding_mode="x"),
    ],
)
def test_what_a_seed_makes_is_one_line(seeded):
    assert seeds_of(seeded) == seeds_of(seeded, ridge=0.1) == [[0, 1]]


@pytest.mark.parametrize("fixed", [probe_row(), rgb_row()])
def test_exact_heads_of_trained_weights_have_no_seeds(fixed):
    (first,) = merge_seeds([fixed, {**fixed, "seed": 1, "spearman": 0.9}])
    assert first == {**fixed, "seeds": [0]}
    assert seeds_of(fixed, pictures="other") == [[0], [1]]


CHANGES = {
    "kernel_size": 1,
    "stages": "4",
    "head_width": 64,
    "solver": "sgd",
    "ridge_asked": "auto",
    "calibration_images": 8,
    "epochs": 3,
    "positions_per_image": 5,
    "train_images": 9,
    "test_set": "black",
    "target": "vertical",
    "padding_mode": "none",
    "pictures": "other",
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_differs_in_more_than_the_seed_stays_apart(name):
    assert seeds_of(RANDOM, **{name: CHANGES[name]}) == [[0], [1]]


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


EXACT, SGD = probe_row(), probe_row(solver="sgd", ridge=None)
SAMPLED = probe_row(positions_per_image=4)
ALL = [SGD, SAMPLED, EXACT]


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
        (ALL, ALL, (EXACT, EXACT, [])),
        (ALL[::-1], ALL[::-1], (EXACT, EXACT, [])),
        # Other pictures are never compared.
        ([EXACT], [probe_row(scores=[0.1, 0.2])], None),
        ([EXACT], [{**EXACT, "pictures": "a"}], None),
        ([EXACT], [probe_row(test_set="black")], None),
        ([EXACT], [], None),
    ],
)
def test_the_most_alike_are_compared(ones, others, pair):
    closest = closest_pair(ones, others)
    # The rows themselves, which hold arrays.
    assert str(closest) == str(pair)
