"""Copies of networks compute what the networks do, or say otherwise."""

import keras
import numpy as np
import pytest

from keras_padpos.models import convert_padding
from keras_padpos.models.graph.network_copies import fresh_copy


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def pictures():
    return np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")


def conv(**options):
    return keras.layers.Conv2D(4, 3, padding="same", **options)


def there_and_back(model):
    return convert_padding(convert_padding(model, "reflect"), "zeros")


def swish(x):
    """Not Keras' function of this name."""
    return x * keras.ops.sigmoid(1.7 * x)


@pytest.mark.parametrize(
    "options",
    [
        {"activation": swish},
        {"activation": lambda x: keras.ops.tanh(0.3 * x)},
        {"kernel_constraint": lambda w: w},
        {"kernel_regularizer": lambda w: keras.ops.sum(w)},
    ],
)
def test_functions_are_carried_over_as_they_are(options):
    model = keras.Sequential([keras.Input((8, 8, 3)), conv(**options)])
    back = there_and_back(model)
    assert type(back.layers[0]) is keras.layers.Conv2D
    for name, function in options.items():
        assert getattr(back.layers[0], name) is function
    x = pictures()
    np.testing.assert_array_equal(output(back, x), output(model, x))


class Shift(keras.layers.Layer):
    """Says nothing of `distance`, and has weights of `per_channel` alone."""

    def __init__(self, distance=0.0, per_channel=False, **kwargs):
        super().__init__(**kwargs)
        self.distance = distance
        self.per_channel = per_channel

    def build(self, shape):
        size = shape[-1] if self.per_channel else 1
        self.shift = self.add_weight(shape=(size,), initializer="ones")

    def call(self, x):
        return x + self.shift + self.distance

    def get_config(self):
        return {"name": self.name}


@pytest.mark.parametrize(
    ("options", "problem"),
    # Of numbers that are NumPy's, Keras keeps no record.
    [
        ({"distance": np.float32(2)}, "other numbers"),
        ({"per_channel": np.True_}, "shapes"),
    ],
)
def test_a_layer_whose_copy_differs_is_used_itself(options, problem):
    inputs = keras.Input((8, 8, 3))
    shift = Shift(name="shift", **options)
    model = keras.Model(inputs, conv()(shift(inputs)))
    shift.trainable = False
    with pytest.warns(UserWarning, match=f"'shift'.*same weights.*{problem}"):
        copy = convert_padding(model, "reflect")
    assert copy.get_layer("shift") is shift
    assert not shift.trainable
    assert [weight.trainable for weight in shift.weights] == [False]
    with pytest.warns(UserWarning, match="'shift'"):
        back = convert_padding(copy, "zeros")
    x = pictures()
    np.testing.assert_array_equal(output(back, x), output(model, x))


class Leaky(Shift):
    """Has a slope that it says nothing of, behind a scale of zero."""

    def build(self, shape):
        super().build(shape)
        self.scale = self.add_weight(shape=(1,), initializer="zeros")

    def call(self, x):
        negative = self.distance * keras.ops.minimum(x, 0)
        return self.shift + self.scale * (keras.ops.maximum(x, 0) + negative)


