import keras
import numpy as np
import pytest
from oracles import gradient
from oracles import linear_map

from keras_padpos.layers.enlarge_to_places import EnlargeToPlaces


def tensor(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def enlarged(x, size, stride, start):
    layer = EnlargeToPlaces(size, stride=stride, start=start)
    return keras.ops.convert_to_numpy(layer(x))


@pytest.mark.parametrize(
    ("cells", "stride", "start"),
    [(5, 4, 1.5), (7, 2, 6), (3, 8, -2.5), (1, 16, 10), (24, 1, 0)],
)
def test_it_is_numpys_interpolation_between_places(cells, stride, start):
    x = tensor(2, cells, cells, 3)
    found = enlarged(x, (24, 20), (stride, stride), (start, start))
    places = start + stride * np.arange(cells)

    def along(axis, size, values):
        return np.apply_along_axis(
            lambda line: np.interp(np.arange(size), places, line), axis, values
        )

    expected = along(2, 20, along(1, 24, x))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_cells_in_the_middle_of_their_pixels_are_pytorchs_interpolation():
    torch = pytest.importorskip("torch")
    x = tensor(2, 4, 3, 2)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(x).permute(0, 3, 1, 2),
        size=(32, 48),
        mode="bilinear",
        align_corners=False,
    )
    np.testing.assert_allclose(
        enlarged(x, (32, 48), (8, 16), (3.5, 7.5)),
        expected.permute(0, 2, 3, 1),
        atol=1e-5,
    )


def test_its_gradient_is_the_transpose():
    layer = EnlargeToPlaces((7, 9), stride=(2, 3), start=(1, -0.5))
    matrix = linear_map(layer, (3, 4, 1))
    upstream = tensor(1, 7, 9, 1)
    found = gradient(layer, tensor(1, 3, 4, 1), upstream)
    np.testing.assert_allclose(
        found.ravel(), matrix.T @ upstream.ravel(), atol=1e-5
    )


def test_it_is_saved_and_loaded(tmp_path):
    inputs = keras.Input((None, None, 2))
    layer = EnlargeToPlaces((7, 9), stride=(2, 3), start=(1, -0.5))
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, 7, 9, 2)
    model.save(tmp_path / "net.keras")
    x = tensor(1, 3, 4, 2)
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(
        *(keras.ops.convert_to_numpy(net(x)) for net in (model, loaded))
    )


@pytest.mark.parametrize("stride", [(0, 1), (2,)])
def test_strides_are_two_positive_numbers(stride):
    with pytest.raises(ValueError, match="`stride` must be two positive"):
        EnlargeToPlaces((4, 4), stride=stride, start=(0, 0))


def test_it_is_called_on_a_map():
    layer = EnlargeToPlaces((4, 4), stride=(1, 1), start=(0, 0), name="up")
    with pytest.raises(ValueError, match="'up' .*must be a map"):
        layer(tensor(2, 3))
