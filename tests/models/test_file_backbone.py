"""Backbones out of `.keras` files."""

import keras
import numpy as np
import pytest

from keras_padpos import layers
from keras_padpos.models import backbone
from keras_padpos.models import check_weights
from keras_padpos.models import convert_padding
from keras_padpos.models import is_model_file
from keras_padpos.models import stage_names
from keras_padpos.models import stages

SHAPE = (16, 16, 3)


def pictures(size=16):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (2, size, size, 3)).astype("float32")


def as_numpy(array):
    return keras.ops.convert_to_numpy(array)


def numpy_maps(model, x):
    return {name: as_numpy(array) for name, array in model(x).items()}


def assert_close(found, expected):
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5)


def classifier(mode="zeros", shape=SHAPE, name="net", activation="relu"):
    """A small net with all that has state, and no default number in it."""
    inputs = keras.Input(shape, name="photo")
    norm = keras.layers.Normalization(name="prepared")
    x = norm(inputs)
    x = layers.Conv2D(
        4,
        3,
        padding="same",
        padding_mode=mode,
        kernel_initializer=keras.initializers.GlorotUniform(seed=3),
        name="first",
    )(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Conv2D(
        5,
        3,
        padding="same",
        padding_mode=mode,
        activation=activation,
        name="last",
    )(x)
    x = keras.layers.Flatten(name="flat")(x)
    net = keras.Model(
        inputs, keras.layers.Dense(2, name="classes")(x), name=name
    )
    rng = np.random.default_rng(1)
    net.set_weights(
        [
            rng.uniform(0.5, 1.5, array.shape).astype(array.dtype)
            for array in net.get_weights()
        ]
    )
    norm.set_weights(
        [np.array([99.0, 120, 130]), np.full(3, 4900.0), np.array(0)]
    )
    norm.finalize_state()
    return net


def saved(net, tmp_path):
    path = str(tmp_path / "net.keras")
    net.save(path)
    return path


def maps_of(net, x, *stages):
    view = keras.Model(
        net.inputs[0], {stage: net.get_layer(stage).output for stage in stages}
    )
    return numpy_maps(view, x)


@pytest.mark.parametrize("mode", ["zeros", "reflect"])
def test_a_file_is_as_saved_on_raw_pictures_bit_for_bit(mode, tmp_path):
    net = classifier(mode)
    model = backbone(saved(net, tmp_path), stages=["last", "pool"])
    x = pictures()
    found, expected = numpy_maps(model, x), maps_of(net, x, "last", "pool")
    assert list(model.output) == ["last", "pool"]
    assert model.input_shape == (None, *SHAPE)
    for stage, array in expected.items():
        np.testing.assert_array_equal(found[stage], array)


def test_zeros_are_put_in_the_place_of_other_borders(tmp_path):
    reflecting, plain = classifier("reflect"), classifier("zeros")
    model = backbone(
        saved(reflecting, tmp_path), "file", "zeros", stages=["last"]
    )
    x = pictures()
    found = numpy_maps(model, x)["last"]
    assert_close(found, maps_of(plain, x, "last")["last"])
    other = maps_of(reflecting, x, "last")["last"]
    assert np.abs(found - other).max() > 0.01 * other.max()


@pytest.mark.parametrize("mode", ["circular", "none"])
def test_any_mode_is_that_of_the_conversion(mode, tmp_path):
    net = classifier("reflect")
    model = backbone(saved(net, tmp_path), padding_mode=mode, stages=["last"])
    view = keras.Model(net.inputs[0], {"last": net.get_layer("last").output})
    x = pictures()
    expected = numpy_maps(convert_padding(view, mode), x)["last"]
    assert_close(numpy_maps(model, x)["last"], expected)
    assert expected.shape[1] == (8 if mode == "circular" else 4)


def test_random_weights_are_fresh_in_every_layer_but_the_preprocessing(
    tmp_path,
):
    path = saved(classifier("reflect"), tmp_path)

    def fresh(seed):
        model = backbone(path, "random", stages=["last"], seed=seed)
        return model.get_layer("net")

    one, same, other = fresh(1), fresh(1), fresh(2)
    for layer in ("first", "last"):
        kernels = [net.get_layer(layer).get_weights()[0] for net in (one, same)]
        np.testing.assert_array_equal(*kernels)
        # Even where the file's own initializer has a seed.
        third = other.get_layer(layer).get_weights()[0]
        assert np.abs(kernels[0] - third).max() > 0.01
        assert kernels[0].min() < 0  # none of the saved ones is
        assert not one.get_layer(layer).get_weights()[1].any()
    norm = one.get_layer("norm").get_weights()
    for array, initial in zip(norm, (1, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(array, np.full(4, initial))
    mean = one.get_layer("prepared").get_weights()[0]
    np.testing.assert_array_equal(mean, [99, 120, 130])
    x = pictures()
    view = keras.Model(one.inputs[0], one.get_layer("prepared").output)
    np.testing.assert_allclose(
        as_numpy(view(x)), (x - mean) / np.float32(70), atol=1e-5
    )
    # Its borders are its own still.
    assert one.get_layer("first").padding_mode.name == "reflect"


@pytest.mark.parametrize("mode", ["zeros", "reflect", "partial"])
def test_before_an_activation_is_the_network_without_it(mode, tmp_path):
    net = classifier(mode, activation="softmax")
    plain = classifier(mode, activation=None)
    model = backbone(
        saved(net, tmp_path), stages=["last", "pool"], before_activation=True
    )
    x = pictures()
    expected = maps_of(plain, x, "last", "pool")
    assert list(model.output) == ["last", "pool"]
    for stage, array in numpy_maps(model, x).items():
        np.testing.assert_array_equal(array, expected[stage])
    assert expected["last"].max() > 1  # which no softmax gives


def test_random_weights_do_not_hang_on_where_a_stage_is_read(tmp_path):
    path = saved(classifier("reflect"), tmp_path)

    def maps(before_activation):
        model = backbone(
            path,
            "random",
            stages=["last"],
            seed=1,
            before_activation=before_activation,
        )
        return numpy_maps(model, pictures())["last"]

    assert maps(True).min() < 0
    np.testing.assert_array_equal(np.maximum(maps(True), 0), maps(False))


def transfer(base):
    """What a classifier on a network of somebody else's looks like."""
    inputs = keras.Input(SHAPE, name="photo")
    x = keras.layers.Rescaling(1 / 255, name="scaled")(inputs)
    x = base(x, training=False)
    x = keras.layers.Conv2D(3, 1, name="mixed")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(2)(x), name="transfer")


def base(name="base"):
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(4, 3, padding="same", name="first"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Conv2D(5, 3, padding="same", name="second"),
        ],
        name=name,
    )


@pytest.mark.parametrize("mode", ["own", "symmetric"])
def test_layers_of_models_inside_are_stages_too(mode, tmp_path):
    inner = base()
    path = saved(transfer(inner), tmp_path)
    model = backbone(
        path, padding_mode=mode, stages=["norm", "mixed", "base", "scaled"]
    )
    x = pictures()
    if mode != "own":
        inner = convert_padding(inner, mode)
    expected = maps_of(inner, x / np.float32(255), "norm", "second")
    found = numpy_maps(model, x)
    assert list(model.output) == ["norm", "mixed", "base", "scaled"]
    assert_close(found["norm"], expected["norm"])
    assert_close(found["base"], expected["second"])
    assert_close(found["scaled"], x / 255)
    assert found["mixed"].shape == (2, 16, 16, 3)


@pytest.mark.parametrize("mode", ["own", "symmetric", "none"])
def test_stages_of_models_inside_are_read_before_activations(mode, tmp_path):
    inner = keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(
                4, 3, padding="same", activation="relu", name="first"
            ),
            keras.layers.Conv2D(5, 3, padding="same", name="second"),
            keras.layers.LeakyReLU(0.5, name="leaky"),
        ]
    )
    path = saved(transfer(inner), tmp_path)
    asked = ["leaky", "second", "mixed", "first"]

    def maps(before_activation):
        model = backbone(
            path,
            padding_mode=mode,
            stages=asked,
            before_activation=before_activation,
        )
        assert list(model.output) == asked
        again = tmp_path / "again.keras"
        model.save(again)
        return numpy_maps(keras.saving.load_model(again), pictures())

    before, after = maps(True), maps(False)
    for stage in ("second", "mixed"):
        np.testing.assert_array_equal(before[stage], after[stage])
    assert before["first"].min() < 0
    np.testing.assert_array_equal(
        np.maximum(before["first"], 0), after["first"]
    )
    np.testing.assert_array_equal(before["leaky"], after["second"])
    assert (before["leaky"] < after["leaky"]).any()


