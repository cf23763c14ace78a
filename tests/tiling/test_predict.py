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


def test_a_killed_prediction_goes_on(tmp_path):
    net, x = encoder(), picture(64, 64, 2)
    path, done = tmp_path / "y.npy", []

    def stop(number, total):
        done.append(number)
        if number == total - 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiling.predict(net, x, 32, out=path, progress=stop)
    assert not path.exists() and len(done) > 2
    with pytest.raises(InputError, match="another prediction"):
        tiling.predict(net, x, 32, border="reflect", out=path)
    again = []
    larger = tmp_path / "larger.npy"
    for ending in (".part", ".json"):
        shutil.copy(f"{path}{ending}", f"{larger}{ending}")
    result = tiling.predict(
        net, x, 32, out=path, progress=lambda *each: again.append(each)
    )
    assert [number for number, _ in again] == [
        done[-1],
        done[-1] + 1,
        done[-1] + 2,
    ]
    np.testing.assert_array_equal(result, tiling.predict(net, x, 32))
    # In windows of another size it begins anew.
    assert_same(tiling.predict(net, x, 40, out=larger), result)
    names = [file.name for file in sorted(tmp_path.iterdir())]
    assert names == ["larger.npy", "y.npy"]
    with pytest.raises(InputError, match="there already"):
        tiling.predict(net, x, 32, out=path)


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
