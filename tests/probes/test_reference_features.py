import keras
import numpy as np
import pytest
from pattern_nets import STAGES
from pattern_nets import pattern_net

from keras_padpos import models
from keras_padpos.probes import probe_features
from keras_padpos.probes import reference_features

CROP, GRID = 28, 7


def numpy(maps):
    return {
        name: keras.ops.convert_to_numpy(each) for name, each in maps.items()
    }


@pytest.fixture(scope="module")
def net():
    inputs = keras.Input((CROP, CROP, 1), name="picture")
    return keras.models.clone_model(pattern_net(), input_tensors=inputs)


@pytest.mark.parametrize("further", [0, 3])
def test_on_periodic_pictures_real_neighbours_are_circular_padding(
    net, further
):
    reference = reference_features(net, CROP, GRID)
    side = reference.input_shape[1] + 2 * further
    shape = (side, side)
    reference = reference_features(net, CROP, GRID, picture_shape=shape)
    padded = {
        mode: probe_features(
            models.convert_padding(net, mode, input_shape=(CROP, CROP, 1)),
            GRID,
            picture_shape=shape,
        )
        for mode in ("circular", "zeros")
    }
    tile = np.random.default_rng(0).normal(size=(2, CROP, CROP, 1))
    before = (side - CROP) // 2
    around = (before, side - CROP - before)
    pictures = np.pad(
        tile, [(0, 0), around, around, (0, 0)], mode="wrap"
    ).astype("float32")
    expected = numpy(reference(pictures))
    circular, zeros = (numpy(each(pictures)) for each in padded.values())
    for stage in STAGES:
        assert expected[stage].shape[1:3] == (GRID, GRID)
        np.testing.assert_allclose(
            circular[stage], expected[stage], atol=1e-4, err_msg=stage
        )
        assert np.abs(zeros[stage] - expected[stage]).max() > 1e-2


def test_pictures_hold_what_is_read(net):
    with pytest.raises(ValueError, match="must take pictures of one size"):
        probe_features(pattern_net(), GRID, picture_shape=(CROP, CROP))
    with pytest.raises(ValueError, match="`picture_shape` must be at least"):
        reference_features(net, CROP, GRID, picture_shape=(CROP, CROP))
    with pytest.raises(ValueError, match="`picture_shape` must be at least"):
        probe_features(net, GRID, picture_shape=(CROP, CROP - 1))
