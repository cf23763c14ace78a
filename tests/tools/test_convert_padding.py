import functools

import keras
import numpy as np
import pytest
from run_tool import run_tool

from keras_padpos import layers as ours  # noqa: F401  registers them
from keras_padpos import padding

tool = functools.partial(run_tool, "tools.convert_padding")


def _net(size=12):
    keras.utils.set_random_seed(0)
    conv = keras.layers.Conv2D
    return keras.Sequential(
        [
            keras.Input((size, size, 3)),
            conv(4, 3, padding="same", name="first"),
            keras.layers.MaxPooling2D(2, padding="same", name="pool"),
            conv(4, 3, strides=2, padding="same", name="second"),
        ]
    )


@pytest.fixture
def folder(tmp_path):
    _net().save(tmp_path / "in.keras")
    return tmp_path


def _files(folder):
    return {
        path.name: path.is_file() and path.read_bytes()
        for path in folder.iterdir()
    }


def _load(path):
    return keras.saving.load_model(path, compile=False)


def _modes(model):
    return {
        layer.name: layer.padding_mode.name
        for layer in model.layers
        if hasattr(layer, "padding_mode")
    }


def test_the_copy_pads_anew_and_keeps_its_weights(folder):
    before = _files(folder)
    done = tool("in.keras", "out.keras", "--padding_mode=reflect", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    model, copy = _load(folder / "in.keras"), _load(folder / "out.keras")
    assert _modes(copy) == dict.fromkeys(("first", "pool", "second"), "reflect")
    for old, new in zip(model.weights, copy.weights, strict=True):
        np.testing.assert_array_equal(old, new)
    # By hand: the frame of the first convolution is what NumPy reflects.
    x = np.random.default_rng(0).normal(size=(1, 12, 12, 3)).astype("float32")
    framed = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    kernel, bias = model.get_layer("first").weights
    np.testing.assert_allclose(
        copy.get_layer("first")(x),
        keras.ops.conv(framed, kernel, padding="valid") + bias,
        atol=1e-5,
    )
    files = _files(folder)
    assert files.pop("out.keras")
    assert files == before


def test_what_changed_is_printed(folder):
    done = tool("in.keras", "out.keras", "--padding_mode=none", cwd=folder)
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines[2:5]] == [
        "first",
        "pool",
        "second",
    ]
    assert "zeros -> none" in lines[2]
    assert lines[5:] == ["Saved in out.keras."]


