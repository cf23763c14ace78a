import io
import logging
import sys
import time

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds
from PIL import Image
from tfds_folder import write_tfds

from keras_padpos.data import open_crops
from keras_padpos.data import open_images
from keras_padpos.data import tfds_sets


def pixels(number):
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (12, 10, 3), dtype="uint8")


def encoded(number):
    file = io.BytesIO()
    Image.fromarray(pixels(number)).save(file, format="png")
    # Example 2 is broken off in its middle.
    end = file.tell() // 2 if number == 2 else None
    return io.BytesIO(file.getvalue()[:end])


def by_hand(number, size):
    image = Image.fromarray(pixels(number))
    return np.asarray(image.resize((size, size), Image.BICUBIC))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A data set `padpos_tiny` of six pictures, one of them broken."""
    folder = tmp_path_factory.mktemp("tfds")
    store(
        folder,
        "padpos_tiny",
        {
            "image": tfds.features.Image(shape=(12, 10, 3)),
            "label": tfds.features.ClassLabel(num_classes=2),
        },
        "image",
        encoded,
    )
    features = {"picture": tfds.features.Image(), "label": np.int64}
    store(folder, "padpos_other", features, "picture", pixels)
    return folder


def store(folder, name, features, key, example):
    examples = [{key: example(i), "label": i % 2} for i in range(6)]
    write_tfds(folder, name, features, {"train": examples})


def test_reads_a_data_set(data_dir):
    images = open_images("tfds:padpos_tiny", size=8, data_dir=data_dir)
    assert images.expected == 6
    good = [by_hand(i, 8) for i in (0, 1, 3, 4, 5)]
    for _ in range(2):
        np.testing.assert_array_equal(list(images), good)
    assert (images.skipped, len(images), images.sources) == (1, 5, ())
    assert "example 2 of tfds:padpos_tiny:train" in images.broken[0]


def test_splits_counts_and_shuffles(data_dir):
    images = open_images(
        "tfds:padpos_tiny:1.0.0:train[1:]", size=8, count=3, data_dir=data_dir
    )
    assert images.expected == 3
    good = [by_hand(i, 8) for i in (1, 3, 4)]
    np.testing.assert_array_equal(list(images), good)
    dataset = images.as_dataset(2, shuffle_seed=0)
    shuffled = np.concatenate([batch.numpy() for batch in dataset])
    assert sorted(p.sum() for p in shuffled) == sorted(p.sum() for p in good)


def test_crops_of_a_data_set(data_dir):
    crops = open_crops(
        "tfds:padpos_tiny", (7, 5), per_picture=3, seed=4, data_dir=data_dir
    )
    assert (crops.expected, crops.shape) == (18, (7, 5))
    batches = list(crops.numbered_batches(4))
    numbers = np.concatenate([numbers for _, numbers in batches])
    assert numbers.tolist() == [0, 1, 3, 4, 5] * 3
    taken = np.concatenate([batch for batch, _ in batches])
    for place, (crop, number) in enumerate(zip(taken, numbers, strict=True)):
        rng = np.random.default_rng([4, number, place // 5])
        left = rng.integers(10 - 5, endpoint=True)
        top = rng.integers(12 - 7, endpoint=True)
        window = pixels(number)[top : top + 7, left : left + 5]
        np.testing.assert_array_equal(crop, window)
    assert (crops.skipped, crops.delivered) == (1, 15)
    assert "example 2 of tfds:padpos_tiny:train" in crops.broken[0]
    resumed = list(crops.numbered_batches(4, start=8))
    for (ours, _), (theirs, _) in zip(resumed, batches[2:], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    shuffled = [
        crop for batch in crops.batches(4, shuffle_seed=1) for crop in batch
    ]
    assert sorted(c.sum() for c in shuffled) == sorted(c.sum() for c in taken)


def test_a_data_set_of_too_small_pictures(data_dir):
    crops = open_crops("tfds:padpos_tiny", 11, per_picture=2, data_dir=data_dir)
    with pytest.raises(
        ValueError, match="of 6 found.*example 0 of .*: 10x12 pixels"
    ):
        list(crops)
    assert crops.skipped == 6


def test_mock_data():
    with tfds.testing.mock_data(num_examples=3):
        images = open_images("tfds:cifar10:test", size=16)
        batches = list(images.batches(2))
    assert [b.shape for b in batches] == [(2, 16, 16, 3), (1, 16, 16, 3)]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("tfds:", "must be 'tfds:NAME' or"),
        ("tfds:[:3]", "must be 'tfds:NAME' or"),
        ("tfds:padpos_nowhere", "that TensorFlow Datasets knows"),
        ("tfds:cifar10:9.9.9:test", "cannot be loaded at version 9.9.9"),
        ("tfds:padpos_tiny:test", "Unknown split 'test'"),
        ("tfds:padpos_tiny:train[:70]", "incompatible with 6 examples"),
        ("tfds:padpos_tiny:train[:x]", "Error parsing split"),
        ("tfds:padpos_other", "its features are: .*picture"),
    ],
)
def test_errors(data_dir, spec, message):
    with pytest.raises(ValueError, match=message) as caught:
        open_images(spec, data_dir=data_dir)
    assert "\n" not in str(caught.value)
    assert f"Received: spec='{spec}'" in str(caught.value)


@pytest.mark.parametrize("seconds", [0, 60])
def test_no_network(tmp_path, monkeypatch, capsys, seconds):
    def head(url, timeout):
        time.sleep(seconds)
        raise requests.ConnectionError("Retry(total=0)\n no route")

    monkeypatch.setattr(requests, "head", head)
    monkeypatch.setattr(tfds_sets, "_PATIENCE", 0.2)
    reason = "nothing in 0.2 s" if seconds else "ConnectionError"
    with pytest.raises(OSError, match="could not be downl") as error:
        open_images("tfds:cifar10", data_dir=tmp_path)
    host = f"www.cs.toronto.edu does not answer ({reason})"
    assert str(error.value).endswith(host)
    assert str(tmp_path) in str(error.value)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"downloading cifar10 to {tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off(tmp_path, monkeypatch, caplog):
    def fail(self, *args, **kwargs):
        logging.getLogger("urllib3.connectionpool").warning("Retrying")
        raise ConnectionError("no route\nto host")

    builder = tfds.core.DatasetBuilder
    monkeypatch.setattr(builder, "download_and_prepare", fail)
    with pytest.raises(OSError, match="could not be .*: no route") as e:
        open_images("tfds:cifar10", data_dir=tmp_path)
    assert "\n" not in str(e.value)
    assert not caplog.records


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(FileNotFoundError, match="`data_dir` must .* exists"):
        open_images("tfds:cifar10", data_dir=tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_tensorflow_is_imported_only_here(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    hint = r"'tfds:cifar10' needs .* \"keras-padpos\[tensorflow\]\"$"
    with pytest.raises(ImportError, match=hint):
        open_images("tfds:cifar10")
    assert len(list(open_images("black", size=4))) == 1
