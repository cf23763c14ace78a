"""One harness that every layer goes through."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from oracles import gradient

from keras_padpos import layers
from keras_padpos import padding

FORMATS = ("channels_last", "channels_first")

STOPPED = ("distribution", "randn")
"""Modes whose frame no gradient flows through."""

TRANSPOSED = ("zeros", "reflect", "symmetric", "replicate", "circular")
"""Modes that have a transpose."""


OTHERS = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Resizing", "UpSampling2D")
"""Layers that add no cells around a window: each has tests of its own."""


@dataclass(frozen=True)
class Case:
    """A layer to test.

    Args:
        make: Makes the layer from `padding_mode`, `data_format` and the like.
        sizes: Spatial sizes of an input.
        channels: Channels of an input.
    """

    make: Callable
    sizes: tuple[int, ...]
    channels: int = 4

    @property
    def layer(self):
        """The layer's class."""
        return type(self.make())

    @property
    def stock(self):
        """The Keras layer that this one stands for."""
        name = self.layer.__name__
        return getattr(keras.layers, name.replace("Padding", "ZeroPadding", 1))

    def shape(self, data_format="channels_last", batch=2, sizes=None):
        """Shape of an input."""
        sizes = sizes or self.sizes
        if data_format == "channels_last":
            return (batch, *sizes, self.channels)
        return (batch, self.channels, *sizes)

    def picture(self, seed=1):
        """An input, channels last."""
        random = np.random.default_rng(seed)
        shape = self.shape()
        if "Max" in self.layer.__name__:
            # No two cells so near that a small step makes another the largest.
            x = random.permutation(np.prod(shape)) / 10 - 10
            return x.reshape(shape).astype("float32")
        return random.normal(size=shape).astype("float32")

    def modes(self):
        """The modes that the layer takes, a constant that is not zero."""
        chosen = TRANSPOSED if "Transpose" in self.layer.__name__ else None
        for name in chosen or padding.names():
            if name == "partial" and self.layer.__name__.startswith("Padding"):
                continue
            if name == "constant":
                yield padding.Constant(0.5)
            else:
                yield padding.get(name)
        if len(self.sizes) == 2:
            yield padding.get("zeros+circular")
        if self.layer.__name__ in ("Conv2D", "Conv2DTranspose"):
            yield padding.get("earth")

    def steady_modes(self):
        """The same modes, made to give the same numbers at each inference."""
        for mode in self.modes():
            if mode.name == "randn":
                mode = padding.Randn(deterministic=True)
            yield mode

    def model(self, modes=None, batch=None, sizes=None):
        """A model with one output a mode, all with the same weights."""
        inputs = keras.Input(batch_shape=self.shape(batch=batch, sizes=sizes))
        outputs, weights = {}, None
        for mode in modes or self.modes():
            name = label(mode)
            layer = self.make(padding_mode=mode, name=name)
            outputs[name] = layer(inputs)
            weights = weights or layer.get_weights()
            layer.set_weights(weights)
        return keras.Model(inputs, outputs)


def label(mode):
    """The name of a mode as layers and outputs can have it."""
    return mode.name.replace("+", "_")


def _layer(name, *args, **kwargs):
    """A function that makes one of our layers."""
    return lambda **more: getattr(layers, name)(*args, **kwargs, **more)


SEQUENCE, MAP, VOLUME = (9,), (7, 6), (5, 6, 5)