class Drops(Shift):
    """Drops values while training, more of them than its class says."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.drop = keras.layers.Dropout(0.1)

    def call(self, x, training=None):
        return self.drop(super().call(x), training=training)


class Picky(Shift):
    """Takes batches of four alone, where it takes any."""

    size = 4

    def call(self, x):
        if x.shape[0] not in (None, self.size):
            raise ValueError("another batch")
        return super().call(x)

    def compute_output_shape(self, shape):
        return shape  # PyTorch would try batches of its own


def _dropping():
    layer = Drops(name="own")
    layer.drop.rate = 0.6
    return layer


def _refusing():
    layer = Picky(name="own")
    layer.size = 0
    return layer


@pytest.mark.parametrize(
    ("make", "batch", "problem"),
    [
        (lambda: Leaky(np.float32(0.3), name="own"), None, "other numbers"),
        (_dropping, None, "`rate` at 'drop'"),
        (lambda: Picky(np.float32(2), name="own"), 4, "other numbers"),
        (_refusing, None, "run by itself .*another batch"),
    ],
)
def test_losses_that_a_plain_run_does_not_show_are_seen(make, batch, problem):
    inputs = keras.Input((8, 8, 3), batch_size=batch)
    own = make()
    model = keras.Model(inputs, conv()(own(inputs)))
    with pytest.warns(UserWarning, match=f"'own'.*same weights.*{problem}"):
        copy = convert_padding(
            model, "reflect", skip=lambda site: bool(site.reason)
        )
    assert copy.get_layer("own") is own


def test_what_was_set_after_the_model_was_made_is_kept():
    model = OwnArguments(name="net")
    regularizer = keras.regularizers.L2(0.1)
    model.get_layer("same").kernel_regularizer = regularizer
    with pytest.warns(UserWarning, match="without predict_step"):
        copy = convert_padding(model, "reflect")
    assert copy.get_layer("same").kernel_regularizer.l2 == regularizer.l2


def test_the_mask_of_a_lambda_is_kept():
    def masked(x, mask=None):
        return x[..., 0, 0] > 0

    inputs = keras.Input((8, 8, 3))
    same = keras.layers.Lambda(lambda x: x, mask=masked, name="same")
    copy = convert_padding(keras.Model(inputs, same(conv()(inputs))), "reflect")
    assert copy.get_layer("same").mask is masked


class Dense(keras.layers.Dense):
    """Has no configuration at all once it is built."""

    def get_config(self):
        if self.built:
            raise RuntimeError("lost")
        return super().get_config()


def test_a_layer_without_a_configuration_is_used_itself():
    inputs = keras.Input((8, 8, 3))
    ones = keras.initializers.Ones()
    dense = Dense(3, kernel_initializer=ones, name="dense")
    model = keras.Sequential([inputs, dense, conv(name="conv")])
    with pytest.warns(UserWarning, match="'dense'.*cannot be made.*lost"):
        copy = convert_padding(model, "reflect")
    assert copy.get_layer("dense") is dense


def test_weights_drawn_anew_are_never_shared():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, Shift(np.float32(2), name="shift")(inputs))
    with pytest.raises(ValueError, match="'shift'.*cannot be made anew"):
        fresh_copy(model)


class OwnStep(keras.Model):
    """Trains its own way, and is made of inputs and outputs."""

    def train_step(self, *args, **kwargs):
        raise RuntimeError("own step")


class OwnArguments(keras.Model):
    """Has a graph, and a constructor with arguments of its own."""

    def __init__(self, filters=4, **kwargs):
        self.filters = filters
        inputs = keras.Input((8, 8, 3))
        x = keras.layers.ZeroPadding2D(1, name="frame")(inputs)
        x = keras.layers.Conv2D(filters, 3, name="valid")(x)
        outputs = conv(name="same")(x)
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

    def predict_step(self, *args, **kwargs):
        raise RuntimeError("own step")

    def get_config(self):
        return {"name": self.name, "filters": self.filters}


def test_a_class_with_a_step_of_its_own_is_kept():
    inputs = keras.Input((8, 8, 3))
    copy = convert_padding(OwnStep(inputs, conv()(inputs)), "reflect")
    copy.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(RuntimeError, match="own step"):
        copy.fit(pictures(), np.zeros((1, 8, 8, 4)), verbose=0)


def test_a_class_with_arguments_of_its_own_is_kept(tmp_path):
    model = OwnArguments(5, name="net")
    model.get_layer("same").trainable = False
    x = pictures()
    copy = convert_padding(model, "replicate")
    assert isinstance(copy, OwnArguments)
    assert (copy.name, copy.filters) == ("net", 5)
    assert len(copy.trainable_weights) == 2
    constant = output(copy, np.ones((1, 8, 8, 3), "float32"))
    assert np.ptp(constant, axis=(1, 2)).max() < 1e-5
    copy.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(
        tmp_path / "net.keras", custom_objects={"OwnArguments": OwnArguments}
    )
    np.testing.assert_array_equal(output(loaded, x), output(copy, x))
    back = convert_padding(loaded, "zeros")
    assert type(back) is OwnArguments
    np.testing.assert_array_equal(output(back, x), output(model, x))


class OnlyArguments(keras.Model):
    """Has a constructor of its own, and does nothing else its own way."""

    def __init__(self, filters=4, **kwargs):
        inputs = keras.Input((8, 8, 3))
        outputs = conv(name="same")(inputs)
        if filters:
            outputs = keras.layers.Conv2D(filters, 1)(outputs)
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.filters = filters

    def get_config(self):
        return {"name": self.name, "filters": self.filters}


def test_a_class_that_no_file_gives_back_becomes_a_plain_model(tmp_path):
    model = OnlyArguments(5)
    copy = convert_padding(model, "reflect")
    assert not isinstance(copy, OnlyArguments)
    copy.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = pictures()
    np.testing.assert_array_equal(output(loaded, x), output(copy, x))
    with keras.saving.custom_object_scope({"OnlyArguments": OnlyArguments}):
        assert isinstance(convert_padding(model, "reflect"), OnlyArguments)


def test_a_class_inside_another_model_is_kept():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, conv(name="last")(OwnArguments()(inputs)))
    x = pictures()
    back = there_and_back(model)
    assert type(back.layers[1]) is OwnArguments
    np.testing.assert_array_equal(output(back, x), output(model, x))


class Holder(keras.layers.Layer):
    """Calls a layer that it is given."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        inner = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "inner": inner}

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner, **config)


def test_a_layer_inside_two_others_is_not_doubled():
    inputs = keras.Input((8, 8, 4))
    inner = conv()
    x = Holder(inner, name="second")(Holder(inner, name="first")(inputs))
    with pytest.raises(ValueError, match="2 weights.* 4"):
        convert_padding(keras.Model(inputs, x), "reflect")


def test_steps_that_are_lost_are_named():
    with pytest.warns(UserWarning, match="without predict_step of its class"):
        copy = convert_padding(OwnArguments(), "none")
    assert not isinstance(copy, OwnArguments)
