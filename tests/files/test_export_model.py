import importlib.util
import json
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_padpos import files
from keras_padpos import layers
from keras_padpos import runs
from keras_padpos.files import export as load_exported


def small(name="conv", mode="reflect"):
    convolution = layers.Conv2D(
        2, 3, padding="same", padding_mode=mode, name=name
    )
    return keras.Sequential([keras.Input((None, None, 3)), convolution])


def entries(folder):
    return {
        str(path.relative_to(folder)): path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


def signature(folder):
    loaded = tf.saved_model.load(str(folder))
    return loaded, loaded.signatures["serving_default"]


def test_rows_tell_of_each_output_at_two_sizes(tmp_path):
    rows = files.export_model(small(), tmp_path / "a" / "b")
    assert [row["output"] for row in rows] == ["conv", "conv"]
    assert [row["shape"] for row in rows] == [
        (1, 256, 256, 2),
        (1, 320, 384, 2),
    ]
    assert rows[1]["input"] == "1x320x384x3"
    for row in rows:
        assert row["compared"] == "numbers"
        assert 0 <= row["relative"] <= 1e-6
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_inputs_and_outputs_keep_their_structure_and_names(tmp_path):
    left = keras.Input((4,), name="left")
    right = keras.Input((4,), name="right", dtype="int32")
    add = keras.layers.Add(name="sum")
    summed = add([left, keras.ops.cast(right, "float32")])
    model = keras.Model(
        {"left": left, "right": right}, {"total": summed, "twice": 2 * summed}
    )
    rows = files.export_model(model, tmp_path / "out")
    # Sizes are known, so there is one.
    assert [row["output"] for row in rows] == ["total", "twice"]
    assert rows[0]["input"] == "1x4, 1x4"
    _, serve = signature(tmp_path / "out")
    outputs = serve(left=tf.ones((3, 4)), right=tf.constant([[1, 2, 3, 4]] * 3))
    assert set(outputs) == {"total", "twice"}
    np.testing.assert_array_equal(outputs["twice"], [[4, 6, 8, 10]] * 3)


def test_outputs_without_names_get_those_of_their_layers(tmp_path):
    inputs = keras.Input((4,), name="x")
    shared = keras.layers.Rescaling(2.0, name="scale")
    once = shared(inputs)
    other = keras.layers.ReLU(name="relu")(once)
    model = keras.Model([inputs], [once, other, shared(once)])
    files.export_model(model, tmp_path / "out")
    _, serve = signature(tmp_path / "out")
    outputs = serve(x=tf.constant([[-1.0, 0, 1, 2]]))
    assert {name: list(y[0].numpy()) for name, y in outputs.items()} == {
        "scale": [-2, 0, 2, 4],
        "relu": [0, 0, 2, 4],
        "scale_2": [-4, 0, 4, 8],
    }


def test_architecture_and_versions_stand_beside_it(tmp_path):
    model = small()
    made_from = {"backbone": "small", "stages": ("all",)}
    files.export_model(model, tmp_path / "out", made_from=made_from)
    text = (tmp_path / "out" / "assets.extra" / "model.json").read_text()
    about = json.loads(text)
    assert about["keras"] == keras.__version__
    assert about["keras_padpos"] == "0.1.0"
    assert about["made_from"] == {"backbone": "small", "stages": ["all"]}
    again = keras.models.model_from_json(json.dumps(about["model"]))
    assert again.get_layer("conv").padding_mode.name == "reflect"
    assert again.input_shape == (None, None, None, 3)
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).normal(size=(1, 6, 5, 3)).astype("float32")
    np.testing.assert_array_equal(again(x)["conv"], model(x))


def test_half_precision_has_a_wider_tolerance(tmp_path):
    inputs = keras.Input((None, None, 3))
    convolution = layers.Conv2D(
        8, 3, padding="same", padding_mode="circular", dtype="mixed_float16"
    )
    rows = files.export_model(
        keras.Model(inputs, convolution(inputs)), tmp_path / "out"
    )
    assert {row["compared"] for row in rows} == {"numbers"}


def spoiled(monkeypatch, spoil):
    """Let what is read back be something else than what was written."""

    def load(*args):
        run = load_exported(*args)
        return lambda inputs: spoil(run(inputs))

    # The package's attribute of this name is the function.
    module = sys.modules["keras_padpos.files.export"]
    monkeypatch.setattr(module, "load_exported", load)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda y: {"conv": y["conv"] * 1.001}, "'conv' differs .* 1.0e-03"),
        (lambda y: {"conv": y["conv"] * np.nan}, "'conv' differs .* by inf"),
        (lambda y: {"conv": y["conv"][:, 1:]}, "255, 256, 2"),
        (lambda y: {"other": y["conv"]}, "'other'"),
    ],
)
def test_an_export_that_computes_something_else_is_not_kept(
    tmp_path, monkeypatch, spoil, words
):
    files.export_model(small(), tmp_path / "out")
    before = entries(tmp_path)
    spoiled(monkeypatch, spoil)
    for out, overwrite in (("out", True), ("new", False)):
        with pytest.raises(files.ExportMismatch, match=words):
            files.export_model(small(), tmp_path / out, overwrite=overwrite)
    assert entries(tmp_path) == before


