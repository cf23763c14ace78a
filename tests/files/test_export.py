import collections
import importlib.util
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from work_folder import contents

from keras_padpos import files
from keras_padpos import layers
from keras_padpos import models
from keras_padpos.errors import InputError
from keras_padpos.files import export as export_module


def small(name="conv", mode="reflect"):
    convolution = layers.Conv2D(
        2, 3, padding="same", padding_mode=mode, name=name
    )
    return keras.Sequential([keras.Input((None, None, 3)), convolution])


def signature(folder):
    loaded = tf.saved_model.load(str(folder))
    return loaded, loaded.signatures["serving_default"]


def test_rows_tell_of_each_output_at_three_sizes(tmp_path):
    model = small()
    half = layers.Conv2D(8, 3, dtype="mixed_float16", name="half")
    model = keras.Model(model.inputs, [*model.outputs, half(model.inputs[0])])
    rows = files.export_model(model, tmp_path / "a" / "b")
    assert [(row["output"], row["shape"]) for row in rows] == [
        ("conv", (1, 256, 256, 2)),
        ("half", (1, 254, 254, 8)),
        ("conv", (1, 320, 384, 2)),
        ("half", (1, 318, 382, 8)),
        ("conv", (1, 271, 331, 2)),
        ("half", (1, 269, 329, 8)),
    ]
    assert rows[2]["input"] == "1x320x384x3"
    for row in rows:
        assert row["compared"] == "numbers"
        assert (
            0 <= row["relative"] <= (1e-6 if row["output"] == "conv" else 1e-2)
        )
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


def without(monkeypatch, *packages):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: None if name in packages else find(name),
    )


def spoiled(monkeypatch, spoil):
    """Let the export compute something else than it does."""
    open_export = export_module._open_export

    def open_spoiled(*args):
        run = open_export(*args)
        return lambda inputs: spoil(run(inputs))

    monkeypatch.setattr(export_module, "_open_export", open_spoiled)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda y: {"conv": y["conv"] * 1.001}, "'conv' differs .* 1.0e-03"),
        (lambda y: {"conv": y["conv"] * np.nan}, "'conv' differs .* by inf"),
        (lambda y: {"conv": y["conv"][:, 1:]}, "255, 256, 2"),
        (lambda y: {"other": y["conv"]}, "'other'"),
    ],
)
def test_an_export_that_computes_something_else_is_not_kept(
    tmp_path, monkeypatch, spoil, message
):
    files.export_model(small(), tmp_path / "out")
    before = contents(tmp_path)
    spoiled(monkeypatch, spoil)
    for out, overwrite in (("out", True), ("new", False)):
        with pytest.raises(files.ExportMismatch, match=message):
            files.export_model(small(), tmp_path / out, overwrite=overwrite)
    assert contents(tmp_path) == before


def test_sizes_that_no_stride_divides_are_compared_too(tmp_path, monkeypatch):
    def spoil(outputs):
        return {
            name: array + 1 if array.shape[1] % 2 else array
            for name, array in outputs.items()
        }

    spoiled(monkeypatch, spoil)
    with pytest.raises(files.ExportMismatch, match="'conv' differs"):
        files.export_model(small(), tmp_path / "out")
    assert not contents(tmp_path)
    # Halves of even sizes alone fit what was there before.
    inputs = keras.Input((None, None, 3))
    half = keras.layers.MaxPooling2D(2)(inputs)
    whole = keras.layers.Add(name="conv")(
        [inputs, keras.layers.UpSampling2D(2)(half)]
    )
    rows = files.export_model(keras.Model(inputs, whole), tmp_path / "out")
    assert [row["input"] for row in rows] == ["1x256x256x3", "1x320x384x3"]


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
    # What is not drawn may differ below the tolerance alone.
    spoiled(monkeypatch, lambda y: {**y, "steady": y["steady"] * 1.00005})
    rows = files.export_model(model, tmp_path / "near")
    assert rows[0]["output"] == "steady"
    assert rows[0]["relative"] == pytest.approx(5e-5, rel=0.02)
    spoiled(monkeypatch, lambda y: {**y, "steady": y["steady"] + 1})
    with pytest.raises(files.ExportMismatch, match="'steady' differs"):
        files.export_model(model, tmp_path / "new")


