import keras
import numpy as np
import pytest
from scipy import ndimage

from keras_padpos.probes import probe_features


def bilinear(array, grid):
    """Resizing with half-pixel centres, borders repeated, by SciPy."""
    height, width = array.shape
    rows = (np.arange(grid) + 0.5) * height / grid - 0.5
    columns = (np.arange(grid) + 0.5) * width / grid - 0.5
    return ndimage.map_coordinates(
        array,
        np.meshgrid(rows, columns, indexing="ij"),
        order=1,
        mode="nearest",
    )


def network(sizes):
    """Stage i is the input's middle, `sizes[i]` cells a side, times i + 1."""
    inputs = keras.Input((24, 24, 2))
    maps = {}
    for number, size in enumerate(sizes, start=1):
        cut = (24 - size) // 2
        inner = keras.layers.Cropping2D(cut)(inputs) if cut else inputs
        maps[f"stage{number}"] = keras.layers.Rescaling(number)(inner)
    return keras.Model(inputs, maps)


@pytest.mark.parametrize("sizes", [(24,), (24, 6, 2), (6, 24)])
def test_stages_are_resized_bilinearly(sizes):
    features = probe_features(network(sizes), grid=9, resize="bilinear")
    x = np.random.default_rng(0).normal(size=(2, 24, 24, 2)).astype("float32")
    found = features(x)
    assert len(found) == len(sizes)
    for number, size in enumerate(sizes, start=1):
        cut = (24 - size) // 2
        inner = number * x[:, cut : 24 - cut, cut : 24 - cut]
        expected = np.stack(
            [
                [
                    bilinear(inner[picture, :, :, channel], 9)
                    for channel in (0, 1)
                ]
                for picture in (0, 1)
            ]
        )
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(found[f"stage{number}"]),
            np.moveaxis(expected, 1, -1),
            atol=1e-5,
        )


def test_the_grid_is_28_as_in_the_paper_unless_told():
    maps = probe_features(network((24, 6))).output
    assert {name: each.shape for name, each in maps.items()} == {
        "stage1": (None, 28, 28, 2),
        "stage2": (None, 28, 28, 2),
    }


def test_by_area_the_outermost_cells_count():
    features = {
        resize: probe_features(network((24,)), grid=3, resize=resize)
        for resize in ("area", "bilinear")
    }
    x = np.zeros((1, 24, 24, 2), "float32")
    x[:, 0] = x[:, :, -1] = 1
    maps = {
        name: keras.ops.convert_to_numpy(model(x)["stage1"])
        for name, model in features.items()
    }
    expected = x.reshape(1, 3, 8, 3, 8, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(maps["area"], expected, atol=1e-6)
    assert not maps["bilinear"].any()


def test_a_way_to_resize_is_one_of_two():
    with pytest.raises(ValueError, match="area, bilinear. Received: .*nearest"):
        probe_features(network((24,)), resize="nearest")
