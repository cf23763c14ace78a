import collections
import shutil

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from small_nets import assert_same
from small_nets import encoder
from small_nets import picture
from small_nets import whole

from keras_padpos import layers as ours
from keras_padpos import models
from keras_padpos import padding
from keras_padpos import tiling
from keras_padpos.errors import InputError

LOCAL = (
    "zeros",
    padding.Constant(0.5),
    "reflect",
    "symmetric",
    "replicate",
    "partial",
    "random_sides",
    "extrapolate",
    padding.Reflect(odd=True),
    ("reflect", "zeros"),
)


@pytest.mark.parametrize(
    "mode, size",
    [("zeros", (64, 80)), *((mode, (65, 78)) for mode in LOCAL)],
    ids=str,
)
def test_tiles_give_what_the_whole_gives(mode, size):
    net = encoder(mode)
    x = picture(*size, 2)
    plan = tiling.plan(net, size, 40)
    assert min(plan.grid) > 1 and plan.window[0] % 4 == size[0] % 4
    assert_same(tiling.predict(net, x, 40), whole(net, x))


@pytest.mark.parametrize("mode", ["circular", ("reflect", "circular")], ids=str)
def test_circular_padding_reads_the_far_side(mode):
    net = encoder(mode)
    x = picture(64, 80, 2)
    assert_same(tiling.predict(net, x, 48, batch_size=4), whole(net, x))
    with pytest.raises(InputError, match=r"78 cells are no multiple of 4"):
        tiling.predict(net, x[:, :78], 48)
    uncut = tiling.predict(net, x[:, :78], (48, None))
    if mode != "circular":
        assert_same(uncut, whole(net, x[:, :78]))


def test_earth_is_cut_between_the_poles():
    net = encoder("earth")
    x = picture(72, 24, 2)
    assert tiling.plan(net, x.shape, (36, None)).grid == (3, 1)
    assert_same(tiling.predict(net, x, (36, None)), whole(net, x))
    with pytest.raises(InputError, match="along axis 1.*earth.*`tile` None"):
        tiling.predict(net, x, 20)


@pytest.mark.parametrize("mode", ["distribution", "randn"])
def test_modes_that_look_far_are_refused(mode):
    net = encoder(mode)
    with pytest.raises(InputError, match=f"layer '.*' pads with '{mode}'"):
        tiling.predict(net, picture(64, 64, 2), 40)
    # Without padding there is nothing to look for.
    tiled = tiling.predict(net, picture(64, 64, 2), 40, border="reflect")
    assert tiled.shape == (16, 16, 3)


