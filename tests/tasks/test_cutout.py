"""Squares that are cut out."""

import keras
import numpy as np
import pytest

from keras_padpos.published.canvas_facts import CIFAR_MEAN
from keras_padpos.tasks import Cutout

numpy = keras.ops.convert_to_numpy


def holes(cutout, shape, count=400):
    """Which pixels of pictures of one value are no longer as they were."""
    pictures = np.full((count, *shape, 3), 100.0, "float32")
    return (numpy(cutout(pictures, training=True)) != 100).any(axis=-1)


def test_squares_have_their_centre_anywhere_and_may_stick_out():
    height, width, size = 9, 12, 4
    cut = holes(Cutout(size, "white", seed=1), (height, width))
    places = set()
    for each in cut:
        rows, columns = (
            np.flatnonzero(each.any(axis=1 - axis)) for axis in (0, 1)
        )
        # What shows is one rectangle: a square but for what sticks out.
        assert each.sum() == len(rows) * len(columns)
        for found, length in ((rows, height), (columns, width)):
            assert (np.diff(found) == 1).all()
            assert (
                len(found) == size or found[0] == 0 or found[-1] == length - 1
            )
        # A square of even size has its centre right of its middle.
        places.add(
            (
                rows[-1] if rows[0] == 0 else rows[0] + size - 1,
                columns[-1] if columns[0] == 0 else columns[0] + size - 1,
            )
        )
    assert len(places) > 90  # of 108, in 400 draws
    assert cut.sum(axis=(1, 2)).min() < size**2 == cut.sum(axis=(1, 2)).max()


def test_how_often_a_pixel_is_hidden_is_as_by_hand():
    size, length = 4, 8
    cut = holes(Cutout(size, "white", seed=0), (length, length), 4000)
    covered = np.zeros((length, length))
    for row in range(length):
        for column in range(length):
            covered[
                max(row - 2, 0) : row + 2, max(column - 2, 0) : column + 2
            ] += 1 / length**2
    # Five deviations of a share out of 4000.
    np.testing.assert_allclose(cut.mean(axis=0), covered, atol=0.04)


@pytest.mark.parametrize(
    ("fill", "colour"),
    [
        ("black", (0, 0, 0)),
        ("white", (255, 255, 255)),
        ("mean", CIFAR_MEAN),
        ((1, 2, 3), (1, 2, 3)),
    ],
)
def test_colours(fill, colour):
    pictures = np.full((8, 6, 6, 3), 100.0, "float32")
    cut = numpy(Cutout(3, fill, seed=0)(pictures, training=True))
    changed = cut[(cut != 100).any(axis=-1)]
    assert len(changed)
    np.testing.assert_allclose(changed, np.tile(colour, (len(changed), 1)))


def test_noise_is_uniform_and_new_in_every_pixel():
    pictures = np.full((64, 16, 16, 3), -1.0, "float32")
    cut = numpy(Cutout(1.0, "random", seed=0)(pictures, training=True))
    noise = cut[cut != -1]
    assert noise.min() >= 0 and noise.max() <= 255
    np.testing.assert_allclose(
        np.quantile(noise, [0.25, 0.5, 0.75]), [64, 127.5, 191], atol=3
    )
    assert len(np.unique(noise)) > 0.9 * len(noise)


def test_a_share_is_one_of_the_smaller_side():
    for size, pixels in ((0.5, 5), (1.0, 10), (0.01, 1)):
        cut = holes(Cutout(size, "black", seed=0), (10, 40), 60)
        assert cut.any(axis=1).sum(axis=-1).max() == pixels


def test_it_does_nothing_but_while_training():
    pictures = np.random.default_rng(0).random((2, 8, 8, 3)).astype("float32")
    layer = Cutout(4)
    np.testing.assert_array_equal(numpy(layer(pictures)), pictures)
    np.testing.assert_array_equal(
        numpy(layer(pictures, training=False)), pictures
    )


def test_seeds_decide_and_pictures_differ():
    one, same, other = (
        holes(Cutout(3, seed=seed), (16, 16), 8) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert len({each.tobytes() for each in one}) > 1
    layer = Cutout(3, seed=1)
    assert (holes(layer, (16, 16), 8) != holes(layer, (16, 16), 8)).any()


def test_a_model_with_it_is_saved_and_trained_at_any_size(tmp_path):
    inputs = keras.Input((None, None, 3))
    pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_last")(
        Cutout(0.5, (1, 2, 3), seed=3)(inputs)
    )
    model = keras.Model(inputs, keras.layers.Dense(1)(pooled))
    model.compile("sgd", "mse")
    pictures = np.ones((4, 7, 9, 3), "float32")
    model.fit(pictures, np.zeros(4), verbose=0)
    model.save(tmp_path / "cut.keras")
    again = keras.models.load_model(tmp_path / "cut.keras")
    layer = again.layers[1]
    assert (layer.size, layer.fill, layer.seed) == (0.5, (1.0, 2.0, 3.0), 3)
    np.testing.assert_array_equal(
        model.predict(pictures, verbose=0), again.predict(pictures, verbose=0)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "`size` must be"),
        ({"size": 1.5}, "`size` must be"),
        ({"size": True}, "`size` must be"),
        ({"fill": "grey"}, "`fill` must be one of black, white, mean, random"),
        ({"fill": (0, 0, 256)}, "`fill` must be one of"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        Cutout(**arguments)
