import keras
import numpy as np
import pytest

from keras_padpos.tasks import four_quadrants
from keras_padpos.tasks.quadrant_pictures import pooled_maps
from keras_padpos.tasks.quadrant_pictures import quadrant_features


def network():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same", name="z")(inputs)
    y = keras.layers.Conv2D(4, 3, name="a")(x)
    return keras.Model(inputs, {"z": x, "a": y})


def pictures(number=5):
    rng = np.random.default_rng(0)
    return rng.normal(size=(number, 6, 6, 3)).astype("float32")


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_features_are_the_maximum_over_the_last_map():
    net = network()
    canvases, _ = four_quadrants(pictures(), 2, canvas=14, fill=0.5)
    expected = array(net(canvases)["a"]).max(axis=(1, 2))
    seen = []
    found = quadrant_features(
        net,
        pictures(),
        2,
        canvas=14,
        fill=0.5,
        batch_size=4,
        advance=seen.append,
    )
    assert found.shape == (2, 5, 4)
    assert seen == [4, 4, 2]
    np.testing.assert_allclose(found.reshape(10, 4), expected, atol=1e-5)


def test_pooled_maps_shares_weights():
    net = network()
    pooled = pooled_maps(net)
    x = pictures()
    before = array(pooled(x))
    net.get_layer("a").bias.assign([10.0] * 4)
    np.testing.assert_allclose(array(pooled(x)), before + 10, atol=1e-4)


def test_a_network_without_a_map_is_refused():
    inputs = keras.Input((8, 8, 3))
    flat = keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(inputs))
    with pytest.raises(ValueError, match=r"`model` must map.*\(None, 3\)"):
        pooled_maps(flat)


def test_features_that_are_not_finite_are_refused():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, inputs)
    x = pictures()
    x[2, 3, 3] = np.inf
    with pytest.raises(ValueError, match="must be finite"):
        quadrant_features(model, x, canvas=12)