@pytest.mark.parametrize(
    "border",
    [
        "reflect",
        "symmetric",
        "replicate",
        "zeros",
        "circular",
        padding.Constant(2),
        ("zeros", "reflect"),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [(41, 70), (9, 10)], ids=str)
def test_beyond_the_picture_without_padding(border, size):
    net = encoder()
    x = picture(*size, 2)
    field = models.receptive_field(net, x.shape)[net.layers[-1].name]
    bare = models.convert_padding(net, "none", input_shape=x.shape)
    framed = x
    for axis, mode in enumerate(padding.get(border, 2).split(2)):
        width = [(0, 0)] * 3
        width[axis] = field.surround[axis]
        framed = np.asarray(mode.pad(framed, width))
    assert_same(tiling.predict(net, x, 32, border=border), whole(bare, framed))


def test_outputs_of_unequal_halos_beyond_the_picture():
    net = encoder()
    shallow, deep = net.layers[0].output, net.layers[-1].output
    x = picture(41, 30, 2)
    both = keras.Model(net.inputs, [shallow, deep])
    tiled = tiling.predict(both, x, 28, border="symmetric")
    for output, result in zip((shallow, deep), tiled, strict=True):
        alone = keras.Model(net.inputs, output)
        expected = tiling.predict(alone, x, 64, border="symmetric")
        assert_same(result, expected)


def test_several_inputs_and_outputs():
    first = keras.Input((None, None, 1), name="first")
    second = keras.Input((None, None, 2), name="second")
    code = keras.Input((3,), name="code")
    x = layers.Concatenate()([first, second])
    fine = layers.Conv2D(2, 5, padding="same")(x)
    scale = layers.Reshape((1, 1, 2))(layers.Dense(2)(code))
    coarse = layers.Conv2D(2, 3, 3, padding="same")(fine * scale)
    pooled = layers.AveragePooling2D(2, padding="same")(fine)
    net = keras.Model(
        [first, second, code],
        {"fine": fine, "coarse": coarse, "pooled": pooled},
    )
    inputs = {
        "first": picture(2, 50, 47, 1),
        "second": picture(2, 50, 47, 2, seed=1),
        "code": picture(2, 3, seed=2),
    }
    tiled = tiling.predict(net, inputs, 30, batch_size=3)
    expected = keras.tree.map_structure(keras.ops.convert_to_numpy, net(inputs))
    assert_same(tiled, expected)
    out = {name: np.empty_like(y) for name, y in tiled.items()}
    assert tiling.predict(net, [*inputs.values()], 30, out=out) is out
    assert_same(out, tiled)
    with pytest.raises(InputError, match="Did you mean second?"):
        tiling.predict(net, {**inputs, "secund": 0}, 30)


@pytest.mark.parametrize("rank", [1, 3])
def test_lines_and_volumes(rank):
    conv = getattr(ours, f"Conv{rank}D")
    net = keras.Sequential(
        [
            keras.Input((None,) * rank + (1,)),
            conv(2, 3, 2, padding="same", padding_mode="reflect"),
            conv(2, 3, padding="same"),
        ]
    )
    x = picture(*(25, 30, 19)[:rank], 1)
    assert min(tiling.plan(net, x.shape, 16).grid) > 1
    assert_same(tiling.predict(net, x, 16), whole(net, x))


def test_channels_first():
    net = keras.Sequential(
        [
            keras.Input((2, None, None)),
            layers.Conv2D(
                3, 3, 2, padding="same", data_format="channels_first"
            ),
            layers.ReLU(),
        ]
    )
    x = picture(2, 40, 44)
    tiled = tiling.predict(net, x, 24)
    swapped = keras.Sequential(
        [
            keras.Input((None, None, 2)),
            layers.Conv2D(3, 3, 2, padding="same"),
            layers.ReLU(),
        ]
    )
    swapped.set_weights(net.get_weights())
    expected = whole(swapped, x.transpose(1, 2, 0))
    assert_same(tiled.transpose(1, 2, 0), expected)


def test_a_network_of_another_size_is_rebuilt():
    net = encoder(size=(32, 32))
    larger = encoder()
    larger.set_weights(net.get_weights())
    x = picture(70, 60, 2)
    assert_same(tiling.predict(net, x, 40), whole(larger, x))


def test_what_can_be_sliced_goes_in_and_out(tmp_path):
    net = encoder()
    x = np.random.default_rng(0).integers(0, 255, (60, 64, 2), "uint8")
    expected = whole(net, x.astype("float32"))
    shape = expected.shape
    with h5py.File(tmp_path / "h.h5", "w") as file:
        file["x"] = x
        out = file.create_dataset("y", shape, "float16")
        tiling.predict(net, file["x"], 40, out=out)
        np.testing.assert_allclose(out[:], expected, rtol=1e-2, atol=0.1)
    np.save(tmp_path / "x.npy", x)
    memmap = np.load(tmp_path / "x.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(
        tmp_path / "y.npy", mode="w+", dtype="float32", shape=shape
    )
    tiling.predict(net, memmap, 40, out=out)
    assert_same(out, expected)
    tensor = keras.ops.convert_to_tensor(x)
    assert_same(tiling.predict(net, tensor, 40), expected)


def stopped(path, net, x, tile=32, windows=5):
    """Start a prediction that is interrupted after some windows."""

    def stop(number, total):
        if number == windows:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiling.predict(net, x, tile, out=path, progress=stop)
    assert not path.exists()


def test_a_killed_prediction_goes_on(tmp_path):
    net, x = encoder(), picture(64, 64, 2)
    path, numbers = tmp_path / "y.npy", []
    stopped(path, net, x)
    larger = tmp_path / "larger.npy"
    for ending in ("part", "progress"):
        shutil.copy(
            path.with_name(f".y.npy.{ending}"),
            path.with_name(f".larger.npy.{ending}"),
        )
    result = tiling.predict(
        net, x, 32, out=path, progress=lambda *each: numbers.append(each)
    )
    assert numbers == [(n, 9) for n in range(5, 10)]
    np.testing.assert_array_equal(result, tiling.predict(net, x, 32))
    # In windows of another size it begins anew.
    assert_same(tiling.predict(net, x, 40, out=larger), result)
    names = [file.name for file in sorted(tmp_path.iterdir())]
    assert names == ["larger.npy", "y.npy"]
    with pytest.raises(InputError, match="there already"):
        tiling.predict(net, x, 32, out=path)


def changed(name, net, x):
    """Another prediction of the same shapes."""
    if name == "mode":
        other = encoder("reflect")
        other.set_weights(net.get_weights())
        return other, x
    if name == "activation":
        config = net.get_config()
        config["layers"][2]["class_name"] = "ELU"
        config["layers"][2]["config"].pop("max_value", None)
        for key in ("negative_slope", "threshold"):
            config["layers"][2]["config"].pop(key, None)
        other = keras.Sequential.from_config(config)
        other.set_weights(net.get_weights())
        return other, x
    if name == "weights":
        net.set_weights([weight + 1 for weight in net.get_weights()])
        return net, x
    return net, picture(*x.shape, seed=1)


@pytest.mark.parametrize("name", ["mode", "activation", "weights", "picture"])
def test_another_prediction_is_not_resumed(tmp_path, name):
    net, x = encoder(), picture(64, 64, 2)
    stopped(tmp_path / "y.npy", net, x)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(InputError, match="another prediction"):
        tiling.predict(*changed(name, net, x), 32, out=tmp_path / "y.npy")
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_another_tile_begins_anew(tmp_path):
    net, x = encoder(), picture(64, 64, 2)
    path = tmp_path / "y.npy"
    stopped(path, net, x, 32)
    numbers = []
    result = tiling.predict(
        net, x, 40, out=path, progress=lambda *each: numbers.append(each[0])
    )
    assert numbers[0] == 1
    np.testing.assert_array_equal(result, tiling.predict(net, x, 40))


def test_predictions_use_the_weights_of_the_model():
    """Those at the time, whether it has open sizes or was rebuilt."""
    x = picture(64, 64, 2)
    for size in ((None, None), (32, 32)):
        net = encoder(size=size)
        tiled = tiling.TiledModel(net, (64, 64), 40)
        tiled.predict(x)
        net.set_weights([weight + 1 for weight in net.get_weights()])
        open_net = encoder()
        open_net.set_weights(net.get_weights())
        assert_same(tiled.predict(x), whole(open_net, x))


def test_outputs_are_matched_by_name():
    inputs = keras.Input((None, None, 1))
    first = layers.Conv2D(1, 3, padding="same")(inputs)
    net = keras.Model(inputs, collections.OrderedDict(z=first, a=first + 1.0))
    x = picture(40, 40, 1)
    for names in ("za", "az"):
        for kind in (dict, collections.OrderedDict):
            out = kind((name, np.empty((40, 40, 1))) for name in names)
            tiling.predict(net, x, 24, out=out)
            np.testing.assert_allclose(out["a"], out["z"] + 1, atol=1e-6)
    with pytest.raises(InputError, match="`out` must have the shapes .*'z'"):
        tiling.predict(net, x, 24, out={"z": out["z"], "b": out["a"]})
    nested = keras.Model(inputs, [first, [first + 1.0, first + 2.0]])
    zero, (one, two) = out = [
        np.empty((40, 40, 1)),
        [np.empty((40, 40, 1)), np.empty((40, 40, 1))],
    ]
    assert tiling.predict(nested, x, 24, out=out) is out
    np.testing.assert_allclose(one, zero + 1, atol=1e-6)
    np.testing.assert_allclose(two, zero + 2, atol=1e-6)
    with pytest.raises(InputError, match="`out` must have the shapes"):
        tiling.predict(nested, x, 24, out=[zero, one, two])


def test_the_picture_is_no_output(tmp_path):
    """Nor is it by another way to the same numbers."""
    inputs = keras.Input((None, None, 1))
    net = keras.Model(inputs, layers.Conv2D(1, 3, padding="same")(inputs))
    x = picture(40, 40, 1)
    np.save(tmp_path / "x.npy", x)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"], file["y"] = x, x
        once, twice = (
            np.load(tmp_path / "x.npy", mmap_mode=mode) for mode in ("r", "r+")
        )
        for one, other in (
            (x, x[:]),
            (once, twice),
            (file["x"], file["x"]),
        ):
            with pytest.raises(InputError, match="`out` must not share memory"):
                tiling.predict(net, one, 24, out=other)
            np.testing.assert_array_equal(other, picture(40, 40, 1))
        np.save(tmp_path / "y.npy", x)
        another = np.load(tmp_path / "y.npy", mmap_mode="r+")
        for one, other in ((once, another), (file["x"], file["y"])):
            assert_same(
                tiling.predict(net, one, 24, out=other)[:], whole(net, x)
            )


def test_an_input_may_be_an_output():
    inputs = keras.Input((None, None, 2))
    net = keras.Model(inputs, [inputs, encoder()(inputs)])
    x = picture(64, 60, 2)
    assert_same(tiling.predict(net, x, 40), whole(net, x))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"out": np.empty((3, 3))}, "`out` must have the shapes"),
        ({"out": "y.txt"}, r"`out` must have the ending .npy"),
        ({"batch_size": 0}, "`batch_size` must be an int of at least 1"),
        (
            {"picture": np.empty((1, 20, 20, 3))},
            r"the shape \(None, None, 2\), .*Received: shape \(1, 20, 20, 3\)",
        ),
        ({"picture": np.empty(20)}, "`picture` must have the 3 axes"),
        ({"picture": [0, 0]}, "one for each of the model's 1 inputs"),
    ],
)
def test_arguments_that_do_not_fit(arguments, message):
    arguments = {"picture": np.empty((20, 20, 2)), **arguments}
    with pytest.raises(InputError, match=message):
        tiling.predict(encoder(), **arguments)
