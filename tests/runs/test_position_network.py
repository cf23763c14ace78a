import keras
import numpy as np

from keras_padpos.runs import position_network


def test_a_file_keeps_the_size_that_it_was_saved_for(tmp_path):
    inputs = keras.Input((8, 10, 3))
    x = keras.layers.Reshape((10, 8, 3), name="turned")(inputs)
    x = keras.layers.Conv2D(2, 3, padding="same", name="conv")(x)
    net = keras.Model(inputs, x)
    path = str(tmp_path / "net.keras")
    net.save(path)
    network = position_network(path, "file", "own", stages=["conv"])
    assert network.input_shape == (None, 8, 10, 3)
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 8, 10, 3))
    np.testing.assert_array_equal(network(pictures)["conv"], net(pictures))


def test_a_named_network_takes_any_size():
    network = position_network(
        "mobilenet", "random", "circular", stages=["conv_pw_1_relu"]
    )
    assert network.input_shape == (None, None, None, 3)