def test_a_model_inside_that_is_a_stage_gives_its_output(tmp_path):
    inner = base()
    inner.add(keras.layers.ReLU(name="end"))
    path = saved(transfer(inner), tmp_path)
    before, after = (
        numpy_maps(
            backbone(path, stages=["base", "mixed"], before_activation=value),
            pictures(),
        )
        for value in (True, False)
    )
    for stage, array in after.items():
        np.testing.assert_array_equal(before[stage], array)


def test_a_saved_backbone_is_a_file_like_any_other(tmp_path):
    stages = stage_names("mobilenet")[:2]
    first = backbone(
        "mobilenet",
        "random",
        "circular",
        stages=stages,
        input_shape=(32, 32, 3),
    )
    model = backbone(saved(first, tmp_path), stages=stages)
    x = pictures(32)
    expected, found = numpy_maps(first, x), numpy_maps(model, x)
    for stage in stages:
        np.testing.assert_array_equal(found[stage], expected[stage])
    again = tmp_path / "again.keras"
    model.save(again)
    found = numpy_maps(keras.saving.load_model(again), x)
    for stage in stages:
        np.testing.assert_array_equal(found[stage], expected[stage])


def test_a_sequential_file_will_do(tmp_path):
    net = base()
    model = backbone(saved(net, tmp_path), stages=["second"])
    x = pictures()
    np.testing.assert_array_equal(
        numpy_maps(model, x)["second"], as_numpy(net(x))
    )


