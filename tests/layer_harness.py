"""One harness that every layer goes through."""

import keras
import numpy as np
from oracles import gradient

from keras_padpos import padding


def run_layer_test(make, input_shape, tmp_path, deterministic=True):
    """Check what every Keras layer owes its users.

    Args:
        make: Function without arguments that makes the layer.
        input_shape: Shape of an input, batch first.
        tmp_path: Directory for saved files.
        deterministic: Whether two calls give the same numbers.
    """
    x = np.random.default_rng(1).normal(size=input_shape).astype("float32")
    layer = make()
    y = keras.ops.convert_to_numpy(layer(x))
    _check_config(layer, x, y if deterministic else None)
    _check_symbolic_shapes(make, x, y)
    _check_precision(make, x)
    if deterministic:
        _check_saving(make, x, tmp_path)
        _check_dynamic_sizes(make, x)
        _check_gradient(make, x)
    if keras.backend.backend() == "tensorflow":
        _check_xla(make, x, deterministic)


def _check_config(layer, x, y):
    clone = type(layer).from_config(layer.get_config())
    assert clone.get_config() == layer.get_config()
    restored = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert restored.get_config() == layer.get_config()
    if not restored.built:
        restored.build(x.shape)
    restored.set_weights(layer.get_weights())
    if y is not None:
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(restored(x)), y
        )


def _check_symbolic_shapes(make, x, y):
    layer = make()
    assert tuple(layer.compute_output_shape(x.shape)) == y.shape
    assert make()(keras.Input(batch_shape=x.shape)).shape == y.shape
    channels = 1 if layer.data_format == "channels_first" else x.ndim - 1
    partial = [None] * x.ndim
    partial[channels] = x.shape[channels]
    expected = [None] * x.ndim
    expected[channels] = y.shape[channels]
    assert make()(keras.Input(batch_shape=partial)).shape == tuple(expected)


def _check_dynamic_sizes(make, x):
    layer = make()
    expected = keras.ops.convert_to_numpy(layer(x))
    unknown = [None] * x.ndim
    channels = 1 if layer.data_format == "channels_first" else x.ndim - 1
    unknown[channels] = x.shape[channels]
    inputs = keras.Input(batch_shape=unknown)
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_allclose(
        model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6
    )


def _check_precision(make, x):
    for policy in ("mixed_float16", "mixed_bfloat16"):
        config = make().get_config()
        layer = type(make()).from_config({**config, "dtype": policy})
        half = policy.removeprefix("mixed_")
        y = layer(keras.Input(batch_shape=x.shape))
        assert y.dtype == half
        # TensorFlow on a CPU convolves channels-first halves only in theory.
        if layer.data_format == "channels_last":
            y = keras.ops.cast(layer(keras.ops.cast(x, half)), "float32")
            exact = type(layer).from_config(config)
            exact.build(x.shape)
            exact.set_weights(layer.get_weights())
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(y),
                keras.ops.convert_to_numpy(exact(x)),
                rtol=0.05,
                atol=0.1,
            )
        assert all(w.dtype == "float32" for w in layer.weights)


def _check_saving(make, x, tmp_path):
    inputs = keras.Input(batch_shape=(None, *x.shape[1:]))
    model = keras.Model(inputs, make()(inputs))
    expected = model.predict(x, verbose=0)
    path = tmp_path / "layer.keras"
    model.save(path)
    np.testing.assert_array_equal(
        keras.models.load_model(path).predict(x, verbose=0), expected
    )


def _check_gradient(make, x):
    layer = make()
    upstream = np.random.default_rng(2).normal(size=layer(x).shape)
    upstream = upstream.astype("float32")
    direction = np.random.default_rng(3).normal(size=x.shape).astype("float32")
    slope = np.vdot(gradient(layer, x, upstream), direction)

    def value(t):
        return np.vdot(
            keras.ops.convert_to_numpy(layer(t)).astype("float64"), upstream
        )

    # A short step leaves piecewise linear layers on their piece.
    step = 1e-2
    difference = (value(x + step * direction) - value(x - step * direction)) / (
        2 * step
    )
    scale = np.linalg.norm(upstream) * np.linalg.norm(direction)
    assert abs(slope - difference) < 2e-3 * scale


def _check_xla(make, x, deterministic):
    import tensorflow as tf

    layer = make()
    expected = keras.ops.convert_to_numpy(layer(x))

    @tf.function(jit_compile=True)
    def compiled(t):
        with tf.GradientTape() as tape:
            tape.watch(t)
            y = layer(t)
            total = tf.reduce_sum(y * y)
        return y, tape.gradient(total, t)

    y, slope = compiled(tf.constant(x))
    assert slope.shape == x.shape
    if not deterministic:
        return
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    eager = gradient(layer, x, 2 * expected)
    np.testing.assert_allclose(slope, eager, rtol=1e-3, atol=1e-3)


def every_mode():
    """A mode of each kind, with a constant that is not zero."""
    return [
        padding.Constant(0.5) if name == "constant" else padding.get(name)
        for name in padding.names()
    ]
