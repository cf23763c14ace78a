import numpy as np
import pytest
import tensorflow_datasets as tfds

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


def test_no_label(tmp_path):
    folder = tmp_path / "padpos_bare" / "1.0.0"
    folder.mkdir(parents=True)
    writer = tfds.core.SequentialWriter(
        tfds.core.DatasetInfo(
            builder=tfds.core.DatasetIdentity(
                name="padpos_bare",
                version="1.0.0",
                data_dir=str(folder),
                module_name="",
            ),
            features=tfds.features.FeaturesDict(
                {"image": tfds.features.Image(shape=(4, 4, 3))}
            ),
        ),
        max_examples_per_shard=4,
    )
    writer.initialize_splits(["train"])
    writer.add_examples(
        {"train": [{"image": np.zeros((4, 4, 3), "uint8")} for _ in "ab"]}
    )
    writer.close_all()
    with pytest.raises(ValueError, match="a feature `label`; .* image"):
        labelled_pictures("padpos_bare", 4, data_dir=tmp_path)
