import keras
import numpy as np
import pytest

from keras_padpos import layers
from keras_padpos import models


def pictures(number, size=8, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (number, size, size, channels)
    # Each picture has a level of its own: batches differ in their means.
    levels = rng.normal(0, 3, (number, 1, 1, channels))
    return (rng.normal(1, 2, shape) + levels).astype("float32")


def statistics(layer):
    return [
        keras.ops.convert_to_numpy(weight)
        for weight in (layer.moving_mean, layer.moving_variance)
    ]


def output(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))


def one_norm(**kwargs):
    norm = keras.layers.BatchNormalization(**kwargs)
    return keras.Sequential([keras.Input((8, 8, 3)), norm]), norm


@pytest.mark.parametrize("sizes", [(12,), (4, 4, 4), (7, 1, 4)])
def test_one_norm_gets_the_statistics_of_all_pixels(sizes):
    net, norm = one_norm()
    x = pictures(12)
    batches = np.split(x, np.cumsum(sizes)[:-1])
    assert models.calibrate_batch_norm(net, batches) == 12
    mean, variance = statistics(norm)
    wide = x.astype("float64")
    np.testing.assert_allclose(mean, wide.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(variance, wide.var((0, 1, 2)), rtol=1e-5)
    # The mean of the batches' variances would be another number.
    within = np.mean([each.var((0, 1, 2)) for each in batches], axis=0)
    if len(sizes) > 1:
        assert (np.abs(within / wide.var((0, 1, 2)) - 1) > 0.02).any()


def test_the_channel_axis_may_come_first():
    norm = keras.layers.BatchNormalization(axis=1)
    net = keras.Sequential([keras.Input((3, 8, 6)), norm])
    x = np.moveaxis(pictures(4)[:, :, :6], -1, 1)
    models.calibrate_batch_norm(net, [x])
    mean, variance = statistics(norm)
    np.testing.assert_allclose(mean, x.mean((0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(variance, x.var((0, 2, 3)), rtol=1e-5)


def two_norms():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(5, 3, name="one")(inputs)
    x = keras.layers.BatchNormalization(name="first")(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(4, 3, name="two")(x)
    x = keras.layers.BatchNormalization(name="second")(x)
    return keras.Model(inputs, x)


def test_a_norm_behind_another_sees_what_it_sees_while_training():
    net, x = two_norms(), pictures(6)
    # Keras' own training mode, which with a momentum of 0 keeps the batch's.
    twin = keras.models.clone_model(net)
    twin.set_weights(net.get_weights())
    for name in ("first", "second"):
        twin.get_layer(name).momentum = 0.0
    twin(x, training=True)
    models.calibrate_batch_norm(net, [x])
    for name in ("first", "second"):
        found = statistics(net.get_layer(name))
        expected = statistics(twin.get_layer(name))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        output(net, x), output(twin, x), rtol=1e-3, atol=1e-4
    )


def test_what_comes_out_is_normal_in_every_channel():
    net, x = two_norms(), pictures(6)
    before = output(net, x)
    models.calibrate_batch_norm(net, [x])
    y = output(net, x)
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(y.std((0, 1, 2)), 1, atol=0.01)
    assert (np.abs(before.std((0, 1, 2)) - 1) > 0.1).any()


def test_frozen_norms_and_those_of_models_inside_are_set_too():
    inner = two_norms()
    inner.trainable = False
    inputs = keras.Input((8, 8, 3))
    outer = keras.layers.BatchNormalization(momentum=0.7, name="outer")
    net = keras.Model(inputs, outer(inner(inputs, training=False)))
    x = pictures(6)
    others = {
        weight.path: keras.ops.convert_to_numpy(weight)
        for weight in net.weights
        if "moving" not in weight.path
    }
    models.calibrate_batch_norm(net, [x[:3], x[3:]])
    (kernel, bias) = inner.get_layer("one").get_weights()
    assert kernel.any()
    first = inner.get_layer("first")
    maps = keras.Model(inner.input, inner.get_layer("one").output)
    expected = output(maps, x)
    mean, variance = statistics(first)
    np.testing.assert_allclose(mean, expected.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(variance, expected.var((0, 1, 2)), rtol=1e-4)
    # A model inside that is frozen and called with `training=False` hands on
    # what is normal already.
    np.testing.assert_allclose(statistics(outer)[1], 1, atol=0.01)
    assert [first.trainable, first.momentum] == [False, 0.99]
    assert [outer.trainable, outer.momentum] == [True, 0.7]
    assert len(others) == 10
    for weight in net.weights:
        if weight.path in others:
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(weight), others[weight.path]
            )


def test_a_norm_that_is_called_twice_gets_the_statistics_of_both():
    norm = keras.layers.BatchNormalization()
    inputs = keras.Input((8, 8, 3))
    tripled = keras.layers.Rescaling(3.0, offset=1.0)(inputs)
    net = keras.Model(inputs, [norm(inputs), norm(tripled)])
    x = pictures(4)
    models.calibrate_batch_norm(net, [x[:1], x[1:]])
    both = np.stack([x, 3 * x + 1])
    mean, variance = statistics(norm)
    np.testing.assert_allclose(mean, both.mean((0, 1, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(variance, both.var((0, 1, 2, 3)), rtol=1e-4)


def test_dropout_and_random_padding_act_as_at_inference():
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Dropout(0.9)(inputs)
    conv = layers.Conv2D(4, 3, padding="same", padding_mode="random_sides")
    norm = keras.layers.BatchNormalization()
    net = keras.Model(inputs, norm(conv(x)))
    bare = keras.Model(inputs, conv(x))
    data = pictures(2)
    models.calibrate_batch_norm(net, [data])
    expected = output(bare, data)
    mean, variance = statistics(norm)
    np.testing.assert_allclose(mean, expected.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(variance, expected.var((0, 1, 2)), rtol=1e-4)


def last_deviation(net, x):
    last = models.stage_names("mobilenet")[-1]
    return float(keras.ops.convert_to_numpy(net(x)[last]).std())


def test_signals_get_through_a_deep_mobilenet_with_random_weights():
    net = models.backbone(
        "mobilenet", "random", input_shape=(64, 64, 3), seed=0
    )
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 255, (8, 64, 64, 3)).astype("float32")
    assert last_deviation(net, x) < 1e-12
    assert models.calibrate_batch_norm(net, [x[:4], x[4:]]) == 8
    assert 0.2 < last_deviation(net, x) < 2


def test_without_a_norm_nothing_is_done():
    net = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    before = net.get_weights()

    def never():
        raise AssertionError("a batch was asked for")
        yield

    assert models.calibrate_batch_norm(net, never()) == 0
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_bad_batches_are_an_error_of_one_line_and_change_nothing():
    net, norm = one_norm()
    models.calibrate_batch_norm(net, [pictures(3, seed=1)])
    before = statistics(norm)
    broken = pictures(2)
    broken[0, 0, 0, 0] = np.nan
    for batches, message in [
        ([], "`batches` must give at least one batch with a picture"),
        ([pictures(0)], "`batches` must give at least one batch"),
        (
            [pictures(2), pictures(2, channels=4)],
            r"arrays of shape \(None, 8, 8, 3\). Received: \(2, 8, 8, 4\)$",
        ),
        (pictures(2), r"Received: \(8, 8, 3\)$"),
        ([(pictures(2), np.ones(2))], r"Received: \(2, 8, 8, 3\), \(2,\)$"),
        ([pictures(2), broken], "must give finite numbers.*'batch_norm"),
    ]:
        with pytest.raises(ValueError, match=message) as error:
            models.calibrate_batch_norm(net, batches)
        assert "\n" not in str(error.value)
        for one, other in zip(before, statistics(norm), strict=True):
            np.testing.assert_array_equal(one, other)


class Block(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = keras.layers.BatchNormalization()

    def build(self, shape):
        self.norm.build(shape)

    def call(self, x):
        return self.norm(x)


def test_a_norm_that_cannot_be_reached_is_an_error_that_names_its_layer():
    net = keras.Sequential([keras.Input((8, 8, 3)), Block(name="block")])
    with pytest.raises(ValueError, match=r"'block' \(Block\).*functional"):
        models.calibrate_batch_norm(net, [pictures(2)])
