"""Interpolations whose map goes on beyond its border."""

import keras
import numpy as np
import pytest
from layer_harness import FORMATS
from oracles import gradient
from oracles import numpy_pad

from keras_padpos import layers

MODES = ("reflect", "symmetric", "replicate", "circular")
# PyTorch has no Lanczos kernels.
SMOOTH = ("bilinear", "bicubic") + (
    () if keras.backend.backend() == "torch" else ("lanczos3", "lanczos5")
)


def picture(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def output(layer, x):
    return keras.ops.convert_to_numpy(layer(x))


@pytest.mark.parametrize("interpolation", ("nearest", *SMOOTH))
def test_replicate_is_the_layer_of_keras_bit_for_bit(interpolation):
    x = picture(2, 5, 6, 3)
    for ours, stock, arguments in (
        (layers.UpSampling2D, keras.layers.UpSampling2D, {"size": (2, 3)}),
        (layers.Resizing, keras.layers.Resizing, {"height": 7, "width": 4}),
    ):
        arguments = {**arguments, "interpolation": interpolation}
        np.testing.assert_array_equal(
            output(ours(**arguments), x), output(stock(**arguments), x)
        )


@pytest.mark.parametrize("interpolation", SMOOTH)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [2, 3, (1, 4)])
def test_an_enlargement_is_that_of_a_larger_map(mode, interpolation, size):
    if mode == "replicate" and interpolation != "bilinear":
        return  # it is the Keras layer, which renormalises
    x = picture(2, 6, 7, 3)
    layer = layers.UpSampling2D(
        size, interpolation=interpolation, padding_mode=mode
    )
    stock = keras.layers.UpSampling2D(size, interpolation=interpolation)
    larger = numpy_pad(x, ((0, 0), (6, 6), (6, 6), (0, 0)), mode)
    rows, columns = (6 * factor for factor in layer.size)
    np.testing.assert_allclose(
        output(layer, x),
        output(stock, larger)[:, rows:-rows, columns:-columns],
        atol=1e-5,
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(12, 14), (9, 5), (5, 20)])
def test_a_resizing_reads_the_line_by_hand(mode, size):
    x = picture(1, 6, 7, 2)
    expected = numpy_pad(x, ((0, 0), (6, 6), (6, 6), (0, 0)), mode)
    for axis, (cells, wanted) in enumerate(
        zip((6, 7), size, strict=True), start=1
    ):
        where = (np.arange(wanted) + 0.5) * cells / wanted - 0.5 + 6
        expected = np.apply_along_axis(
            lambda line, where=where: np.interp(
                where, np.arange(len(line)), line
            ),
            axis,
            expected,
        )
    layer = layers.Resizing(*size, padding_mode=mode)
    np.testing.assert_allclose(output(layer, x), expected, atol=1e-5)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(
    "make",
    [
        lambda **more: layers.UpSampling2D(
            2, interpolation="bilinear", padding_mode="circular", **more
        ),
        lambda **more: layers.Resizing(10, 9, padding_mode="reflect", **more),
    ],
    ids=("UpSampling2D", "Resizing"),
)
def test_what_every_layer_owes_its_users(make, data_format, tmp_path):
    x = picture(2, 5, 6, 3)
    expected = output(make(data_format="channels_last"), x)
    if data_format == "channels_first":
        x, expected = np.moveaxis(x, -1, 1), np.moveaxis(expected, -1, 1)
    layer = make(data_format=data_format)
    np.testing.assert_allclose(output(layer, x), expected, atol=1e-6)
    assert tuple(layer.compute_output_shape(x.shape)) == expected.shape
    assert "padding_mode" in layer.get_config()
    open_shape = tuple(None if n in (5, 6) else n for n in x.shape[1:])
    inputs = keras.Input(open_shape)
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_allclose(model.predict_on_batch(x), expected, atol=1e-5)
    model.save(tmp_path / "resampled.keras")
    loaded = keras.saving.load_model(tmp_path / "resampled.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(x), expected, atol=1e-5)
    half = make(data_format=data_format, dtype="mixed_float16")(x)
    assert keras.backend.standardize_dtype(half.dtype) == "float16"
    # Every output is a mean of cells: what goes back is as much as came.
    upstream = np.ones(expected.shape, "float32")
    slope = gradient(layer, x, upstream)
    np.testing.assert_allclose(slope.sum(), upstream.sum(), rtol=1e-4)


def test_numbers_that_are_whole_stay_whole():
    x = np.arange(12, dtype="uint8").reshape(1, 3, 4, 1)
    y = layers.Resizing(6, 8, padding_mode="circular", dtype="uint8")(x)
    assert keras.backend.standardize_dtype(y.dtype) == "uint8"


@pytest.mark.parametrize("name", ("zeros", "constant", "randn", "partial"))
def test_modes_that_copy_no_cells_are_refused(name):
    with pytest.raises(ValueError, match="'up'.*must be one that copies"):
        layers.UpSampling2D(
            2, interpolation="bilinear", padding_mode=name, name="up"
        )


@pytest.mark.parametrize(
    "options",
    [
        {"interpolation": "bicubic"},
        {"antialias": True},
        {"crop_to_aspect_ratio": True},
        {"pad_to_aspect_ratio": True},
        {"pad_to_aspect_ratio": True, "interpolation": "nearest"},
    ],
)
def test_what_a_resizing_does_not_combine_is_refused(options):
    layers.Resizing(4, 4, **options)
    with pytest.raises(ValueError, match="'up'.*needs `interpolation"):
        layers.Resizing(4, 4, padding_mode="circular", name="up", **options)


def test_a_map_smaller_than_the_reach_is_told():
    layer = layers.UpSampling2D(
        2, interpolation="bicubic", padding_mode="circular", name="up"
    )
    with pytest.warns(UserWarning, match="'up'.*adds 2 cells beside 1"):
        layer(picture(1, 1, 8, 1))
