import keras
import numpy as np
import pytest
from oracles import gradient

from keras_padpos.layers import AlignMaps


def maps(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def numpy_maps(made):
    return [keras.ops.convert_to_numpy(each) for each in made]


def test_cuts_to_what_all_have():
    one, other = maps((2, 7, 6, 3), (2, 5, 8, 1))
    layer = AlignMaps([(1, 0), (0, 2)])
    found = numpy_maps(layer([one, other]))
    np.testing.assert_array_equal(found[0], one[:, 1:6, :6])
    np.testing.assert_array_equal(found[1], other[:, :5, 2:8])
    shapes = layer.compute_output_shape([one.shape, other.shape])
    assert shapes == [each.shape for each in found]


@pytest.mark.parametrize(
    "starts, shapes, expected",
    [
        ([(2,), (0,)], [(1, 9, 2), (1, 6, 3)], [(1, 6, 2), (1, 6, 3)]),
        (
            [(0, 1, 0), (0, 0, 0), (1, 1, 1)],
            [(1, 5, 5, 5, 1), (1, 4, 6, 5, 1), (1, 6, 6, 6, 1)],
            [(1, 4, 4, 5, 1)] * 3,
        ),
    ],
)
def test_lines_volumes_and_three_maps(starts, shapes, expected):
    found = AlignMaps(starts)(maps(*shapes))
    assert [each.shape for each in numpy_maps(found)] == expected


def test_channels_first():
    one, other = maps((2, 3, 7, 6), (2, 1, 5, 8))
    layer = AlignMaps([(1, 0), (0, 2)], data_format="channels_first")
    found = numpy_maps(layer([one, other]))
    np.testing.assert_array_equal(found[0], one[:, :, 1:6, :6])
    np.testing.assert_array_equal(found[1], other[:, :, :5, 2:8])


def test_sizes_that_are_known_when_it_runs(tmp_path):
    inputs = [keras.Input((None, 6, 3)), keras.Input((5, None, 3))]
    outputs = AlignMaps([(1, 0), (0, 2)], name="align")(inputs)
    assert [each.shape for each in outputs] == [(None, None, None, 3)] * 2
    model = keras.Model(inputs, outputs)
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    one, other = maps((2, 7, 6, 3), (2, 5, 8, 3))
    found = model.predict([one, other], verbose=0)
    np.testing.assert_array_equal(found[0], one[:, 1:6, :6])
    np.testing.assert_array_equal(found[1], other[:, :5, 2:8])


def test_the_gradient_reaches_what_is_kept():
    one, other = maps((1, 5, 5, 1), (1, 3, 3, 1))
    upstream = np.ones((1, 3, 3, 1), "float32")
    got = gradient(
        lambda x: AlignMaps([(1, 1), (0, 0)])([x, other])[0], one, upstream
    )
    expected = np.zeros_like(one)
    expected[:, 1:4, 1:4] = 1
    np.testing.assert_array_equal(got, expected)


def test_it_keeps_half_floats():
    one, other = (each.astype("float16") for each in maps((1, 5, 1), (1, 3, 1)))
    found = AlignMaps([(1,), (0,)], dtype="float16")([one, other])
    assert {keras.backend.standardize_dtype(each.dtype) for each in found} == {
        "float16"
    }


@pytest.mark.parametrize("shapes", [[(1, 5, 1)], [(1, 5, 1), (1, 5, 5, 1)]])
def test_other_maps_than_it_was_made_for_are_refused(shapes):
    layer = AlignMaps([(1,), (0,)], name="align")
    with pytest.raises(ValueError, match="'align'.*2 maps of 3 axes"):
        layer(maps(*shapes))