CASES = {
    "Conv1D": Case(_layer("Conv1D", 4, 3, padding="same"), SEQUENCE),
    "Conv1D-causal": Case(
        _layer("Conv1D", 4, 3, padding="causal", dilation_rate=2), SEQUENCE
    ),
    "Conv2D": Case(_layer("Conv2D", 4, 3, padding="same"), MAP),
    "Conv2D-strided": Case(
        _layer("Conv2D", 4, (2, 3), strides=2, padding="same"), MAP
    ),
    "Conv2D-full": Case(
        _layer("Conv2D", 4, 3, padding="full", activation="tanh"), MAP
    ),
    "Conv2D-grouped": Case(
        _layer("Conv2D", 4, 2, padding="same", dilation_rate=2, groups=2), MAP
    ),
    "Conv3D": Case(_layer("Conv3D", 4, 3, padding="same"), VOLUME, 2),
    "DepthwiseConv1D": Case(
        _layer("DepthwiseConv1D", 3, padding=(2, 1)), SEQUENCE
    ),
    "DepthwiseConv2D": Case(
        _layer("DepthwiseConv2D", 3, padding="same", depth_multiplier=2), MAP
    ),
    "SeparableConv1D": Case(
        _layer("SeparableConv1D", 4, 4, padding="same"), SEQUENCE
    ),
    "SeparableConv2D": Case(
        _layer("SeparableConv2D", 4, 3, strides=2, padding="same"), MAP
    ),
    "MaxPooling1D": Case(_layer("MaxPooling1D", 3, 2, padding=1), SEQUENCE),
    "MaxPooling2D": Case(_layer("MaxPooling2D", 3, 2, padding="same"), MAP),
    "MaxPooling3D": Case(
        _layer("MaxPooling3D", 3, 2, padding="same"), VOLUME, 2
    ),
    "AveragePooling1D": Case(
        _layer("AveragePooling1D", 3, 1, padding="same"), SEQUENCE
    ),
    "AveragePooling2D": Case(
        _layer("AveragePooling2D", 3, 2, padding=((1, 2), (0, 1))), MAP
    ),
    "AveragePooling3D": Case(
        _layer("AveragePooling3D", 2, padding="same"), VOLUME, 2
    ),
    "Padding1D": Case(_layer("Padding1D", (2, 1)), SEQUENCE),
    "Padding2D": Case(_layer("Padding2D", ((1, 2), (0, 1))), MAP),
    "Padding3D": Case(_layer("Padding3D", (1, 0, 2)), VOLUME, 2),
    "Conv1DTranspose": Case(
        _layer("Conv1DTranspose", 4, 3, padding="same"), SEQUENCE
    ),
    "Conv2DTranspose": Case(
        _layer("Conv2DTranspose", 4, 3, strides=2, padding="same"), MAP
    ),
    "Conv3DTranspose": Case(
        _layer("Conv3DTranspose", 2, 3, strides=2, padding=1), (3, 2, 3), 2
    ),
}


def run_layer_test(case, mode):
    """Check what every Keras layer owes its users.

    Args:
        case: A `Case`.
        mode: The `PaddingMode`.
    """

    def make(**kwargs):
        return case.make(padding_mode=mode, **kwargs)

    x = case.picture()
    layer = make()
    y = keras.ops.convert_to_numpy(layer(x))
    assert y.dtype == "float32"
    assert np.isfinite(y).all()
    _check_config(layer, x, None if mode.random else y)
    _check_stock_weights(case, layer, x)
    _check_symbolic_shapes(case, make, x, y)
    _check_precision(layer, x)
    if mode.random:
        _check_noise(layer, x, y)
    elif mode.name not in STOPPED:
        _check_gradient(layer, x)


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


def _check_stock_weights(case, layer, x):
    config = layer.get_config()
    del config["padding_mode"]
    if "ZeroPadding" not in case.stock.__name__:
        config["padding"] = "valid"
        assert isinstance(layer, case.stock)
    elif layer.rank == 1:
        config["padding"] = config["padding"][0]
    stock = case.stock.from_config(config)
    stock.build(x.shape)
    assert [w.path for w in stock.weights] == [w.path for w in layer.weights]
    weights = [np.full(w.shape, i) for i, w in enumerate(stock.weights, 1)]
    stock.set_weights(weights)
    clone = type(layer).from_config(layer.get_config())
    clone.build(x.shape)
    clone.set_weights(stock.get_weights())
    stock.set_weights(clone.get_weights())
    for ours, theirs in zip(clone.weights, weights, strict=True):
        assert ours.dtype == "float32"
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(ours), theirs)


def _check_symbolic_shapes(case, make, x, y):
    layer = make()
    assert tuple(layer.compute_output_shape(x.shape)) == y.shape
    assert layer(keras.Input(batch_shape=x.shape)).shape == y.shape
    unknown = case.shape(batch=None, sizes=(None,) * layer.rank)
    outputs = make()(keras.Input(batch_shape=unknown)).shape
    expected = tuple(
        None if size is None else known
        for size, known in zip(unknown, y.shape, strict=True)
    )
    assert outputs == expected


