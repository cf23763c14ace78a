import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image
from tfds_folder import write_tfds

from keras_padpos.data import labelled_pictures
from keras_padpos.data import open_images


def test_pictures_and_labels():
    with tfds.testing.mock_data(num_examples=5):
        pictures, labels = labelled_pictures("cifar10:test", 16, count=4)
        alone = list(open_images("tfds:cifar10:test", size=16, count=4))
        whole, _ = labelled_pictures("cifar10", 32)
    assert pictures.dtype == "uint8" and labels.shape == (4,)
    np.testing.assert_array_equal(pictures, np.array(alone))
    assert whole.shape == (5, 32, 32, 3)


@pytest.mark.parametrize(
    ("spec", "size", "count", "message"),
    [
        ("padpos_nowhere", 8, None, "that TensorFlow Datasets knows"),
        ("cifar10", 0, None, "`size` must be an int of at least 1"),
        ("cifar10", 8, 0, "`count` must be an int of at least 1"),
    ],
)
def test_errors(spec, size, count, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        with tfds.testing.mock_data(num_examples=2):
            labelled_pictures(spec, size, count=count, data_dir=tmp_path)


def store(data_dir, features, examples):
    features = {"image": tfds.features.Image(shape=(4, 4, 3)), **features}
    write_tfds(data_dir, "padpos_bare", features, {"train": examples})


BLACK = np.zeros((4, 4, 3), "uint8")


def test_no_label(tmp_path):
    store(tmp_path, {}, [{"image": BLACK}, {"image": BLACK}])
    with pytest.raises(ValueError, match="a feature `label`; .* image"):
        labelled_pictures("padpos_bare", 4, data_dir=tmp_path)


@pytest.mark.parametrize("fault", ["picture", "label"])
def test_faults_are_told_by_number(fault, tmp_path):
    encoded = io.BytesIO()
    Image.fromarray(BLACK).save(encoded, format="png")
    if fault == "picture":
        encoded.truncate(40)
    encoded.seek(0)
    # -1 stands for a class that is not known.
    label = {"picture": 0, "label": -1}[fault]
    store(
        tmp_path,
        {"label": tfds.features.ClassLabel(num_classes=2)},
        [{"image": BLACK, "label": 1}, {"image": encoded, "label": label}],
    )
    pictures, labels = labelled_pictures(
        "padpos_bare:train[:1]", 4, data_dir=tmp_path
    )
    assert pictures.shape == (1, 4, 4, 3) and labels.tolist() == [1]
    named = "example 1 of tfds:padpos_bare:train: "
    said = {"picture": "", "label": "no class -1 of 2"}[fault]
    with pytest.raises(ValueError, match=named + said):
        labelled_pictures("padpos_bare", 4, data_dir=tmp_path)
