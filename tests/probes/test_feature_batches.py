import keras
import numpy as np
import pytest
from PIL import Image

from keras_padpos.data import open_images
from keras_padpos.probes import feature_batches
from keras_padpos.probes.feature_batches import FeatureBatches

PICTURES = 7


@pytest.fixture
def folder(tmp_path):
    """Seven pictures, alternately JPEG and PNG; picture i is 30 i grey."""
    for number in range(PICTURES):
        ending = "png" if number % 2 else "jpg"
        grey = Image.new("RGB", (10, 8), (30 * number,) * 3)
        grey.save(tmp_path / f"{number}.{ending}")
    return tmp_path


@pytest.fixture
def model():
    inputs = keras.Input((8, 8, 3))
    pooled = keras.layers.AveragePooling2D(4)(inputs)
    return keras.Model(inputs, keras.layers.Rescaling(1 / 30)(pooled))


def numbers(batches):
    """Which picture each row of features comes from."""
    return [
        round(float(each.mean()))
        for batch in batches
        for each in batch["features"]
    ]


def test_one_pass_gives_the_models_features_in_order(folder, model):
    images = open_images(folder, size=8)
    batches = list(FeatureBatches(model, images, 3).once())
    assert [len(batch["features"]) for batch in batches] == [3, 3, 1]
    assert batches[0]["features"].shape == (3, 2, 2, 3)
    assert numbers(batches) == list(range(PICTURES))


@pytest.mark.parametrize("keep", [True, False])
def test_a_shuffled_pass_holds_every_picture_once(folder, model, keep):
    images = open_images(folder, size=8)
    batches = FeatureBatches(model, images, 3, keep=keep)
    orders = [numbers(batches.shuffled(epoch, seed=1)) for epoch in (0, 1, 0)]
    for order in orders:
        assert sorted(order) == list(range(PICTURES))
        assert order != sorted(order)
    assert orders[0] == orders[2] != orders[1]
    assert numbers(batches.shuffled(0, seed=2)) != orders[0]


def test_keeping_gives_the_same_batches_as_computing_anew(folder, model):
    images = open_images(folder, size=8)
    kept = FeatureBatches(model, images, 3, keep=True)
    anew = FeatureBatches(model, images, 3, keep=False)
    for epoch in range(3):
        for one, other in zip(
            kept.shuffled(epoch, 5), anew.shuffled(epoch, 5), strict=True
        ):
            np.testing.assert_array_equal(one["features"], other["features"])


def test_what_is_kept_is_computed_once(folder, model):
    seen = []
    images = open_images(folder, size=8)
    batches = FeatureBatches(model, images, 3, keep=True, advance=seen.append)
    list(batches.once())
    model.predict_on_batch = None  # the network is not asked again
    for epoch in range(3):
        list(batches.shuffled(epoch, 0))
    assert seen == [3, 3, 1] * 4


def test_without_keeping_every_pass_is_computed(folder, model):
    seen = []
    images = open_images(folder, size=8)
    batches = FeatureBatches(model, images, 3, advance=seen.append)
    for epoch in range(3):
        list(batches.shuffled(epoch, 0))
    assert seen == [3, 3, 1] * 3


def test_features_that_do_not_fit_are_computed_anew(folder, model, monkeypatch):
    images = open_images(folder, size=8)
    expected = [
        numbers(FeatureBatches(model, images, 3).shuffled(epoch, 4))
        for epoch in range(3)
    ]
    # Room for one batch of three pictures and not for two.
    monkeypatch.setattr(feature_batches, "_KEEP_BYTES", 3 * 2 * 2 * 3 * 4)
    batches = FeatureBatches(model, images, 3, keep=True)
    found = [numbers(batches.shuffled(epoch, 4)) for epoch in range(3)]
    assert found == expected


def test_stages_come_in_the_models_order_not_in_that_of_their_names(folder):
    inputs = keras.Input((8, 8, 3))
    maps = {
        "late": keras.layers.AveragePooling2D(4)(inputs),
        "early": keras.layers.AveragePooling2D(4)(inputs[..., :1]),
    }
    batches = FeatureBatches(
        keras.Model(inputs, maps), open_images(folder, size=8), 3
    )
    assert list(batches.shapes.items()) == [
        ("late", (2, 2, 3)),
        ("early", (2, 2, 1)),
    ]
    for features in batches.once():
        assert list(features) == ["late", "early"]
        assert features["early"].shape[1:] == (2, 2, 1)