def test_only_an_earlier_export_is_overwritten(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    files.export_model(small("first"), out)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="--out must be a new or empty"):
        files.export_model(small("second"), out)
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="'thesis.txt'"):
        files.export_model(small("second"), out, overwrite=True)
    (out / "thesis.txt").unlink()
    assert contents(tmp_path) == before
    files.export_model(small("second"), out, overwrite=True)
    _, serve = signature(out)
    assert set(serve.structured_outputs) == {"second"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def five_columns():
    inputs = keras.Input((None,))
    return keras.Model(inputs, keras.ops.reshape(inputs, (-1, 5)))


@pytest.mark.parametrize(
    ("model", "format", "out", "message"),
    [
        (Subclassed, "tf_saved_model", "out", "Subclassed"),
        (keras.Sequential, "tf_saved_model", "out", "Sequential"),
        (five_columns, "tf_saved_model", "out", "does not run .* fixed sizes"),
        (small, "h5", "out", "--format must be one of"),
        (small, "tf_saved_model", "file", "--out must be a folder"),
        # What a converter raises is one line.
        (lambda: small(mode="randn"), "litert", "out", "=litert cannot .*$"),
        (small, "onnx", "out", r'pip install "keras-padpos\[onnx\]"$'),
    ],
)
def test_what_cannot_be_exported_changes_nothing(
    tmp_path, monkeypatch, model, format, out, message
):
    without(monkeypatch, "tf2onnx")
    (tmp_path / "file").write_text("years of work")
    with pytest.raises(InputError, match=message) as error:
        files.export_model(model(), tmp_path / out, format, overwrite=True)
    assert "\n" not in str(error.value)
    assert contents(tmp_path) == {"file": b"years of work"}


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
    assert set(contents(tmp_path / "out")) == {
        "model.tflite",
        "assets.extra",
        "assets.extra/model.json",
    }


def onnx_of(model, out):
    """Exports, checks the numbers, and opens the file."""
    onnx = pytest.importorskip("onnx")
    rows = files.export_model(model, out, "onnx")
    assert {row["compared"] for row in rows} == {"numbers"}
    assert max(row["relative"] for row in rows) < 1e-5
    saved = onnx.load(out / "model.onnx")
    onnx.checker.check_model(saved, full_check=True)
    return saved


def operations(saved):
    return collections.Counter(node.op_type for node in saved.graph.node)


@pytest.mark.parametrize("size", [(None, None, 3), (9, 8, 3)])
def test_padding_is_one_operation_of_onnx(tmp_path, size):
    inputs = keras.Input(size, name="picture")
    modes = ("zeros", "constant", "reflect", "symmetric", "replicate")
    model = keras.Model(
        inputs,
        {
            mode: layers.Padding2D(1, padding_mode=mode)(inputs)
            for mode in (*modes, "circular")
        },
    )
    saved = onnx_of(model, tmp_path / "out")
    # The same twice is computed once.
    pads = operations(saved).pop("Pad")
    assert operations(saved).keys() <= {"Pad", "Identity"} and 4 <= pads <= 6
    modes = {
        attribute.s.decode()
        for node in saved.graph.node
        for attribute in node.attribute
        if attribute.name == "mode"
    }
    assert {"reflect", "edge", "wrap"} <= modes
    shapes = {
        each.name: [
            axis.dim_param or axis.dim_value
            for axis in each.type.tensor_type.shape.dim
        ]
        for each in (*saved.graph.input, *saved.graph.output)
    }
    if size[0] is None:
        assert shapes["picture"] == ["batch", "height", "width", 3]
        expected = ["batch", "reflect_height", "reflect_width", 3]
        assert shapes["reflect"] == expected
    else:
        assert shapes["picture"] == ["batch", 9, 8, 3]


class Fixed(keras.layers.Layer):
    """Gives the same map whatever comes in."""

    def call(self, x):
        cells = keras.ops.arange(24, dtype="float32")
        return keras.ops.reshape(cells, (1, 3, 4, 2))

    def compute_output_shape(self, shape):
        return (1, 3, 4, 2)


@pytest.mark.filterwarnings("ignore:.*repeats them")
def test_what_no_operation_of_onnx_pads_stays_right(tmp_path):
    """Frames wider than the map, symmetric ones, and those of constants."""
    inputs = keras.Input((3, 4, 2), name="picture")

    def pad(mode, cells, x):
        return layers.Padding2D(cells, padding_mode=mode)(x)

    outputs = {
        f"{mode}_{cells}": pad(mode, cells, inputs)
        for mode in ("reflect", "symmetric", "replicate", "circular")
        for cells in (2, 7)
    }
    constant = pad("circular", 1, Fixed()(inputs))
    outputs["constant"] = constant + pad("circular", 1, inputs)
    onnx_of(keras.Model(inputs, outputs), tmp_path / "out")


def test_an_onnx_file_tells_how_it_pads(tmp_path):
    inputs = keras.Input((None, None, 3), name="picture")
    x = layers.Conv2D(2, 3, padding="same", padding_mode="circular")(inputs)
    x = keras.layers.MaxPooling2D()(x)
    x = layers.Conv2D(2, 3, padding=1, padding_mode="reflect", name="b")(x)
    saved = onnx_of(keras.Model(inputs, {"map": x}), tmp_path / "out")
    told = {each.key: each.value for each in saved.metadata_props}
    assert told["keras_padpos"] == "0.1.0"
    assert json.loads(told["padding_modes"]) == ["circular", "reflect"]
    assert json.loads(told["padding_sites"])[1] == {
        "layer": "b",
        "mode": "reflect",
        "pads": [[1, 1], [1, 1]],
    }
    # One cell of the picture beside, then one of half as many.
    field = models.receptive_field(keras.Model(inputs, x), (64, 64, 3))["b"]
    assert json.loads(told["halo"]) == {
        "map": {
            "stride": [2, 2],
            "period": [2, 2],
            "margin": list(field.margin),
        }
    }


def test_onnx_without_its_runtime(tmp_path, monkeypatch):
    pytest.importorskip("tf2onnx")
    without(monkeypatch, "onnxruntime")
    rows = files.export_model(small(), tmp_path / "out", "onnx")
    assert {row["compared"] for row in rows} == {"nothing"}


def test_onnx_of_strides_and_open_sizes(tmp_path):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    inputs = keras.Input((None, None, 3), name="picture")
    outputs = {
        mode: layers.Conv2D(
            2, 3, strides=(2, 3), padding="same", padding_mode=mode, name=mode
        )(inputs)
        for mode in ("reflect", "partial")
    }
    model = keras.Model(inputs, outputs)
    rows = files.export_model(model, tmp_path / "out", "onnx")
    assert len(rows) == 2 * 3
    session = onnxruntime.InferenceSession(
        str(tmp_path / "out" / "model.onnx"),
        providers=["CPUExecutionProvider"],
    )
    names = [output.name for output in session.get_outputs()]
    for size in ((64, 66), (65, 67), (99, 101)):
        x = np.random.default_rng(0).normal(size=(1, *size, 3))
        x = x.astype("float32")
        results = session.run(names, {"picture": x})
        for name, y in zip(names, results, strict=True):
            np.testing.assert_allclose(y, model(x)[name], atol=1e-5)
