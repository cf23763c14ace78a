"""Networks that training has made useless."""

import keras
import numpy as np
import pytest

from keras_padpos.training import divergence
from keras_padpos.training import variable_state

INPUTS = np.ones((2, 3), "float32")


def net():
    inputs = keras.Input((3,))
    x = keras.layers.BatchNormalization()(inputs)
    x = keras.layers.GaussianNoise(1.0, seed=1)(x)
    return keras.Model(
        inputs, {"a": keras.layers.Dense(2)(x), "b": keras.layers.Dense(1)(x)}
    )


def test_finite_networks_are_left_as_they_are():
    model = net()
    before = variable_state(model.variables)
    assert divergence(model) is None
    assert divergence(model, INPUTS) is None
    after = variable_state(model.variables)
    for name, each in before.items():
        np.testing.assert_array_equal(after[name], each)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_any_weight_is_enough(value):
    model = net()
    for weight in model.weights:
        finite = np.array(keras.ops.convert_to_numpy(weight))
        values = finite.copy()
        values.flat[-1] = value
        weight.assign(values)
        reason = divergence(model)
        assert reason == "weights are not finite: training has diverged"
        weight.assign(finite)
    assert divergence(model, INPUTS) is None


def test_finite_weights_may_be_too_large():
    model = net()
    kernel = model.layers[-1].kernel
    kernel.assign(np.full(kernel.shape, 3e38, "float32"))
    assert divergence(model) is None
    assert divergence(model, INPUTS).startswith("answers are not finite")


def test_random_layers_draw_what_they_would_have_drawn():
    inputs = keras.Input((3,))
    outputs = Noise()(inputs)
    drawn = []
    for look in (False, True):
        keras.utils.set_random_seed(0)
        model = keras.Model(inputs, outputs)
        model.layers[-1].seed.state.assign([1, 0])
        if look:
            assert divergence(model, INPUTS) is None
        drawn.append(keras.ops.convert_to_numpy(model(INPUTS)))
    np.testing.assert_array_equal(*drawn)


class Noise(keras.layers.Layer):
    """Draws at inference, too."""

    def __init__(self):
        super().__init__()
        self.seed = keras.random.SeedGenerator(1)

    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seed)
