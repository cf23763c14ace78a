import keras
import numpy as np
import pytest

from keras_padpos import layers
from keras_padpos.models.graph._before_activations import before_activations

SHAPE = (8, 8, 3)


def as_numpy(array):
    return keras.ops.convert_to_numpy(array)


def numpy_maps(model):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *SHAPE)).astype("float32")
    return {name: as_numpy(array) for name, array in model(x).items()}


def network(*stack, stages=None):
    """The layers, one after the other, read at each or at those named."""
    keras.utils.set_random_seed(0)
    inputs = x = keras.Input(SHAPE)
    maps = {}
    for layer in stack:
        x = maps[layer.name] = layer(x)
    return keras.Model(inputs, {name: maps[name] for name in stages or maps})


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Activation("tanh", name="end"),
        keras.layers.ELU(name="end"),
        keras.layers.LeakyReLU(name="end"),
        keras.layers.PReLU(name="end"),
        keras.layers.ReLU(6, name="end"),
        keras.layers.Softmax(name="end"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_of_an_activation_layer_what_comes_in_is_read(layer):
    net = network(keras.layers.Conv2D(4, 3, name="conv"), layer)
    found, own = numpy_maps(before_activations(net)), numpy_maps(net)
    assert list(found) == ["conv", "end"]
    np.testing.assert_array_equal(found["end"], own["conv"])
    np.testing.assert_array_equal(found["conv"], own["conv"])
    assert np.abs(own["end"] - own["conv"]).max() > 0


def test_an_operation_that_activates_is_like_a_layer():
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    leaky = keras.ops.leaky_relu(x, 0.5)
    total = leaky + x
    operations = keras.Model(inputs, total).operations
    names = [operation.name for operation in operations[1:]]
    tensors = dict(zip(names, (x, leaky, total), strict=True))
    net = keras.Model(inputs, tensors)
    own, found = numpy_maps(net), numpy_maps(before_activations(net))
    for name, expected in zip(names, ("conv", "conv", names[2]), strict=True):
        np.testing.assert_array_equal(found[name], own[expected])
    assert np.abs(own[names[1]] - own["conv"]).max() > 0


def halved(x):
    """An activation of somebody's own."""
    return x / 2


OWN = {"filters": 4, "kernel_size": 3, "padding": 1}
PARTIAL = {**OWN, "padding_mode": "partial"}


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (keras.layers.Conv2D, {"filters": 4, "kernel_size": 3}),
        (layers.Conv2D, PARTIAL),
        (layers.SeparableConv2D, PARTIAL),
        (layers.DepthwiseConv2D, {"kernel_size": 3}),
        (layers.Conv2DTranspose, {**OWN, "padding_mode": "circular"}),
        (keras.layers.Dense, {"units": 4}),
        (
            keras.layers.EinsumDense,
            {"equation": "bhwc,cd->bhwd", "output_shape": (None, None, 4)},
        ),
    ],
)
@pytest.mark.parametrize(
    "activation",
    ["softmax", halved, keras.layers.LeakyReLU(0.5)],
    ids=["name", "function", "layer"],
)
def test_a_layer_is_split_from_its_activation(kind, arguments, activation):
    layer = kind(**arguments, activation=activation, name="end")
    bare = kind(**arguments, name="end")
    norm = keras.layers.BatchNormalization(name="norm")
    net, plain = network(layer, norm), network(bare)
    rng = np.random.default_rng(1)
    layer.set_weights(
        [rng.normal(size=array.shape) for array in layer.get_weights()]
    )
    bare.set_weights(layer.get_weights())
    split = before_activations(net)
    assert type(split.get_layer("end")) is kind
    found, own = numpy_maps(split), numpy_maps(net)
    np.testing.assert_array_equal(found["end"], numpy_maps(plain)["end"])
    np.testing.assert_array_equal(found["norm"], own["norm"])
    assert np.abs(found["end"] - own["end"]).max() > 0.1


def activated(name, **arguments):
    return keras.layers.Conv2D(4, 3, activation="relu", name=name, **arguments)


def test_only_stages_are_split_and_the_network_is_left_alone():
    net = network(activated("one"), activated("two"), stages=["two"])
    before = numpy_maps(net)["two"]
    split = before_activations(net)
    assert [layer.name for layer in split.layers[1:]] == ["one", "two"]
    assert split.get_layer("one").activation is keras.activations.relu
    assert net.get_layer("two").activation is keras.activations.relu
    np.testing.assert_array_equal(numpy_maps(net)["two"], before)


def test_a_name_that_is_taken_is_not_used_again():
    taken = keras.layers.MaxPooling2D(2, name="conv_activation")
    net = network(activated("conv"), taken)
    split = before_activations(net)
    assert [layer.name for layer in split.layers[1:]] == [
        "conv",
        "conv_activation_2",
        "conv_activation",
    ]
    np.testing.assert_array_equal(
        numpy_maps(split)["conv_activation"],
        numpy_maps(net)["conv_activation"],
    )


def test_dtypes_and_frozen_weights_stay():
    net = network(
        activated("frozen", trainable=False, dtype="mixed_bfloat16"),
        activated("free", dtype="mixed_bfloat16"),
    )
    split = before_activations(net)
    found, own = split.output, net.output
    for stage in ("frozen", "free"):
        assert found[stage].dtype == own[stage].dtype == "bfloat16"
    activation = split.get_layer("frozen_activation")
    assert activation.compute_dtype == "bfloat16"
    trainable = [weight.path for weight in split.trainable_weights]
    assert trainable == ["free/kernel", "free/bias"]


@keras.saving.register_keras_serializable("test_before_activations")
class Gated(keras.layers.Layer):
    """Its activation is in the middle."""

    def __init__(self, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def call(self, inputs):
        return inputs * self.activation(inputs)


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        (
            Gated("relu", name="end"),
            "'end' (Gated), which has an activation that its own code applies",
        ),
        (
            keras.layers.Conv2D(
                4, 3, activation=keras.layers.PReLU(), name="end"
            ),
            "'end' (Conv2D), which has an activation that may have weights",
        ),
    ],
)
def test_an_activation_that_cannot_be_told_apart_is_an_error(layer, problem):
    with pytest.raises(ValueError) as error:
        before_activations(network(layer))
    message = str(error.value)
    start = "`before_activation=True` cannot read the stage "
    assert message.startswith(start + problem)
    assert "\n" not in message
    # Where it is no stage it is in nobody's way.
    last = keras.layers.ReLU(name="relu")
    before_activations(network(layer, last, stages=["relu"]))
