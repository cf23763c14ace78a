"""Pictures that a program has already, whatever holds them."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from keras_padpos import data
from keras_padpos.errors import InputError

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 6, 8, 3))
PICTURES = PICTURES.astype("uint8")


class Sequence(keras.utils.PyDataset):
    """Batches of two, with labels."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        batch = PICTURES[2 * index : 2 * index + 2]
        return batch.astype("float32"), np.zeros(len(batch))


def tf_dataset(batch_size, labels):
    import tensorflow as tf

    arrays = (PICTURES, np.zeros(5)) if labels else PICTURES
    dataset = tf.data.Dataset.from_tensor_slices(arrays)
    return dataset.batch(batch_size) if batch_size else dataset


def loader(labels, batch_size=2):
    import torch

    first = torch.tensor(np.moveaxis(PICTURES, -1, 1))
    parts = (first, torch.zeros(5)) if labels else (first,)
    dataset = torch.utils.data.TensorDataset(*parts)
    return torch.utils.data.DataLoader(dataset, batch_size=batch_size)


def write(folder, classes=1):
    for number, picture in enumerate(PICTURES):
        target = folder / f"class{number % classes}"
        target.mkdir(exist_ok=True)
        Image.fromarray(picture).save(target / f"{number}.png")
    return folder


def directory(folder):
    write(folder, classes=2)
    return keras.utils.image_dataset_from_directory(
        folder, image_size=(6, 8), batch_size=2, shuffle=False, verbose=0
    )


KINDS = {
    "array": lambda _: PICTURES,
    "tensor": lambda _: keras.ops.convert_to_tensor(PICTURES),
    "list": lambda _: list(PICTURES),
    "batches": lambda _: iter([PICTURES[:3], PICTURES[3:]]),
    "labelled": lambda _: [(PICTURES[:3], np.zeros(3)), (PICTURES[3:], 0)],
    "dicts": lambda _: [{"image": picture} for picture in PICTURES],
    "channels first": lambda _: np.moveaxis(PICTURES, -1, 1),
    "PyDataset": lambda _: Sequence(),
    "image set": lambda _: data.as_images(PICTURES),
    "one by one": lambda _: [PICTURES[n : n + 1] for n in range(5)],
    "one batch": lambda _: [PICTURES],
    "floats": lambda _: PICTURES.astype("float32"),
}
if importlib.util.find_spec("tensorflow"):
    KINDS |= {
        "tf.data": lambda _: tf_dataset(0, False),
        "tf.data, labels": lambda _: tf_dataset(2, True),
        "tf.data, one batch": lambda _: tf_dataset(8, True),
        "directory": directory,
    }
if importlib.util.find_spec("torch"):
    KINDS |= {
        "DataLoader": lambda _: loader(False),
        "DataLoader, labels": lambda _: loader(True),
        "DataLoader, one batch": lambda _: loader(True, 8),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_gives_the_pictures(kind, tmp_path):
    images = data.as_images(KINDS[kind](tmp_path))
    pictures = np.concatenate(list(images.batches(2)))
    if kind == "directory":  # in the order of the classes
        order = [0, 2, 4, 1, 3]
        np.testing.assert_allclose(pictures, PICTURES[order])
    else:
        np.testing.assert_array_equal(pictures, PICTURES)
    assert (len(images), images.shape) == (5, (6, 8))


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_gives_its_pictures(kind, tmp_path):
    images = data.as_images(kind(write(tmp_path)), shape=(8, 8))
    square = [
        np.asarray(Image.fromarray(picture).resize((8, 8), Image.BICUBIC))
        for picture in PICTURES
    ]
    np.testing.assert_array_equal(list(images), square)


def test_it_takes_no_more_than_asked_for():
    def endless():
        while True:
            yield PICTURES

    images = data.as_images(endless(), count=7)
    assert len(images) == 7
    np.testing.assert_array_equal(list(images)[5:], PICTURES[:2])


def test_values_and_channels_stay():
    pictures = np.linspace(-1, 1, 2 * 4 * 4 * 5).reshape(2, 4, 4, 5)
    images = data.as_images(pictures, channels=5)
    (batch,) = images.batches(2)
    np.testing.assert_allclose(batch, pictures, rtol=1e-6)


def test_a_constant_picture_is_resized_to_one():
    pictures = [np.full((9, 7, 3), 100, "uint8"), np.full((5, 6, 3), 100.0)]
    images = data.as_images(pictures, shape=(4, 8))
    np.testing.assert_allclose(list(images), 100, rtol=1e-6)


def test_preprocess_comes_first():
    images = data.as_images(
        PICTURES, shape=(3, 4), preprocess=lambda batch: batch / 255.0
    )
    assert np.max(list(images)) <= 1.2


def test_parts_share_no_picture():
    pictures = np.arange(7.0)[:, None, None, None] * np.ones((7, 2, 2, 3))
    first, second = data.split_images(data.as_images(pictures))
    numbers = [[int(each.max()) for each in part] for part in (first, second)]
    assert numbers == [[0, 1, 3, 4, 6], [2, 5]]
    first, second = data.split_images(data.as_images(pictures[:2]))
    assert (len(first), len(second)) == (1, 1)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {}, "`images` must hold at least one"),
        ([[]], {}, "`images` must be .height, width, 3., or batches"),
        ([()], {}, "`images` must be .height, width, 3., or batches"),
        (3, {}, "`images` must be an array .*Received: int"),
        (np.zeros((2, 4, 4, 4)), {}, r"must be \(height, width, 3\)"),
        (np.full((1, 4, 4, 3), np.nan), {}, "must be finite"),
        ([PICTURES[0], PICTURES[1, 1:]], {}, "of one size.*5x8, 6x8"),
        ([{"label": 3}], {}, "must hold `image`. Received: label"),
        ([np.array(["a"])], {}, "must be numbers"),
        (PICTURES, {"count": 0}, "count"),
        (PICTURES, {"preprocess": lambda x: x[0]}, "`preprocess` must give"),
        ("noise", {}, "`size` must be one number"),
        ({"a": 1}, {}, "`images` must be an array"),
    ],
)
def test_what_is_no_set_of_pictures_is_named(images, options, message):
    with pytest.raises(InputError, match=message):
        data.as_images(images, **options)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((0, 8, 8, 3)), "at least one. Received: none"),
        (np.zeros((2, 0, 8, 3)), "at least one pixel"),
        (np.zeros((2, 8, 0, 3)), "at least one pixel"),
        (np.zeros(4), r"Received: shape \(4,\)"),
        (np.zeros((36, 64, 64)), r"Received: shape \(36, 64, 64\)"),
        (np.float64(3), r"Received: shape \(\)"),
        ([], "at least one. Received: none"),
    ],
)
def test_arrays_without_an_image_are_refused(images, words):
    with pytest.raises(InputError, match=f"`images` must .*{words}"):
        data.as_images(images)


def test_numpy_integers_are_ints():
    images = data.as_images(
        np.zeros((5, 8, 8, 3)), count=np.int64(4), shape=(np.int32(6), 6)
    )
    assert (len(images), images.shape) == (4, (6, 6))
    first, second = data.split_images(images, np.int64(2))
    assert (len(first), len(second)) == (2, 2)
    with pytest.raises(InputError, match="`every` must be an int of at least"):
        data.split_images(images, 0)
