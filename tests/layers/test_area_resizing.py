import keras
import numpy as np
import pytest

from keras_padpos.layers.area_resizing import AreaResizing


def tensor(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def means(line, size):
    """Means of a step function over equal parts, by its integral."""
    integral = np.concatenate([[0], np.cumsum(line, dtype="float64")])
    edges = np.linspace(0, len(line), size + 1)
    at_edges = np.interp(edges, np.arange(len(line) + 1), integral)
    return np.diff(at_edges) * size / len(line)


@pytest.mark.parametrize(
    ("cells", "size"),
    [((24, 12), (6, 3)), ((7, 10), (4, 7)), ((3, 2), (9, 5)), ((5, 5), (5, 5))],
)
def test_it_is_the_mean_over_each_area(cells, size):
    x = tensor(2, *cells, 3)
    expected = np.apply_along_axis(means, 1, x, size[0])
    expected = np.apply_along_axis(means, 2, expected, size[1])
    outputs = keras.ops.convert_to_numpy(AreaResizing(size)(x))
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("cells", [224, 47, 14])
def test_every_cell_counts_alike(cells):
    shares = keras.ops.convert_to_numpy(
        AreaResizing((28, 28))(np.eye(cells, dtype="float32")[..., None, None])
    )
    # Of each row of cells alone, over the whole result.
    np.testing.assert_allclose(
        shares.sum(axis=(1, 2, 3)), 28 * 28 / cells, rtol=1e-5
    )


def test_sizes_may_be_unknown_and_a_file_tells_all(tmp_path):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, AreaResizing((4, 3))(inputs))
    assert model.output_shape == (None, 4, 3, 2)
    model.save(tmp_path / "m.keras")
    model = keras.saving.load_model(tmp_path / "m.keras")
    for x in (tensor(1, 9, 7, 2), tensor(1, 2, 8, 2)):
        np.testing.assert_array_equal(
            model.predict_on_batch(x),
            keras.ops.convert_to_numpy(AreaResizing((4, 3))(x)),
        )


@pytest.mark.parametrize("size", [(0, 3), (3,)])
def test_a_size_is_two_positive_numbers(size):
    with pytest.raises(ValueError, match="`size` must be two.*Received"):
        AreaResizing(size)


def test_only_maps_are_resized():
    with pytest.raises(ValueError, match="must be a map.*Received"):
        AreaResizing((2, 2))(tensor(3, 4))
