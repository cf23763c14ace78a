import itertools

import numpy as np
import pytest

from keras_padpos.metrics import neuron_counts

RNG = np.random.default_rng(0)


def brute_force(latents, labels, identity):
    pairs = [
        (a, b)
        for a, b in itertools.combinations(range(len(latents)), 2)
        if labels[a] == labels[b] and identity[a] != identity[b]
    ]
    one, other = (latents[list(each)] for each in zip(*pairs, strict=True))
    mean = (one.mean(axis=0) + other.mean(axis=0)) / 2
    covariance = ((one - mean) * (other - mean)).mean(axis=0).sum()
    return covariance / latents.var(axis=0).sum()


@pytest.mark.parametrize("repeated", [False, True])
def test_scores_are_the_mean_over_all_pairs(repeated):
    latents = RNG.normal(3, 1, (40, 7)) * RNG.uniform(0.1, 9, 7)
    # Groups of different sizes, one of them of a single sample.
    labels = np.array(["a"] * 17 + ["b"] * 12 + ["c"] * 10 + ["d"])
    latents[:17] += 9
    labels = labels[order := RNG.permutation(40)]
    latents = latents[order]
    other = RNG.integers(0, 4, 40)
    identity = RNG.integers(0, 20, 40) if repeated else np.arange(40)
    found = neuron_counts(
        latents,
        {"labels": labels, "other": other},
        identity=identity if repeated else None,
    )
    for name, each in {"labels": labels, "other": other}.items():
        expected = brute_force(latents, each, identity)
        assert found.scores[name] == pytest.approx(expected, rel=1e-12)
    assert found.scores["labels"] > 0.1


def test_a_factor_that_is_all_gets_all_of_the_score():
    labels = np.repeat(np.arange(5), 6)
    latents = RNG.normal(size=(5, 9))[labels]
    other = np.tile(np.arange(6), 5)
    found = neuron_counts(latents, {"labels": labels, "other": other})
    assert found.scores["labels"] == pytest.approx(1)
    # A crossed factor has only pairs of different labels.
    assert found.scores["other"] == pytest.approx(-1 / 4)


def test_a_picture_is_no_pair_with_itself():
    pictures = np.repeat(np.arange(20), 3)
    latents = RNG.normal(size=(20, 4))[pictures]
    labels = np.repeat(np.arange(2), 30)
    alike = neuron_counts(latents, {"class": labels})
    apart = neuron_counts(latents, {"class": labels}, identity=pictures)
    assert apart.scores["class"] < alike.scores["class"] - 0.05


def test_counts_are_a_softmax_rounded_down():
    # Nothing is encoded: 21 % for each of two factors.
    latents = np.ones((8, 512))
    labels = {"location": np.arange(8) % 2, "class": np.arange(8) // 4}
    found = neuron_counts(latents, labels)
    assert found.scores == {"location": 0, "class": 0}
    assert found.counts == {"location": 108, "class": 108, "residual": 296}
    # One factor that is all has as much as the residual.
    latents = np.repeat(np.arange(4.0), 2)[:, None] * np.ones(6)
    found = neuron_counts(latents, {"one": np.repeat(np.arange(4), 2)})
    assert found.counts == {"one": 3, "residual": 3}


def test_rounding_is_not_encoded():
    labels = np.arange(20) % 2
    latents = 100 + 1e-6 * labels[:, None] * np.ones(3)
    assert neuron_counts(latents, {"one": labels}).scores == {"one": 0}
    latents = 100 + 1e-3 * labels[:, None] * np.ones(3)
    assert neuron_counts(latents, {"one": labels}).scores["one"] > 0.9


@pytest.mark.parametrize(
    ("latents", "factors", "message"),
    [
        (np.ones(4), {"one": np.ones(4)}, r"\(samples, units\)"),
        (np.ones((0, 4)), {"one": np.ones(0)}, r"\(samples, units\)"),
        (np.full((4, 2), np.nan), {"one": np.ones(4)}, "must be finite"),
        (np.ones((4, 2)), {}, "at least one factor"),
        (np.ones((4, 2)), {"residual": np.ones(4)}, "none named 'residual'"),
        (np.ones((4, 2)), {"one": np.ones(3)}, r"`factors\['one'\]` must be"),
        (np.ones((4, 2)), {"one": np.arange(4)}, "No two different samples"),
        (np.ones((1, 2)), {"one": np.ones(1)}, "No two different samples"),
    ],
)
def test_errors(latents, factors, message):
    with pytest.raises(ValueError, match=message):
        neuron_counts(latents, factors)


def test_identities_must_pair_with_samples():
    with pytest.raises(ValueError, match="`identity` must be of shape"):
        neuron_counts(np.ones((4, 2)), {"one": np.ones(4)}, identity=np.ones(3))