@pytest.mark.parametrize(
    "flags, modes",
    [
        (["--only=f*"], ["first"]),
        (["--only=first,pool"], ["first", "pool"]),
        (["--skip=*o*"], ["first"]),
        (["--nopooling"], ["first", "second"]),
    ],
)
def test_sites_are_chosen(folder, flags, modes):
    # Flags may stand anywhere.
    done = tool(
        *flags, "in.keras", "--padding_mode=circular", "out.keras", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert list(_modes(_load(folder / "out.keras"))) == modes


def test_torch_pads_evenly(folder):
    flags = ("--padding_mode=reflect", "--geometry=torch")
    done = tool("in.keras", "out.keras", *flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    second = _load(folder / "out.keras").get_layer("second")
    assert second.geometry.explicit == ((1, 1), (1, 1))


@pytest.mark.parametrize(
    "mode", ["interpolate", "zeros+circular", *padding.names()]
)
def test_every_mode_is_known(folder, mode):
    done = tool("in.keras", "out.keras", f"--padding_mode={mode}", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert _load(folder / "out.keras").output_shape == (None, 3, 3, 4)


def test_a_compiled_model_stays_compiled(tmp_path):
    model = _net()
    model.compile("sgd", "mse")
    model.save(tmp_path / "in.keras")
    flag = "--padding_mode=reflect"
    done = tool("in.keras", "out.keras", flag, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    copy = keras.saving.load_model(tmp_path / "out.keras")
    assert isinstance(copy.optimizer, keras.optimizers.SGD)
    assert copy.loss == "mse"


def test_an_unknown_loss_is_left_out_with_a_warning(tmp_path):
    class Strange(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return y_pred

    model = _net()
    model.compile("sgd", Strange())
    model.save(tmp_path / "in.keras")
    flag = "--padding_mode=reflect"
    done = tool("in.keras", "out.keras", flag, cwd=tmp_path)
    assert done.returncode == 0
    assert "warning: in.keras is loaded uncompiled" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert _load(tmp_path / "out.keras").output_shape == (None, 3, 3, 4)


def test_a_file_is_replaced_only_if_asked(folder):
    (folder / "out.keras").write_text("old")
    before = _files(folder)
    flag = "--padding_mode=reflect"
    done = tool("in.keras", "out.keras", flag, cwd=folder)
    assert done.returncode == 1
    assert "OUT.keras is there already" in done.stderr
    assert _files(folder) == before
    done = tool("in.keras", "out.keras", flag, "--overwrite", cwd=folder)
    assert done.returncode == 0
    assert set(_modes(_load(folder / "out.keras")).values()) == {"reflect"}
    assert set(_files(folder)) == {"in.keras", "out.keras"}


REFLECT = "--padding_mode=reflect"


@pytest.mark.parametrize(
    "argv, message, status",
    [
        ([], "expected IN.keras OUT.keras and flags. Received: nothing", 2),
        (["in.keras", REFLECT], "Received: 'in.keras'.", 2),
        (["a", "b", "c"], "Received: 'a' 'b' 'c'.", 2),
        (["in.keras", "o.keras"], "--padding_mode must be given", 1),
        (["in.keras", "o.keras", "--padding_mode=mirror"], "ed: mirror", 1),
        (["in.keras", "o.keras", "--geometry=tf"], "--geometry=tf", 2),
        (["in.keras", "o.keras", "--pading_mode=x"], "Did you mean", 2),
        (["no.keras", "o.keras", REFLECT], "There is no file at 'no.k", 1),
        (["bad.keras", "o.keras", REFLECT], "IN.keras must be a .keras f", 1),
        (["note.txt", "o.keras", REFLECT], "with the ending .keras", 1),
        (["in.keras", "o.h5", REFLECT], "OUT.keras must have the ending", 1),
        (["in.keras", "folder.keras", REFLECT], "no folder", 1),
        (["in.keras", "no/o.keras", REFLECT], "must lie in a folder", 1),
        (["in.keras", "in.keras", REFLECT], "is there already", 1),
        (["in.keras", "o.keras", REFLECT, "--only=nix"], "Received: 'nix'", 1),
        (["in.keras", "o.keras", REFLECT, "--skip=*"], "nothing to convert", 1),
        (["dense.keras", "o.keras", REFLECT], "nothing to convert", 1),
        (["tiny.keras", "o.keras", "--padding_mode=none"], "larger input", 1),
        (["op.keras", "o.keras", REFLECT], "operation of keras.ops", 1),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(
    folder, argv, message, status
):
    (folder / "bad.keras").write_text("no model")
    (folder / "note.txt").write_text("no model")
    (folder / "folder.keras").mkdir()
    dense = keras.layers.Dense(2)
    keras.Sequential([keras.Input((4,)), dense]).save(folder / "dense.keras")
    _net(2).save(folder / "tiny.keras")
    x = keras.Input((8, 8, 1))
    pooled = keras.ops.max_pool(x, 3, padding="same")
    keras.Model(x, pooled).save(folder / "op.keras")
    before = _files(folder)
    done = tool(*argv, cwd=folder)
    assert done.returncode == status, done
    assert message in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert _files(folder) == before


def test_a_file_that_would_not_open_is_not_written(folder, monkeypatch):
    load = keras.saving.load_model

    def fail(*args, **options):
        raise TypeError("no such class")

    def load_once(path, **options):
        monkeypatch.setattr(keras.saving, "load_model", fail)
        return load(path, **options)

    monkeypatch.setattr(keras.saving, "load_model", load_once)
    before = _files(folder)
    done = tool("in.keras", "out.keras", REFLECT, cwd=folder)
    assert done.returncode == 1
    assert "OUT.keras is not written" in done.stderr
    assert "no such class" in done.stderr
    assert _files(folder) == before