def _check_precision(layer, x):
    exact = keras.ops.convert_to_numpy(layer(x))
    for half in ("float16", "bfloat16"):
        clone = type(layer).from_config(
            {**layer.get_config(), "dtype": f"mixed_{half}"}
        )
        assert clone(keras.Input(batch_shape=x.shape)).dtype == half
        clone.set_weights(layer.get_weights())
        assert all(w.dtype == "float32" for w in clone.weights)
        if _lacks_halves(layer):
            continue
        y = clone(x)
        assert keras.backend.standardize_dtype(y.dtype) == half
        if not layer.padding_mode.random:
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(keras.ops.cast(y, "float32")),
                exact,
                rtol=0.05,
                atol=0.1,
            )


def _lacks_halves(layer):
    """Which layers a backend runs on a CPU in single precision only."""
    name = type(layer).__name__
    return {
        "tensorflow": "Pooling3D" in name,
        "torch": name == "AveragePooling3D",
    }.get(keras.backend.backend(), False)


def _check_noise(layer, x, y):
    first = keras.ops.convert_to_numpy(layer(x, training=True))
    assert first.shape == y.shape
    assert first.dtype == y.dtype
    assert np.isfinite(first).all()
    # One of two sides may come up several times in a row.
    assert any(
        not np.array_equal(
            keras.ops.convert_to_numpy(layer(x, training=True)), first
        )
        for _ in range(30)
    )
    config = layer.get_config()["padding_mode"]
    seeded = type(layer.padding_mode)(seed=3)
    runs = []
    for _ in range(2):
        clone = type(layer).from_config(
            {**layer.get_config(), "padding_mode": seeded}
        )
        clone.build(x.shape)
        clone.set_weights(layer.get_weights())
        runs.append(keras.ops.convert_to_numpy(clone(x, training=True)))
    np.testing.assert_array_equal(*runs)
    assert config == layer.padding_mode.name
    if "deterministic" in layer.padding_mode.get_config():
        calm = type(layer.padding_mode)(deterministic=True)
        clone = type(layer).from_config(
            {**layer.get_config(), "padding_mode": calm}
        )
        assert clone.get_config()["padding_mode"] != layer.padding_mode.name
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(clone(x)),
            keras.ops.convert_to_numpy(clone(x)),
        )


def _check_gradient(layer, x):
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


def check_formats(case, mode):
    """Check that channels first gives what channels last gives."""
    x = case.picture()
    last = case.make(padding_mode=mode)
    y = keras.ops.convert_to_numpy(last(x))
    first = case.make(padding_mode=mode, data_format="channels_first")
    x = np.moveaxis(x, -1, 1)
    first.build(x.shape)
    first.set_weights(last.get_weights())
    z = first(x)
    assert tuple(first.compute_output_shape(x.shape)) == tuple(z.shape)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(z),
        np.moveaxis(y, -1, 1),
        rtol=1e-5,
        atol=1e-5,
    )


def check_compiled(case, modes):
    """Check forward and gradient under XLA, all modes in one program."""
    model = case.model(modes, batch=2)
    x = case.picture()
    upstream = {
        name: np.random.default_rng(4).normal(size=y.shape).astype("float32")
        for name, y in model.output.items()
    }
    # What is drawn differs from run to run, so it must not enter the slope.
    for mode in modes:
        if mode.random:
            upstream[label(mode)] *= 0
    outputs, slope = _compiled(_with_gradient(model))(x, upstream)
    expected, eager = _with_gradient(model)(x, upstream)
    for mode in modes:
        if not mode.random:
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(outputs[label(mode)]),
                keras.ops.convert_to_numpy(expected[label(mode)]),
                rtol=1e-4,
                atol=1e-4,
                err_msg=mode.name,
            )
    np.testing.assert_allclose(slope, eager, rtol=1e-3, atol=1e-3)


def _with_gradient(model):
    """The function of picture and upstream to outputs and gradient."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        def run(x, upstream):
            x = tf.convert_to_tensor(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs = model(x)
                total = sum(
                    tf.reduce_sum(outputs[name] * upstream[name])
                    for name in outputs
                )
            return outputs, tape.gradient(total, x)

        return run

    import jax

    state = (
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
    )

    def total(x, upstream):
        # Seeds are state, which a compiled function may not leave behind.
        outputs, _ = model.stateless_call(*state, x)
        return sum((outputs[k] * upstream[k]).sum() for k in outputs), outputs

    def run(x, upstream):
        (_, outputs), slope = jax.value_and_grad(total, has_aux=True)(
            x, upstream
        )
        return outputs, slope

    return run


def _compiled(function):
    """The function as one XLA program."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    import jax

    return jax.jit(function)
