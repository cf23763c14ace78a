import keras
import numpy as np
import pytest

from keras_padpos import layers
from keras_padpos.tasks import score_quadrants

# Small ones, to be quick.
CANVAS = 16


def pictures(number=12):
    rng = np.random.default_rng(0)
    return rng.normal(size=(number, 8, 8, 3)).astype("float32")


def network(mode="zeros", seed=0):
    """With biases, so that borders of zeros show."""
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((None, None, 3))
    for filters in (16, 32):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            padding_mode=mode,
            activation="relu",
            bias_initializer="random_normal",
        )(x)
    return keras.Model(inputs, x)


def weights(model):
    return [keras.ops.convert_to_numpy(each) for each in model.weights]


def corner_network():
    """Never sees the first cell of a canvas, nor, in channel 1, the last."""
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(2, 3, padding="same", use_bias=False)(inputs)
    model = keras.Model(inputs, x)
    kernel = np.zeros((3, 3, 3, 2))
    kernel[2, 2, 0, 0] = kernel[0, 0, 1, 1] = 1
    model.layers[1].kernel.assign(kernel)
    return model


def corner_pictures(number):
    """Bright in the first cell, and in the last."""
    x = np.zeros((number, 8, 8, 3), "float32")
    x[:, 0, 0, 0] = x[:, -1, -1, 1] = 100.0
    return x


def test_a_network_that_wraps_round_is_right_half_of_the_time():
    scores = score_quadrants(
        network("circular"),
        pictures(),
        canvas=CANVAS,
        splits=("released", "disjoint"),
        epochs=2,
    )
    for found in scores.values():
        assert found["accuracy"] == 0.5
        assert found["difference"] < 1e-4
    assert scores["released"]["test_images"] == 12
    assert scores["disjoint"]["test_images"] == 4
    assert scores["disjoint"]["train_images"] == 4


def test_the_border_decides_what_a_network_knows():
    x = corner_pictures(12)
    options = {"canvas": CANVAS, "epochs": 3, "splits": ("disjoint",)}
    near = score_quadrants(corner_network(), x, 0, **options)["disjoint"]
    far = score_quadrants(corner_network(), x, 1, **options)["disjoint"]
    assert (near["accuracy"], far["accuracy"]) == (1.0, 0.5)
    assert near["difference"] == pytest.approx(2.0)
    assert far["difference"] == 0.0


def test_a_frozen_network_stays_as_it_is_and_another_does_not():
    model = network()
    before = weights(model)
    options = {"canvas": CANVAS, "epochs": 1, "seed": 3}
    frozen = score_quadrants(model, pictures(), **options)
    for old, new in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(old, new)
    trained = score_quadrants(model, pictures(), frozen=False, **options)
    assert any(
        (old != new).any()
        for old, new in zip(before, weights(model), strict=True)
    )
    assert "difference" in frozen["disjoint"]
    assert "difference" not in trained["disjoint"]


def test_progress_counts_canvases_or_epochs():
    options = {"canvas": CANVAS, "epochs": 2, "splits": ("released",)}
    for frozen, total in ((True, 2 * len(pictures())), (False, 2)):
        counts = []
        score_quadrants(
            network(),
            pictures(),
            frozen=frozen,
            advance=counts.append,
            **options,
        )
        assert sum(counts) == total


def test_splits_do_not_see_each_other():
    options = {"canvas": CANVAS, "epochs": 1, "frozen": False}
    alone = score_quadrants(network(), pictures(), **options)["disjoint"]
    both = score_quadrants(
        network(), pictures(), splits=("released", "disjoint"), **options
    )["disjoint"]
    assert both == pytest.approx(alone, abs=1e-5)


def test_disjoint_sets_are_thirds_in_order():
    x = corner_pictures(9)
    # The last third says nothing.
    x[6:] = 0.0
    found = score_quadrants(corner_network(), x, canvas=CANVAS, epochs=3)
    assert found["disjoint"]["train_accuracy"] == 1.0
    assert found["disjoint"]["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"splits": ("halves",)}, r"`splits` must be one of.*'halves'"),
        ({"pictures": pictures(2)}, r"`pictures` must be 3 or more.*2"),
        ({"border": -1}, r"`border` must be"),
    ],
)
def test_errors(arguments, message):
    arguments = {"pictures": pictures(), "canvas": CANVAS, **arguments}
    with pytest.raises(ValueError, match=message):
        score_quadrants(network(), **arguments)
