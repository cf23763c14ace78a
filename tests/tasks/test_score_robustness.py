"""Scores of classifiers under attack do not depend on what they should not."""

import tracemalloc

import keras
import numpy as np
import pytest
from keras import ops

from keras_padpos import layers
from keras_padpos import tasks
from keras_padpos.training import variable_state


def data(count=12, size=8):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (count, size, size, 3)).astype("uint8")
    return pictures, np.arange(count) % 2


def place_net(size=8):
    """Its loss tells where pixels are not grey."""
    inputs = keras.Input((size, size, 3))
    changed = ops.cast(ops.any(inputs != 100.0, axis=-1), "float32")
    weights = np.random.default_rng(0).random((size, size)).astype("float32")
    told = ops.sum(changed * weights, axis=(1, 2))[:, None]
    return keras.Model(inputs, ops.concatenate([0 * told, told], axis=-1))


def test_squares_lie_in_the_same_places_whatever_they_are_filled_with():
    grey, labels = np.full((150, 8, 8, 3), 100, "uint8"), np.zeros(150, int)
    losses = {
        row["cross_entropy"]
        for batch_size in (64, 20)
        for row in tasks.score_robustness(
            place_net(),
            grey,
            labels,
            (grey, labels),
            fills=["black", "white", "random"],
            attacks=[],
            batch_size=batch_size,
        )[0]
        if row["fill"]
    }
    np.testing.assert_allclose(list(losses), max(losses), rtol=1e-6)
    assert max(losses) > 1


def test_rows_do_not_depend_on_those_before():
    keras.utils.set_random_seed(0)
    conv = layers.Conv2D(2, 3, padding="same", padding_mode="randn")
    pool = keras.layers.GlobalAveragePooling2D()
    scale = keras.layers.Rescaling(1 / 255)
    model = keras.Sequential([keras.Input((8, 8, 3)), scale, conv, pool])
    before = variable_state(model.variables)
    assert len(before) > len(model.weights)
    whole, alone = (
        tasks.score_robustness(
            model,
            *data(),
            data(),
            shares=(),
            epsilons=[8.0],
            steps=2,
            universal_epochs=1,
            batch_size=8,
            **options,
        )[0]
        for options in (
            {"fills": ["random", "black"]},
            {"fills": ["black"], "attacks": ["universal"]},
        )
    )
    assert [row for row in whole if row in alone] == alone
    after = variable_state(model.variables)
    for name, each in before.items():
        np.testing.assert_array_equal(after[name], each)


def test_noise_is_not_made_of_all_pictures_at_once():
    grey = np.full((2048, 16, 16, 3), 100, "uint8")
    labels = np.zeros(len(grey), int)
    model = place_net(16)
    tracemalloc.start()
    try:
        tasks.score_robustness(
            model, grey, labels, (grey, labels), attacks=["noise"], shares=()
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # As float32, and once more for what predicts; not as int64 and float64.
    assert peak < 4 * 4 * grey.size


def test_noise_is_of_random_signs():
    grey, labels = np.full((70, 8, 8, 3), 100, "uint8"), np.zeros(70, int)
    seen = []

    class Watched(keras.Model):
        def predict(self, x, **options):
            seen.append(x)
            return super().predict(x, **options)

    inputs = keras.Input((8, 8, 3))
    model = Watched(inputs, keras.layers.Flatten()(inputs))
    tasks.score_robustness(
        model, grey, labels, (grey, labels), attacks=["noise"], shares=()
    )
    clean, small, large = seen
    signs = np.random.default_rng(0).integers(0, 2, grey.shape) * 2 - 1
    np.testing.assert_array_equal(clean, grey)
    np.testing.assert_array_equal(small, 100 + 2 * signs)
    np.testing.assert_array_equal(large, 100 + 8 * signs)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"universal_epochs": 0}, "`universal_epochs` must be an int of at"),
        ({"epsilons": [-1.0]}, "`epsilons` must be a number of 0 or more"),
        ({"step": np.nan}, "`step` must be a number of 0 or more"),
        ({"steps": -1}, "`steps` must be an int of 0 or more"),
        ({"batch_size": 0}, "`batch_size` must be an int of at least 1"),
        ({"labels": np.full(12, 2)}, "`labels` must be classes from 0 to 1"),
        ({"labels": [0, 1]}, "`labels` must be one for each picture"),
        ({"known": (data()[0], [0])}, "`known` must be one for each picture"),
        ({"known": (data()[0], [9] * 12)}, "`known` must be classes from 0"),
    ],
)
def test_errors(options, said):
    pictures, labels = data()
    given = {
        "pictures": pictures,
        "labels": labels,
        "known": (pictures, labels),
        "attacks": ["noise"],
        **options,
    }
    with pytest.raises(ValueError, match=said):
        tasks.score_robustness(place_net(), **given)


def test_labels_may_be_a_list():
    pictures, labels = data()
    one, same = (
        tasks.score_robustness(
            place_net(), pictures, each, (pictures, each), attacks=["noise"]
        )[0]
        for each in (labels, labels.tolist())
    )
    assert one == same
