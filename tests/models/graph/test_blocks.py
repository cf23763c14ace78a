"""Layers that call padded layers by their own code."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
from oracles import numpy_pad

from keras_padpos import layers
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.models import convert_padding
from keras_padpos.models import find_padding_sites

SIZE = (12, 9)


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def pictures(channels=3, size=SIZE):
    rng = np.random.default_rng(0)
    return rng.normal(size=(2, *size, channels)).astype("float32")


def conv(filters=3, **options):
    return keras.layers.Conv2D(filters, 3, padding="same", **options)


@keras.saving.register_keras_serializable("test_blocks")
class Pair(keras.layers.Layer):
    """Two convolutions as attributes, made with the layer."""

    def __init__(self, filters=3, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.one = conv(filters, activation="relu")
        self.two = conv(filters, name="second")

    def build(self, shape):
        self.one.build(shape)
        self.two.build((*shape[:-1], self.filters))

    def call(self, x):
        return self.two(self.one(x))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable("test_blocks")
class Late(keras.layers.Layer):
    """Layers in a list and a dict, made when the layer is built."""

    def build(self, shape):
        self.stages = [{"conv": conv()}, {"conv": conv()}]
        self.frame = keras.layers.ZeroPadding2D(1)
        for stage in self.stages:
            stage["conv"].build(shape)

    def call(self, x):
        for stage in self.stages:
            x = stage["conv"](x)
        return keras.ops.relu(self.frame(x)[:, 1:-1, 1:-1])


@keras.saving.register_keras_serializable("test_blocks")
class Nested(keras.layers.Layer):
    """A layer of one's own in another, and a model with a graph."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pair = Pair()
        self.branch = keras.Sequential(
            [conv(), keras.layers.MaxPooling2D(3, 1, padding="same")]
        )

    def build(self, shape):
        self.pair.build(shape)
        self.branch.build(shape)

    def call(self, x, training=None):
        return x + self.pair(x) + self.branch(x, training=training)


@keras.saving.register_keras_serializable("test_blocks")
class Subclassed(keras.Model):
    """A model whose layers are called by Python code."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = conv()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.drop(self.conv(x), training=training)


@keras.saving.register_keras_serializable("test_blocks")
class Framed(keras.layers.Layer):
    """Builds a model inside by its frame's class; a Lambda refers to it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.frame = keras.layers.ZeroPadding2D(1)
        self.valid = keras.Sequential([keras.layers.Conv2D(3, 3)])
        self.scale = 2.0

    def build(self, shape):
        if isinstance(self.frame, keras.layers.ZeroPadding2D):
            shape = self.frame.compute_output_shape(shape)
        self.valid.build(shape)
        self.scaled = keras.layers.Lambda(lambda x: x * self.scale)

    def call(self, x):
        return self.scaled(self.valid(self.frame(x)))


def net(block, size=SIZE):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((*size, 3))
    return keras.Model(inputs, conv(2, name="last")(block(inputs)))


