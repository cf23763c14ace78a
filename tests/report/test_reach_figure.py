import keras
import numpy as np
import pytest
from drawn_figures import DrawnFigures
from keras import layers
from PIL import Image

from keras_padpos import models
from keras_padpos import padding
from keras_padpos.files.inspect import inspection_rows
from keras_padpos.report import draw_inspection
from keras_padpos.report.inspection import reached_positions


def _rows(model, **options):
    shape = model.inputs[0].shape[1:]
    return {
        row["layer"]: row
        for row in inspection_rows(model, shape, **options)
        if row["table"] == "receptive_field"
    }


@pytest.mark.parametrize("size", [16, 17, 31])
def test_reached_are_those_that_change_with_what_is_padded(size):
    # Large cells in place of zeros change what they reach, and no more.
    stack = [
        layers.Conv2D(1, 3, padding="same", name="a"),
        layers.MaxPooling2D(2, name="b"),
        layers.Conv2D(1, 5, padding="same", name="c"),
        layers.Conv2D(1, 2, 2, padding="same", name="d"),
    ]
    model = keras.Sequential([keras.Input((size, size, 1)), *stack])
    for weight in model.weights:
        weight.assign(keras.ops.ones_like(weight))
    x = np.ones((1, size, size, 1), "float32")
    ends = [layer.output for layer in stack]
    inner = keras.Model(model.inputs[0], ends)
    other = models.convert_padding(inner, padding.Constant(1e3))
    rows = _rows(model, all_layers=True)
    for name, old, new in zip("abcd", inner(x), other(x), strict=True):
        changed = np.asarray(old != new)[0, ..., 0]
        reached = reached_positions(rows[name])
        np.testing.assert_array_equal(reached, changed)
        assert reached.mean() == pytest.approx(rows[name]["reached"])


def test_a_gate_lets_padding_reach_everything():
    inputs = keras.Input((16, 16, 2))
    x = layers.Conv2D(2, 3, padding="same", name="conv")(inputs)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    model = keras.Model(inputs, layers.Multiply(name="gated")([x, gate]))
    *_, (name, row) = _rows(model).items()
    assert name == "gated"
    assert reached_positions(row).all()


def test_a_crop_leaves_the_number_of_reached_positions():
    model = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Cropping2D(4, name="crop"),
            layers.Conv2D(1, 3, padding="same", name="conv"),
        ]
    )
    row = _rows(model)["conv"]
    expected = np.ones((8, 8), bool)
    expected[1:-1, 1:-1] = False
    np.testing.assert_array_equal(reached_positions(row), expected)


@pytest.mark.parametrize("panels", [1, 7])
def test_figure(tmp_path, monkeypatch, panels):
    row = {
        "layer": "a_network/with_long_names/of_its_layers",
        "stride": [2, 4],
        "positions": [8, 6],
        "clear": [[1, 6], [1, 5]],
        "stage": True,
    }
    figures = DrawnFigures(tmp_path, monkeypatch)
    about = {"picture": (16, 24), "title": "net", "shape": "16x24"}
    draw_inspection(figures, about, [row] * panels)
    assert len(figures.found["reach"].axes) == (1 if panels == 1 else 10)
    path = tmp_path / "reach.png"
    with Image.open(path) as figure:
        pixels = np.asarray(figure.convert("RGB")).reshape(-1, 3)
    colours = {tuple(colour) for colour in np.unique(pixels, axis=0)}
    assert {(0xDC, 0xE3, 0xEA), (0xD9, 0x60, 0x3B)} <= colours
