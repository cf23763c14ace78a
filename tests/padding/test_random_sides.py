import keras
import numpy as np

from keras_padpos import layers
from keras_padpos import padding

WIDTH = [(0, 0), (1, 1), (1, 2), (0, 0)]


def _places(times=200):
    """How many zero rows and columns come before the picture, a draw."""
    x = np.ones((2, 4, 5, 1), "float32")
    mode = padding.RandomSides()
    seed = keras.random.SeedGenerator(0)
    places = []
    for _ in range(times):
        y = keras.ops.convert_to_numpy(
            mode.pad(x, WIDTH, seed=seed, training=True)
        )
        assert y.shape == (2, 6, 8, 1)
        assert y.sum() == x.sum()
        np.testing.assert_array_equal(y[0], y[1])
        filled = y[0, :, :, 0]
        places.append((filled.any(1).argmax(), filled.any(0).argmax()))
    return places


def test_one_side_of_each_axis_carries_all_zeros_half_of_the_time():
    places = _places()
    assert set(places) == {(0, 0), (0, 3), (2, 0), (2, 3)}
    for axis, whole in ((0, 2), (1, 3)):
        share = np.mean([place[axis] == whole for place in places])
        assert 0.38 < share < 0.62


def test_inference_is_that_of_zeros():
    x = np.random.default_rng(0).normal(size=(1, 5, 5, 2)).astype("float32")
    ours = layers.Conv2D(3, 3, padding="same", padding_mode="random_sides")
    y = keras.ops.convert_to_numpy(ours(x))
    zeros = layers.Conv2D(3, 3, padding="same")
    zeros.build(x.shape)
    zeros.set_weights(ours.get_weights())
    np.testing.assert_allclose(
        y, keras.ops.convert_to_numpy(zeros(x)), rtol=1e-5, atol=1e-6
    )


def test_a_layer_varies_while_training_only():
    x = np.random.default_rng(0).normal(size=(1, 5, 5, 2)).astype("float32")
    layer = layers.Padding2D(1, padding_mode=padding.RandomSides(seed=0))
    trained = {
        keras.ops.convert_to_numpy(layer(x, training=True)).tobytes()
        for _ in range(30)
    }
    still = {
        keras.ops.convert_to_numpy(layer(x, training=False)).tobytes()
        for _ in range(5)
    }
    assert len(trained) == 4
    assert len(still) == 1