BLOCKS = {
    "pair": lambda: Pair(name="block"),
    "late": lambda: Late(name="block"),
    "nested": lambda: Nested(name="block"),
    "subclassed": lambda: Subclassed(name="block"),
    "framed": lambda: Framed(name="block"),
    "spectral": lambda: keras.layers.SpectralNormalization(
        conv(), name="block"
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_all_that_a_layer_holds_is_converted_there_and_back(name):
    model = net(BLOCKS[name]())
    converted = convert_padding(model, "replicate")
    constant = np.broadcast_to(
        np.float32([0.3, 0.7, 1.1]).reshape(1, 1, 1, 3), (1, *SIZE, 3)
    )
    y = output(converted, constant)
    assert np.ptp(y, axis=(1, 2)).max() < 1e-5
    assert np.ptp(output(model, constant), axis=(1, 2)).max() > 1e-3
    back = convert_padding(converted, "zeros")
    assert type(back.get_layer("block")) is type(model.get_layer("block"))
    x = pictures()
    np.testing.assert_array_equal(output(back, x), output(model, x))


@pytest.mark.parametrize("name", BLOCKS)
def test_a_map_that_is_rolled_gives_a_rolled_map(name):
    circular = convert_padding(net(BLOCKS[name]()), "circular")
    x = pictures()
    np.testing.assert_allclose(
        output(circular, np.roll(x, (2, 3), (1, 2))),
        np.roll(output(circular, x), (2, 3), (1, 2)),
        atol=1e-5,
    )


@pytest.mark.parametrize("name", BLOCKS)
def test_a_converted_layer_is_saved_and_loaded(name, tmp_path):
    converted = convert_padding(net(BLOCKS[name]()), "reflect")
    converted.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    x = pictures()
    np.testing.assert_array_equal(output(loaded, x), output(converted, x))
    again = [site.padding_mode for site in find_padding_sites(loaded)]
    assert again == [s.padding_mode for s in find_padding_sites(converted)]


def test_the_numbers_are_those_of_numpy():
    model = net(Pair(name="block"))
    x = pictures()
    y = x
    pair = model.get_layer("block")
    for layer in (pair.one, pair.two, model.get_layer("last")):
        y = keras.ops.conv(
            numpy_pad(y, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect"),
            layer.kernel,
            data_format="channels_last",
        )
        y = layer.activation(y + layer.bias)
        y = keras.ops.convert_to_numpy(y)
    np.testing.assert_allclose(
        output(convert_padding(model, "reflect"), x), y, atol=1e-5
    )


def test_sites_inside_are_named_after_the_layer():
    sites = find_padding_sites(net(Nested(name="block")))
    assert [(site.name, site.kind) for site in sites] == [
        ("block", "other"),
        ("block/pair/one", "convolution"),
        ("block/second", "convolution"),
        ("block/branch/layers/0", "convolution"),
        ("block/branch/layers/1", "max_pooling"),
        ("last", "convolution"),
    ]
    assert not any(site.reason for site in sites)
    assert sites[2].pads == ((1, 1), (1, 1))
    assert sites[1].path == "pair/one"
    assert sites[1].block is sites[0].layer


@pytest.mark.parametrize(
    ("options", "converted"),
    [
        ({"only": "block"}, ["one", "two"]),
        ({"only": "block/second"}, ["two"]),
        ({"only": "one"}, ["one"]),
        ({"skip": "block"}, []),
        ({"skip": ["block/second", "last"]}, ["one"]),
        ({"skip": lambda site: site.path == "one"}, ["two"]),
    ],
)
def test_layers_inside_can_be_chosen(options, converted):
    copy = convert_padding(net(Pair(name="block")), "reflect", **options)
    block = copy.get_layer("block")
    modes = {
        name: getattr(getattr(block, name), "padding_mode", None)
        for name in ("one", "two")
    }
    assert [name for name, mode in modes.items() if mode] == converted


def test_what_was_converted_before_is_kept():
    first = convert_padding(net(Pair(name="block")), "reflect", only="one")
    both = convert_padding(first, "circular", only="block/second")
    shown = repr(both.get_layer("block"))
    assert "'one': 'reflect'" in shown
    assert "'two': 'circular'" in shown
    assert "Pair" in shown


def test_weights_and_files_of_weights_fit_both(tmp_path):
    model = net(Nested(name="block"))
    converted = convert_padding(model, "reflect")
    shapes = [weight.shape for weight in model.weights]
    assert [weight.shape for weight in converted.weights] == shapes
    doubled = [2 * w for w in model.get_weights()]
    model.set_weights(doubled)
    converted.set_weights(model.get_weights())
    for one, other in zip(doubled, converted.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for source, target in ((model, converted), (converted, model)):
        source.save_weights(tmp_path / "net.weights.h5")
        target.set_weights([0 * w for w in doubled])
        target.load_weights(tmp_path / "net.weights.h5")
        for one, other in zip(doubled, target.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_masks_and_flags_reach_the_layer_as_before():
    model = net(Subclassed(name="block"))
    model.get_layer("block").conv.trainable = False
    converted = convert_padding(model, "reflect")
    assert isinstance(converted.get_layer("block"), Subclassed)
    assert len(converted.trainable_weights) == 2
    x = pictures()
    while_training = keras.ops.convert_to_numpy(converted(x, training=True))
    assert np.abs(while_training - output(converted, x)).max() > 1e-3


def test_a_layer_that_is_used_twice_is_converted_once():
    inputs = keras.Input((*SIZE, 3))
    block = Pair(name="block")
    model = keras.Model(inputs, block(block(inputs)))
    converted = convert_padding(model, "circular")
    assert len(converted.weights) == len(model.weights) == 4
    back = convert_padding(converted, "zeros")
    x = pictures()
    np.testing.assert_array_equal(output(back, x), output(model, x))


@pytest.mark.parametrize("layer", ["Conv2D", "DepthwiseConv2D"])
def test_time_distributed_layers_are_converted(layer):
    arguments = (3, 3) if layer == "Conv2D" else (3,)
    inner = getattr(keras.layers, layer)(*arguments, padding="same")
    inputs = keras.Input((4, *SIZE, 3))
    model = keras.Model(inputs, keras.layers.TimeDistributed(inner)(inputs))
    x = np.stack([pictures()] * 4, axis=1)
    converted = convert_padding(model, "symmetric")
    # Keras' own configuration tells what the layer inside is.
    assert type(converted.layers[1]) is keras.layers.TimeDistributed
    back = convert_padding(converted, "zeros").layers[1]
    assert type(back.layer) is getattr(keras.layers, layer)
    y = output(converted, x)
    single = getattr(layers, layer)(
        *arguments, padding="same", padding_mode="symmetric"
    )
    single.build(x[:, 0].shape)
    single.set_weights(inner.get_weights())
    expected = np.stack([output(single, x[:, 0])] * 4, axis=1)
    np.testing.assert_allclose(y, expected, atol=1e-5)


@keras.saving.register_keras_serializable("test_blocks")
class Cell(keras.layers.Layer):
    """A cell of a recurrent layer that convolves what comes in."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = conv()
        self.state_size = (*SIZE, 3)

    def build(self, shape):
        self.conv.build((shape[0], *SIZE, 3))

    def call(self, x, states):
        y = self.conv(x) + states[0]
        return y, [y]

    def get_initial_state(self, batch_size=None):
        return [keras.ops.zeros((batch_size, *self.state_size))]


def test_cells_of_recurrent_layers_are_converted(tmp_path):
    inputs = keras.Input((4, *SIZE, 3))
    model = keras.Model(inputs, keras.layers.RNN(Cell(), name="rnn")(inputs))
    converted = convert_padding(model, "replicate")
    x = np.ones((1, 4, *SIZE, 3), "float32")
    assert np.ptp(output(converted, x), axis=(1, 2)).max() < 1e-5
    converted.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(output(loaded, x), output(converted, x))


def enlarging(size):
    return keras.layers.UpSampling2D(size, interpolation="bilinear")


@keras.saving.register_keras_serializable("test_blocks")
class Decoder(keras.layers.Layer):
    """Enlarges by layers that have no `padding`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.up = enlarging(2)
        self.resize = keras.layers.Resizing(32, 24)
        self.conv = conv()

    def build(self, shape):
        self.conv.build(shape)

    def call(self, x):
        return self.resize(self.up(self.conv(x)))


@keras.saving.register_keras_serializable("test_blocks")
class Upwards(keras.Model):
    """A model with arguments of its own."""

    def __init__(self, size=2, **kwargs):
        inputs = keras.Input((16, 12, 3))
        outputs = conv()(enlarging(size)(inputs))
        super().__init__(inputs, outputs, **kwargs)
        self.size = size

    def get_config(self):
        return {"name": self.name, "size": self.size}


def _frames(layer):
    inputs = keras.Input((3, 16, 12, 3))
    return keras.Model(inputs, layer(inputs))


def _decoder():
    inputs = keras.Input((16, 12, 3))
    return keras.Model(inputs, Decoder(name="block")(inputs))


RESAMPLED = {
    "block": (_decoder, 3, 2),
    "model": (Upwards, 2, 2),
    "upsampling": (
        lambda: _frames(keras.layers.TimeDistributed(enlarging(2))),
        1,
        2,
    ),
    "resizing": (
        lambda: _frames(
            keras.layers.TimeDistributed(keras.layers.Resizing(32, 24))
        ),
        1,
        2,
    ),
    "recurrent": (
        lambda: _frames(
            keras.layers.Bidirectional(
                keras.layers.ConvLSTM2D(2, 3, padding="same")
            )
        ),
        2,
        1,
    ),
}


@pytest.mark.parametrize("name", RESAMPLED)
def test_resampling_and_recurrence_inside_are_converted(name, tmp_path):
    make, count, factor = RESAMPLED[name]
    keras.utils.set_random_seed(0)
    model = make()
    sites = find_padding_sites(model)
    assert len([site for site in sites if site.kind != "other"]) == count
    converted = convert_padding(model, "circular")
    x = np.random.default_rng(0).normal(size=(1, *model.input_shape[1:]))
    x = x.astype("float32")
    axes = (x.ndim - 3, x.ndim - 2)
    y = output(converted, x)
    rolled = output(converted, np.roll(x, (3, 2), axes))
    out = (y.ndim - 3, y.ndim - 2)
    np.testing.assert_allclose(
        rolled, np.roll(y, (3 * factor, 2 * factor), out), atol=1e-5
    )
    assert np.abs(output(model, x) - y).max() > 1e-3
    back = convert_padding(converted, "zeros")
    np.testing.assert_array_equal(output(back, x), output(model, x))
    converted.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(output(loaded, x), y)


def test_a_resizing_inside_that_has_no_converter_is_refused_by_name():
    layer = keras.layers.Resizing(32, 24, interpolation="bicubic", name="big")
    model = _frames(keras.layers.TimeDistributed(layer, name="each"))
    with pytest.raises(ValueError, match="'each/big'.*bilinear Resizing"):
        convert_padding(model, "circular")


def test_layers_are_listed_alike_on_every_backend():
    block = Nested(name="block")
    block.build((None, *SIZE, 3))
    layer = keras.layers.TimeDistributed(block)
    listed = [path for path, _ in inner_layers(layer)]
    assert listed == [
        "layer",
        "layer/pair",
        "layer/branch",
        "layer/pair/one",
        "layer/pair/two",
        "layer/branch/_functional",
        "layer/branch/layers/0",
        "layer/branch/layers/1",
        "layer/branch/_layers/0",
    ]


class PadsToo(Pair):
    """Frames the map by its own code before the convolutions."""

    def call(self, x):
        frame = [[0, 0], [1, 1], [1, 1], [0, 0]]
        return super().call(keras.ops.pad(x, frame))[:, 1:-1, 1:-1]


@keras.saving.register_keras_serializable("test_blocks")
class PadsBy(Pair):
    """Moves the map by some cells, zeros in their place, before a model."""

    def __init__(self, cells=0, **kwargs):
        super().__init__(**kwargs)
        self.cells = cells
        self.stem = keras.Sequential([conv(name="stem")])

    def build(self, shape):
        super().build(shape)
        self.stem.build(shape)

    def call(self, x):
        cells = [self.cells, self.cells]
        x = keras.ops.pad(x, [[0, 0], cells, cells, [0, 0]])
        end = -2 * self.cells or None
        return super().call(self.stem(x[:, :end, :end]))

    def get_config(self):
        return {**super().get_config(), "cells": self.cells}


def test_equal_blocks_are_tried_once_and_others_by_themselves(monkeypatch):
    module = sys.modules[find_padding_sites.__module__]
    module = sys.modules[module.sites_inside.__module__]
    problem = module.constant_problem
    trials = []
    monkeypatch.setattr(
        module,
        "constant_problem",
        lambda layer, *rest: (
            trials.append(layer.cells) or problem(layer, *rest)
        ),
    )
    inputs = x = keras.Input((*SIZE, 3))
    for number, cells in enumerate((0, 0, 1, 0)):
        x = PadsBy(cells, name=f"block{number}")(x)
    model = keras.Model(inputs, x)
    sites = find_padding_sites(model)
    assert trials == [0, 1]
    assert [s.name for s in sites if s.reason] == ["block2"]
    x = pictures()
    copy = convert_padding(model, "reflect", skip="block2")
    back = convert_padding(copy, "zeros", skip="block2")
    assert len(find_padding_sites(copy)) == len(sites)
    np.testing.assert_array_equal(output(back, x), output(model, x))


class Forgets(keras.layers.Layer):
    """Does not say in its configuration how strong it is."""

    def __init__(self, strength=1.0, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength
        self.conv = conv()

    def build(self, shape):
        self.conv.build(shape)

    def call(self, x):
        return self.strength * self.conv(x)

    def get_config(self):
        return {"name": self.name}


@keras.saving.register_keras_serializable("test_blocks")
class Misnames(Forgets):
    """Says in its configuration what its constructor does not take."""

    def get_config(self):
        return {"name": self.name, "power": self.strength}


@keras.saving.register_keras_serializable("test_blocks")
class Whole(keras.Model):
    """A model that alone knows how to make its layer."""

    def __init__(self, size=12, **kwargs):
        inputs = keras.Input((size, size, 3))
        block = Forgets(np.float32(2), name="block")
        super().__init__(inputs, block(inputs), **kwargs)
        self.size = size

    def get_config(self):
        return {"name": self.name, "size": self.size}


keras.saving.register_keras_serializable("test_blocks")(Forgets)


@pytest.mark.parametrize("kind", [Forgets, Misnames])
def test_what_get_config_leaves_out_is_taken_from_the_arguments(kind, tmp_path):
    model = net(kind(2.0, name="block"))
    x = pictures()
    reflecting = convert_padding(model, "reflect")
    expected = layers.Conv2D(3, 3, padding="same", padding_mode="reflect")
    expected.build(x.shape)
    expected.set_weights(model.get_layer("block").conv.get_weights())
    np.testing.assert_allclose(
        output(reflecting.get_layer("block"), x),
        2 * output(expected, x),
        atol=1e-5,
    )
    reflecting.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(output(loaded, x), output(reflecting, x))
    for converted in (reflecting, loaded):
        back = convert_padding(converted, "zeros")
        assert type(back.get_layer("block")) is kind
        np.testing.assert_array_equal(output(back, x), output(model, x))
    # A layer that is left as it is, is a copy all the same.
    left = convert_padding(model, "reflect", skip="block")
    assert left.get_layer("block") is not model.get_layer("block")
    assert left.get_layer("block").strength == 2.0


class HandsOn(keras.layers.Layer):
    """Gives the layer that it holds in the place of its configuration."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        return {**super().get_config(), "inner": self.inner}


def test_a_layer_that_a_copy_shares_is_never_converted_in_place():
    model = net(HandsOn(conv(name="inner"), name="block"))
    x = pictures()
    before = output(model, x)
    with pytest.raises(ValueError, match="'block'.*same layer at 'inner'"):
        convert_padding(model, "reflect")
    with pytest.warns(UserWarning, match="'block'.*part of both networks"):
        convert_padding(model, "reflect", skip="block")
    assert type(model.get_layer("block").inner) is keras.layers.Conv2D
    np.testing.assert_array_equal(output(model, x), before)


def test_a_layer_that_only_its_model_can_make_is_converted_with_it():
    model = Whole()
    converted = convert_padding(model, "replicate")
    assert isinstance(converted, Whole)
    constant = np.ones((1, 12, 12, 3), "float32")
    assert np.ptp(output(converted, constant), axis=(1, 2)).max() < 1e-5
    # Elsewhere nothing makes it.
    inputs = keras.Input((12, 12, 3))
    with pytest.raises(ValueError, match="'block'.*get_config"):
        convert_padding(
            keras.Model(inputs, model.get_layer("block")(inputs)), "replicate"
        )


def test_what_cannot_be_converted_is_refused_by_name():
    inputs = keras.Input((*SIZE, 3))
    x = PadsToo(name="pads")(Forgets(np.float32(2), name="forgets")(inputs))
    model = keras.Model(inputs, conv(name="last")(x))
    sites = {site.name: site.reason for site in find_padding_sites(model)}
    assert list(sites) == ["forgets", "pads", "last"]
    assert "get_config" in sites["forgets"]
    assert "its own code pads" in sites["pads"]
    with pytest.raises(ValueError, match=r"2 layers pad.*'forgets'.*'pads'"):
        convert_padding(model, "reflect")
    with pytest.warns(UserWarning, match="'forgets'.*part of both networks"):
        copy = convert_padding(
            model, "reflect", skip=lambda site: bool(site.reason)
        )
    assert copy.get_layer("last").padding_mode.name == "reflect"


def test_none_and_random_modes_are_refused_inside():
    model = net(Pair(name="block"))
    for mode in ("none", "randn"):
        with pytest.raises(ValueError, match=r"'block/one'.*'block/second'"):
            convert_padding(model, mode)
    leave = {"skip": lambda site: site.block is not None}
    assert convert_padding(model, "none", **leave).output_shape[1:3] == (10, 7)


def test_a_file_is_never_read_as_zeros(tmp_path):
    converted = convert_padding(net(Pair(name="block")), "reflect")
    config = converted.get_layer("block").get_config()
    config["inner_paddings"]["three"] = config["inner_paddings"].pop("two")
    layer = layers.ConvertedLayer.from_config(config)
    with pytest.raises(ValueError, match="must hold a layer at 'three'"):
        layer.build((None, *SIZE, 3))
    late = convert_padding(net(Late(name="block")), "reflect")
    config = late.get_layer("block").get_config()
    config["inner_paddings"]["stages/7"] = config["inner_paddings"].pop("frame")
    layer = layers.ConvertedLayer.from_config(config)
    with pytest.raises(ValueError, match="must hold a layer at 'stages/7'"):
        layer.build((None, *SIZE, 3))


@pytest.mark.large
def test_another_process_loads_what_was_saved(tmp_path):
    """A class that is not registered, as `custom_objects`."""
    code = """
    import sys
    import keras, numpy as np
    {load}
    class Own(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.conv = keras.layers.Conv2D(3, 3, padding="same")
        def build(self, shape):
            self.conv.build(shape)
        def call(self, x):
            return self.conv(x)
    x = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
    """
    make = (
        code.format(load="from keras_padpos import models")
        + """
    i = keras.Input((8, 8, 3))
    net = models.convert_padding(keras.Model(i, Own()(i)), "reflect")
    net.save("net.keras")
    np.save("y.npy", keras.ops.convert_to_numpy(net(x)))
    """
    )
    read = (
        code.format(load="import keras_padpos.layers")
        + """
    net = keras.saving.load_model("net.keras", custom_objects={"Own": Own})
    y = keras.ops.convert_to_numpy(net(x))
    np.testing.assert_array_equal(y, np.load("y.npy"))
    """
    )
    for text in (make, read):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(text)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]


class Smooths(Pair):
    """Averages over a window that ends at the border, by its own code."""

    def call(self, x):
        x = super().call(x)
        return keras.ops.average_pool(x, 3, 1, padding="same")


class Mirrors(Pair):
    """Mirrors the map for a convolution without padding."""

    def __init__(self, filters=3, **kwargs):
        super().__init__(filters, **kwargs)
        self.valid = keras.layers.Conv2D(filters, 3)

    def build(self, shape):
        super().build(shape)
        self.valid.build((*shape[:-1], self.filters))

    def call(self, x):
        frame = [[0, 0], [1, 1], [1, 1], [0, 0]]
        return self.valid(keras.ops.pad(super().call(x), frame, "reflect"))


class Pool(keras.layers.MaxPooling2D):
    """No layer of Keras, so it keeps its border."""


class Pools(Pair):
    """Ends with a layer that is not converted."""

    def __init__(self, filters=3, **kwargs):
        super().__init__(filters, **kwargs)
        self.pool = Pool(3, 1, padding="same")

    def call(self, x):
        return self.pool(super().call(x))


@pytest.mark.parametrize("kind", [Smooths, Mirrors, Pools])
@pytest.mark.parametrize("size", [SIZE, (None, None)])
def test_a_border_that_keeps_constants_is_seen_by_rolling(kind, size):
    model = net(kind(name="block"), size)
    with pytest.raises(ValueError, match="'block'.*rolled map.*its own code"):
        convert_padding(model, "circular")


class Strides(Pair):
    """Halves the map and enlarges it again."""

    def __init__(self, filters=3, **kwargs):
        super().__init__(filters, **kwargs)
        self.halve = conv(filters, strides=2)

    def build(self, shape):
        super().build(shape)
        self.halve.build(shape)

    def call(self, x):
        y = keras.ops.repeat(self.halve(super().call(x)), 2, axis=1)
        y = keras.ops.repeat(y, 2, axis=2)
        return y[:, : x.shape[1], : x.shape[2]]


def test_strides_that_do_not_divide_the_map_are_no_border():
    model = net(Strides(name="block"), (9, 9))
    assert not any(site.reason for site in find_padding_sites(model))


class Sealed(Pair):
    """Takes no subclasses without a tag."""

    def __init_subclass__(cls, *, tag):
        cls.tag = tag


def test_a_class_that_refuses_subclasses_is_listed_with_the_reason():
    sites = find_padding_sites(net(Sealed(name="block")))
    assert "cannot be extended" in sites[0].reason


class Raises(Pair):
    """Has an attribute of Keras' name that cannot be read."""

    @property
    def padding(self):
        raise RuntimeError("unread")


def test_attributes_that_cannot_be_read_hide_nothing():
    model = net(Raises(name="block"))
    sites = find_padding_sites(model)
    assert [site.name for site in sites][1:] == [
        "block/one",
        "block/second",
        "last",
    ]


class Nameless(keras.layers.Layer):
    """Its configuration lacks its name."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = conv()

    def build(self, shape):
        self.conv.build(shape)

    def call(self, x):
        return self.conv(x)

    def get_config(self):
        return {}


def test_names_are_kept(tmp_path):
    model = net(Nameless(name="block"))
    converted = convert_padding(model, "reflect")
    assert converted.get_layer("block").conv.padding_mode.name == "reflect"
    converted.save(tmp_path / "net.keras")
    scope = keras.saving.custom_object_scope({"Nameless": Nameless})
    with scope:
        loaded = keras.saving.load_model(tmp_path / "net.keras")
    assert loaded.get_layer("block").conv.padding_mode.name == "reflect"
    left = convert_padding(model, "reflect", skip="block")
    assert left.get_layer("block") is not model.get_layer("block")
