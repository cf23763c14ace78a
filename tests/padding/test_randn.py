import keras
import numpy as np
import pytest
from oracles import gradient

from keras_padpos import layers
from keras_padpos import padding

WIDTH = [(0, 0), (2, 2), (1, 1), (0, 0)]


def _draw(mode, x, times=1, width=WIDTH, **options):
    seed = keras.random.SeedGenerator(0)
    return np.stack(
        [
            keras.ops.convert_to_numpy(mode.pad(x, width, seed=seed, **options))
            for _ in range(times)
        ]
    )


def _picture():
    x = np.random.default_rng(0).normal(size=(2, 8, 9, 3)) * 3 + 50
    return x.astype("float32")


def test_the_interior_is_the_input():
    x = _picture()
    np.testing.assert_array_equal(
        _draw(padding.Randn(), x)[0][:, 2:-2, 1:-1], x
    )


@pytest.mark.parametrize("window", [3, 5])
def test_draws_have_the_statistics_of_the_neighbourhood(window):
    x = _picture()
    # Pictures are drawn apart, so that copies in one batch are many draws.
    copies = np.concatenate([x] * 3000)
    draws = _draw(padding.Randn(window), copies)[0]
    draws = draws.reshape(3000, *x.shape[:1], *draws.shape[1:])
    # The frame's corner and the cell above the fourth column.
    for row, column, rows, columns in [
        (0, 0, slice(0, window), slice(0, window)),
        (
            1,
            5,
            slice(0, window),
            slice(4 - window // 2, 4 - window // 2 + window),
        ),
    ]:
        near = x[:, rows, columns].astype("float64")
        mean, deviation = near.mean(axis=(1, 2)), near.std(axis=(1, 2))
        got = draws[:, :, row, column]
        error = 5 * deviation / np.sqrt(len(draws))
        assert np.all(np.abs(got.mean(axis=0) - mean) < error)
        np.testing.assert_allclose(got.std(axis=0), deviation, rtol=0.08)


def test_global_statistics_are_those_of_the_map():
    x = _picture()
    draws = _draw(padding.Randn(statistic="global"), x, times=500)
    frame = draws[:, :, 0]
    np.testing.assert_allclose(
        frame.mean(axis=(0, 2)), x.mean(axis=(1, 2)), atol=0.3
    )
    np.testing.assert_allclose(
        frame.std(axis=(0, 2)), x.std(axis=(1, 2)), rtol=0.05
    )


def test_cells_pictures_and_channels_are_drawn_apart():
    x = np.tile(_picture()[:1, :, :, :1], (2, 1, 1, 2))
    draw = _draw(padding.Randn(statistic="global"), x)[0][:, 0]
    assert len(np.unique(draw)) == draw.size


def test_no_gradient_flows_through_the_statistics():
    slope = gradient(
        lambda t: padding.Randn().pad(t, WIDTH),
        _picture(),
        np.ones((2, 12, 11, 3), "float32"),
    )
    assert np.all(slope == 1.0)


def test_a_constant_picture_stays_constant():
    x = np.full((1, 6, 6, 2), 7.3, "float32")
    draw = _draw(padding.Randn(), x, training=True)
    np.testing.assert_allclose(draw, 7.3, rtol=1e-6)


def test_deterministic_inference_gives_the_mean():
    x = _picture()
    mode = padding.Randn(deterministic=True)
    still = _draw(mode, x, times=2)
    np.testing.assert_array_equal(still[0], still[1])
    np.testing.assert_allclose(
        still[0][:, 0, 0], x[:, :3, :3].mean(axis=(1, 2)), rtol=1e-5
    )
    trained = _draw(mode, x, times=2, training=True)
    assert np.any(trained[0] != trained[1])


def test_a_layer_draws_anew_and_repeats_with_its_seed():
    x = _picture()

    def calls(seed, count=2):
        layer = layers.Padding2D(1, padding_mode=padding.Randn(seed=seed))
        return [keras.ops.convert_to_numpy(layer(x)) for _ in range(count)]

    first, second = calls(1)
    again, _ = calls(1)
    other, _ = calls(2)
    assert np.any(first != second)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize("name", ["randn", "random_sides"])
def test_the_seed_belongs_to_the_layer_and_its_model(name):
    inputs = keras.Input((8, 8, 2))
    model = keras.Model(inputs, layers.Padding2D(1, padding_mode=name)(inputs))
    assert len(model.non_trainable_variables) == 1
    assert model.weights == []


@pytest.mark.parametrize(
    "arguments", [{"window": 0}, {"window": 1.5}, {"statistic": "median"}]
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="`(window|statistic)` must be"):
        padding.Randn(**arguments)
