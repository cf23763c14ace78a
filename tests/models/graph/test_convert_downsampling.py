"""Networks that sample down in another way, weights kept."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops

from keras_padpos import models
from keras_padpos.errors import InputError


def predict(net, x):
    return ops.convert_to_numpy(net(x))


def awake(net, seed=0):
    """Weights and statistics of a spread at which layers say something."""
    rng = np.random.default_rng(seed)
    for layer in net.layers:
        layer.set_weights(
            [
                rng.normal(
                    0, (2 / max(np.prod(w.shape[:-1]), 1)) ** 0.5, w.shape
                )
                if w.ndim > 1
                else rng.uniform(0.5, 1.5, w.shape)
                for w in layer.get_weights()
            ]
        )
    return net


def residual(size=32, bottleneck=False):
    """A stem, a pool, and a block whose two branches have strides."""
    inputs = x = keras.Input((size, size, 3))
    x = layers.Conv2D(8, 5, 2, padding="same", name="stem")(x)
    x = layers.MaxPooling2D(2, name="pool")(layers.ReLU()(x))
    short = layers.Conv2D(12, 1, 2, name="short")(x)
    if bottleneck:
        x = layers.Conv2D(6, 1, activation="relu", name="narrow")(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)), name="frame")(x)
    x = layers.Conv2D(12, 3, 2, activation="relu", name="main")(x)
    x = layers.Add(name="meet")([x, short])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    return keras.Model(inputs, layers.Dense(10)(x))


def pictures(count=6, size=32):
    rng = np.random.default_rng(1)
    return rng.normal(size=(count, size, size, 3)).astype("float32")


NETS = {
    "residual": residual,
    "mobilenet": lambda: keras.applications.MobileNet(
        weights=None, input_shape=(64, 64, 3), alpha=0.25, dropout=0
    ),
    "resnet50": lambda: keras.applications.ResNet50(
        weights=None, input_shape=(64, 64, 3)
    ),
}


@pytest.mark.parametrize("mode", ["zeros", "circular", "reflect"])
@pytest.mark.parametrize("name", NETS)
def test_a_blur_of_one_cell_is_the_network_itself(name, mode):
    net = awake(NETS[name]())
    if mode != "zeros":
        net = models.convert_padding(net, mode)
    same = models.convert_downsampling(
        net, "blur", filter_size=1, padding_mode=mode
    )
    x = pictures(2, net.input_shape[1])
    np.testing.assert_allclose(
        predict(same, x), predict(net, x), rtol=1e-3, atol=1e-4
    )
    assert all(
        max(layer.strides) == 1
        for layer in same.layers
        if hasattr(layer, "kernel_size")
    )


def test_circular_and_polyphase_say_the_same_of_circular_shifts():
    net = models.convert_padding(awake(residual()), "circular")
    sampled = models.convert_downsampling(
        net, "polyphase", padding_mode="circular"
    )
    x = pictures()
    expected, strided = predict(sampled, x), predict(net, x)
    for shift in [(1, 0), (0, 3), (5, 2)]:
        moved = np.roll(x, shift, axis=(1, 2))
        np.testing.assert_allclose(
            predict(sampled, moved), expected, rtol=1e-4, atol=1e-4
        )
        assert np.abs(predict(net, moved) - strided).max() > 0.01


def test_zeros_or_a_blur_do_not():
    x = pictures()
    moved = np.roll(x, (1, 2), axis=(1, 2))
    net = awake(residual())
    for downsampling, mode in [("polyphase", "zeros"), ("blur", "circular")]:
        other = models.convert_downsampling(
            models.convert_padding(net, mode), downsampling, padding_mode=mode
        )
        gap = predict(other, moved) - predict(other, x)
        assert np.abs(gap).max() > 0.01


def test_a_chain_is_sampled_by_its_own_map():
    net = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(6, 3, 2, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.GlobalAveragePooling2D(),
        ]
    )
    net = models.convert_padding(awake(net), "circular")
    net = models.convert_downsampling(net, "polyphase", padding_mode="circular")
    assert isinstance(net, keras.Sequential)
    x = pictures(4, 16)
    np.testing.assert_allclose(
        predict(net, np.roll(x, (3, 2), (1, 2))), predict(net, x), rtol=1e-4
    )


def test_a_converted_network_is_saved_and_loaded(tmp_path):
    net = models.convert_downsampling(awake(residual()), "polyphase")
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = pictures(2)
    np.testing.assert_array_equal(predict(loaded, x), predict(net, x))


def _odd():
    inputs = keras.Input((9, 9, 3))
    return keras.Model(inputs, layers.Conv2D(4, 3, 2, padding="same")(inputs))


def _open():
    inputs = keras.Input((None, None, 3))
    return keras.Model(inputs, layers.Conv2D(4, 3, 2, padding="same")(inputs))


def _bare():
    inputs = keras.Input((16, 16, 3))
    return keras.Model(inputs, layers.Conv2D(4, 3, 2)(inputs))


def _plain():
    inputs = keras.Input((16, 16, 3))
    return keras.Model(inputs, layers.Conv2D(4, 3, padding="same")(inputs))


def _resized():
    inputs = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, 2, padding="same")(inputs)
    return keras.Model(inputs, layers.Resizing(4, 4)(x))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: residual(bottleneck=True), "'meet'.*grids chosen apart"),
        (_odd, "does not divide 9 cells"),
        (_open, "pictures of a fixed size"),
        (_bare, "do not cover the map: 7 of 16 cells"),
        (_plain, "nothing to convert"),
        (_resized, "makes the map smaller"),
    ],
)
def test_what_cannot_be_converted_is_named(make, message):
    with pytest.raises(InputError, match=message):
        models.convert_downsampling(make(), "polyphase")


def test_an_unknown_way_is_refused():
    with pytest.raises(InputError, match="must be one of blur, polyphase"):
        models.convert_downsampling(residual(), "max")