@pytest.mark.parametrize("opened", ["mixed", "second"])
@pytest.mark.parametrize("asked", [(24, 20, 3), (None, None, 3)])
def test_a_file_is_built_for_another_size(opened, asked, tmp_path):
    inner = base()
    path = saved(transfer(inner), tmp_path)
    model = backbone(path, stages=[opened], input_shape=asked)
    assert model.input_shape == (None, *asked)
    x = pictures(24)[:, :, :20]
    found = numpy_maps(model, x)[opened]
    assert found.shape[1:3] == (24, 20)
    # Where the border of the smaller picture is not seen, the two agree.
    own = numpy_maps(backbone(path, stages=[opened]), x[:, :16, :16])[opened]
    assert_close(found[:, :13, :13], own[:, :13, :13])


def test_a_file_of_open_size_may_be_given_one(tmp_path):
    inputs = keras.Input((None, None, 3))
    conv = keras.layers.Conv2D(4, 3, strides=2, padding="same", name="conv")
    path = saved(keras.Model(inputs, conv(inputs)), tmp_path)
    assert backbone(path, stages=["conv"]).input_shape == (None, None, None, 3)
    fixed = backbone(path, stages=["conv"], input_shape=(10, 12, 3))
    assert fixed.output["conv"].shape == (None, 5, 6, 4)


def error_of(*args, kind=ValueError, **kwargs):
    with pytest.raises(kind) as error:
        backbone(*args, **kwargs)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_a_size_that_does_not_fit_is_an_error(tmp_path):
    inputs = keras.Input(SHAPE)
    x = keras.layers.Reshape((8, 32, 3), name="shaped")(inputs)
    net = keras.Model(inputs, keras.layers.Conv2D(2, 3, name="conv")(x))
    path = saved(net, tmp_path)
    message = error_of(path, stages=["conv"], input_shape=(24, 24, 3))
    assert message.startswith("`input_shape` must be (16, 16, 3), for which")
    assert message.endswith("Received: input_shape=(24, 24, 3)")
    message = error_of(path, stages=["conv"], input_shape=(16, 16, 1))
    assert message.startswith("`input_shape` must be (height, width, 3)")


@pytest.mark.parametrize("call", [backbone, stage_names])
def test_without_stages_an_error_proposes_the_last_layer_of_each_size(
    call, tmp_path
):
    path = saved(classifier(), tmp_path)
    with pytest.raises(ValueError) as error:
        call(path)
    assert str(error.value) == (
        f"`stages` must name layers of {path!r}, such as norm, last. "
        "Received: nothing"
    )