def test_differences_below_the_tolerance_pass(tmp_path, monkeypatch):
    spoiled(monkeypatch, lambda y: {"conv": y["conv"] * 1.00005})
    rows = files.export_model(small(), tmp_path / "out")
    assert rows[0]["relative"] == pytest.approx(5e-5, rel=0.02)


def test_what_is_drawn_is_compared_in_shape_and_the_rest_in_numbers(
    tmp_path, monkeypatch
):
    inputs = keras.Input((None, None, 3))
    steady, drawn = (
        small(mode, mode).layers[-1](inputs) for mode in ("zeros", "randn")
    )
    model = keras.Model(inputs, {"steady": steady, "drawn": drawn})
    rows = files.export_model(model, tmp_path / "out")
    assert {row["output"]: row["compared"] for row in rows} == {
        "steady": "numbers",
        "drawn": "shapes only",
    }
    spoiled(monkeypatch, lambda y: {**y, "steady": y["steady"] + 1})
    with pytest.raises(files.ExportMismatch, match="'steady' differs"):
        files.export_model(model, tmp_path / "new")


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(outputs):
        raise KeyboardInterrupt

    spoiled(monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.export_model(small(), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_only_an_earlier_export_is_overwritten(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    files.export_model(small("first"), out)
    before = entries(tmp_path)
    with pytest.raises(runs.InputError, match="--out must be a new or empty"):
        files.export_model(small("second"), out)
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(runs.InputError, match="'thesis.txt'"):
        files.export_model(small("second"), out, overwrite=True)
    (out / "thesis.txt").unlink()
    assert entries(tmp_path) == before
    files.export_model(small("second"), out, overwrite=True)
    _, serve = signature(out)
    assert set(serve.structured_outputs) == {"second"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("years of work")
    with pytest.raises(runs.InputError, match="--out must be a folder"):
        files.export_model(small(), tmp_path / "out", overwrite=True)
    assert (tmp_path / "out").read_text() == "years of work"


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def test_a_model_without_a_graph_is_refused(tmp_path):
    with pytest.raises(runs.InputError, match="Subclassed"):
        files.export_model(Subclassed(), tmp_path / "out")
    with pytest.raises(runs.InputError, match="Sequential"):
        files.export_model(keras.Sequential([]), tmp_path / "out")
    with pytest.raises(runs.InputError, match="--format must be one of"):
        files.export_model(small(), tmp_path / "out", "h5")
    assert not list(tmp_path.iterdir())


def test_a_model_that_does_not_run_at_the_sizes_tried_is_refused(tmp_path):
    inputs = keras.Input((None,))
    pairs = keras.ops.reshape(inputs, (-1, 5))
    with pytest.raises(runs.InputError, match="does not run .* fixed sizes"):
        files.export_model(keras.Model(inputs, pairs), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_litert(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((9, 8, 3), name="picture"),
            *(
                layers.Conv2D(2, 3, padding="same", padding_mode=mode)
                for mode in ("reflect", "constant", "partial")
            ),
        ]
    )
    (row,) = files.export_model(model, tmp_path / "out", "litert")
    assert row["compared"] == "numbers"
    assert row["relative"] < 1e-5
    assert set(entries(tmp_path / "out")) == {
        "model.tflite",
        "assets.extra",
        "assets.extra/model.json",
    }


def test_a_format_that_cannot_is_one_line(tmp_path):
    with pytest.raises(
        runs.InputError, match="--format=litert cannot"
    ) as error:
        files.export_model(small(mode="randn"), tmp_path / "out", "litert")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def without(monkeypatch, *packages):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name in packages else find(name),
    )


def test_onnx_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    without(monkeypatch, "tf2onnx")
    with pytest.raises(runs.InputError, match="pip install tf2onnx"):
        files.export_model(small(), tmp_path / "out", "onnx")
    assert not list(tmp_path.iterdir())


def test_onnx(tmp_path, monkeypatch):
    pytest.importorskip("tf2onnx")
    inputs = keras.Input((None, None, 3), name="picture")
    modes = ("reflect", "symmetric", "replicate", "circular")
    model = keras.Model(
        inputs, {mode: small(mode, mode).layers[-1](inputs) for mode in modes}
    )
    rows = files.export_model(model, tmp_path / "out", "onnx")
    if importlib.util.find_spec("onnxruntime") is not None:
        assert {row["compared"] for row in rows} == {"numbers"}
    without(monkeypatch, "onnxruntime")
    rows = files.export_model(model, tmp_path / "again", "onnx")
    assert {row["compared"] for row in rows} == {"nothing"}
