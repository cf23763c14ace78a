import keras
import numpy as np
import pytest
from oracles import gradient
from oracles import linear_map

from keras_padpos.layers.resize_to_match import ResizeToMatch


def tensor(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def resized(x, height, width):
    target = np.zeros((x.shape[0], height, width, 1), "float32")
    return keras.ops.convert_to_numpy(ResizeToMatch()([x, target]))


@pytest.mark.parametrize("cells", [(6, 7), (1, 3), (5, 1)])
@pytest.mark.parametrize("wanted", [(96, 50), (6, 7), (3, 2), (1, 4)])
def test_it_is_pytorchs_bilinear_interpolation_with_aligned_corners(
    cells, wanted
):
    torch = pytest.importorskip("torch")
    x = tensor(2, *cells, 3)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(x).permute(0, 3, 1, 2),
        size=wanted,
        mode="bilinear",
        align_corners=True,
    )
    np.testing.assert_allclose(
        resized(x, *wanted), expected.permute(0, 2, 3, 1), atol=1e-5
    )


def test_a_constant_map_stays_constant():
    y = resized(np.full((1, 26, 26, 1), 3.0, "float32"), 416, 417)
    np.testing.assert_allclose(y, 3, rtol=1e-6)


def test_its_gradient_is_the_transpose():
    target = np.zeros((1, 7, 9, 1), "float32")
    layer = ResizeToMatch()

    def enlarge(x):
        count = x.shape[0]
        return layer([x, np.repeat(target, count, axis=0)])

    matrix = linear_map(enlarge, (3, 4, 1))
    upstream = tensor(1, 7, 9, 1)
    found = gradient(enlarge, tensor(1, 3, 4, 1), upstream)
    np.testing.assert_allclose(
        found.ravel(), matrix.T @ upstream.ravel(), atol=1e-5
    )


def test_unknown_sizes_are_read_when_the_net_runs():
    small = keras.Input((None, None, 2))
    large = keras.Input((None, None, 3))
    model = keras.Model([small, large], ResizeToMatch()([small, large]))
    assert model.output_shape == (None, None, None, 2)
    x, target = tensor(1, 4, 5, 2), tensor(1, 13, 9, 3)
    y = model.predict([x, target], verbose=0)
    np.testing.assert_allclose(y, resized(x, 13, 9), atol=1e-6)


def test_mixed_precision_computes_in_half():
    layer = ResizeToMatch(dtype="mixed_float16")
    y = layer([tensor(1, 4, 4, 1), tensor(1, 9, 9, 1)])
    assert keras.backend.standardize_dtype(y.dtype) == "float16"


def test_the_size_may_be_that_of_a_map_without_channels():
    x = tensor(1, 4, 5, 2)
    y = ResizeToMatch()([x, tensor(1, 13, 9)])
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(y), resized(x, 13, 9)
    )


@pytest.mark.parametrize(
    "shapes", [[(1, 4, 4, 1)], [(1, 4, 4, 1), (1, 4)], [(1, 4, 4), (1, 9, 9)]]
)
def test_other_inputs_are_an_error(shapes):
    layer = ResizeToMatch(name="enlarged")
    with pytest.raises(ValueError, match="Layer 'enlarged'.*`inputs` must be"):
        layer([tensor(*shape) for shape in shapes])