def test_stages_that_are_no_maps_are_errors(tmp_path):
    path = saved(classifier(), tmp_path)
    assert error_of(path, stages=["last", "lst"]) == (
        "`stages` must name layers of net, such as norm, last. "
        "Received: 'lst', which is none. Did you mean last?"
    )
    assert error_of(path, stages=["classes"]) == (
        "`stages` must name layers that give one map (batch, height, width, "
        "channels). Received: 'classes', which gives (None, 2)"
    )


def test_a_layer_that_is_called_twice_is_an_error(tmp_path):
    inputs = keras.Input(SHAPE)
    conv = keras.layers.Conv2D(3, 3, padding="same", name="conv")
    path = saved(keras.Model(inputs, conv(conv(inputs))), tmp_path)
    message = error_of(path, stages=["conv"])
    assert message.endswith("'conv', which is called 2 times")


def test_layers_of_one_name_in_two_models_are_an_error(tmp_path):
    inputs = keras.Input(SHAPE)
    one, other = base("one"), base("other")
    x = keras.layers.Conv2D(3, 1, name="between")(one(inputs))
    path = saved(keras.Model(inputs, other(x)), tmp_path)
    message = error_of(path, stages=["second"])
    assert message.endswith("names several layers: one/second, other/second")
    model = backbone(path, stages=["other/norm"])
    assert numpy_maps(model, pictures())["other/norm"].shape == (2, 16, 16, 4)
    # Nothing needs to be opened for these.
    model = backbone(path, stages=["one", "between", "other"])
    assert numpy_maps(model, pictures())["other"].shape == (2, 16, 16, 5)


def test_a_layer_of_the_model_itself_comes_before_one_inside(tmp_path):
    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(7, 1, name="norm")(base()(inputs))
    path = saved(keras.Model(inputs, x), tmp_path)
    model = backbone(path, stages=["norm"])
    assert model.output["norm"].shape[-1] == 7
    assert backbone(path, stages=["first"]).output["first"].shape[-1] == 4
    # Side by side, as one model, the two names would be one.
    message = error_of(path, stages=["norm", "second"])
    assert message.startswith("`stages` must be layers of the model itself")
    assert message.endswith("Received: norm, second")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    path = str(tmp_path / "none.keras")
    expected = (
        "`name` must be the name of a backbone or the path of a .keras file. "
        f"There is no file at {path!r}"
    )
    for call in (backbone, check_weights, stage_names):
        with pytest.raises(FileNotFoundError) as error:
            call(path)
        assert str(error.value) == expected


def test_a_file_that_is_no_model_is_an_error(tmp_path):
    path = tmp_path / "notes.keras"
    path.write_text("This is no model.\n")
    message = error_of(str(path), stages=["conv"])
    assert message.startswith("`name` must be a file that Keras can load.")
    assert repr(str(path)) in message


@pytest.mark.parametrize("shape", [(16, 16, 1), (16, 3)])
def test_a_model_of_other_inputs_is_an_error(shape, tmp_path):
    inputs = keras.Input(shape)
    net = keras.Model(inputs, keras.layers.Activation("relu")(inputs))
    message = error_of(saved(net, tmp_path), stages=["activation"])
    assert "pictures (batch, height, width, 3)" in message
    assert message.endswith(f"which takes {(None, *shape)}")


@pytest.mark.parametrize("call", [backbone, check_weights])
@pytest.mark.parametrize("weights", ["imagenet", "bundled", "some.weights.h5"])
def test_a_file_has_its_weights_or_random_ones(call, weights, tmp_path):
    path = saved(base(), tmp_path)
    with pytest.raises(ValueError) as error:
        call(path, weights)
    assert str(error.value) == (
        '`weights` of a .keras file must be "file" (as saved) or "random". '
        f"Received: weights={weights!r}"
    )
    for good in (None, "file", "random"):
        check_weights(path, good)


def test_a_path_object_names_a_file_too(tmp_path):
    assert is_model_file(tmp_path / "net.keras")
    assert not is_model_file("net.keras.h5")
    saved(base(), tmp_path)
    model = backbone(tmp_path / "net.keras", stages=["norm"])
    assert list(model.output) == ["norm"]


def test_stages_of_what_has_not_one_input():
    inputs = [keras.Input((8, 8, 3)) for _ in "ab"]
    two = keras.Model(inputs, keras.layers.Add()(inputs))
    for network in (two, None, "net"):
        with pytest.raises(ValueError, match="`network` must be a functional"):
            stages(network, ["add"])
