import io
import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image
from tfds_folder import write_tfds

from keras_padpos.data import JointAugmentation
from keras_padpos.data import open_crops
from keras_padpos.data import open_labelled
from keras_padpos.data import open_masks

HEIGHT, WIDTH = 9, 12


def pixels(number):
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype="uint8")


def trimap(number):
    rng = np.random.default_rng([number, 1])
    return rng.integers(1, 4, (HEIGHT, WIDTH), dtype="uint8")


def instances(number):
    rng = np.random.default_rng([number, 2])
    annotation = rng.integers(0, 101, (HEIGHT, WIDTH, 3), dtype="uint8")
    annotation[0, :3, 0] = 0, 1, 100
    return annotation


def png(values):
    file = io.BytesIO()
    Image.fromarray(values).save(file, format="png")
    return io.BytesIO(file.getvalue())


def store_pets(data_dir, masks):
    image = tfds.features.Image
    examples = [
        {
            "image": png(pixels(number)),
            "label": 0,
            "species": 0,
            "file_name": "a",
            "segmentation_mask": png(mask),
            "head_bbox": tfds.features.BBox(0.0, 0.0, 0.0, 0.0),
        }
        for number, mask in enumerate(masks)
    ]
    features = {
        "image": image(),
        "label": tfds.features.ClassLabel(num_classes=37),
        "species": tfds.features.ClassLabel(num_classes=2),
        "file_name": tfds.features.Text(),
        "segmentation_mask": image(shape=(None, None, 1)),
        "head_bbox": tfds.features.BBoxFeature(),
    }
    write_tfds(
        data_dir,
        "oxford_iiit_pet",
        features,
        {"train": examples},
        version="4.0.0",
    )


def store_scenes(data_dir, annotations):
    examples = [
        {"image": png(pixels(number)), "annotation": png(annotation)}
        for number, annotation in enumerate(annotations)
    ]
    image = tfds.features.Image
    features = {"image": image(), "annotation": image()}
    write_tfds(data_dir, "scene_parse150", features, {"test": examples})


def test_pets(tmp_path):
    store_pets(tmp_path, [trimap(number) for number in range(5)])
    masks = open_masks(
        "tfds:oxford_iiit_pet:train[1:]",
        size=(HEIGHT, WIDTH),
        data_dir=tmp_path,
    )
    assert (len(masks), masks.classes, masks.sources) == (4, 3, ())
    assert masks.class_names == ("pet", "background", "border")
    for _ in range(2):
        for number, (picture, mask) in enumerate(masks, 1):
            np.testing.assert_array_equal(picture, pixels(number))
            np.testing.assert_array_equal(mask, trimap(number) - 1)
    shuffled = [mask for _, mask in masks.batches(1, shuffle_seed=2)]
    sums = [int(mask.sum()) for mask in shuffled]
    assert sorted(sums) == sorted(int(mask.sum()) for _, mask in masks)


def test_scenes_are_what_their_red_channel_says(tmp_path):
    store_scenes(tmp_path, [instances(number) for number in range(3)])
    masks = open_masks(
        "tfds:scene_parse150:test", size=(HEIGHT, WIDTH), data_dir=tmp_path
    )
    assert (len(masks), masks.classes) == (3, 100)
    assert (masks.class_names[0], masks.class_names[99]) == ("bed", "flag")
    assert len(set(masks.class_names)) == 100
    for number, (picture, mask) in enumerate(masks):
        np.testing.assert_array_equal(picture, pixels(number))
        red = instances(number)[..., 0].astype(int)
        np.testing.assert_array_equal(mask, np.where(red == 0, 255, red - 1))
        assert mask[0, :3].tolist() == [255, 0, 99]


def test_faults(tmp_path):
    store_pets(tmp_path, [trimap(0), trimap(1) - 1])
    masks = open_masks("tfds:oxford_iiit_pet", size=8, data_dir=tmp_path)
    message = "mask of example 1 of tfds:oxford_iiit_pet:train: a trimap must"
    with pytest.raises(ValueError, match=message):
        masks.arrays()
    annotation = instances(0)
    annotation[4, 7, 0] = 101
    store_scenes(tmp_path, [annotation, trimap(0), instances(1)[:, :5]])
    for part, message in (
        ("[:1]", "class 100 in row 4, column 7; there are 100 classes"),
        ("[1:2]", "an annotation must be .* red channel .* mode is L"),
        ("[2:]", "5x9 pixels, but its picture example 0 of tfds:.* has 12x9"),
    ):
        masks = open_masks(
            f"tfds:scene_parse150:test{part}", size=8, data_dir=tmp_path
        )
        name = f"mask of example 0 of tfds:scene_parse150:test{part}: "
        with pytest.raises(ValueError, match=re.escape(name) + message):
            masks.arrays()
    with pytest.raises(ValueError, match="Unknown split 'train'"):
        open_masks("tfds:scene_parse150", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "feature", "channels"),
    [
        ("oxford_iiit_pet", "segmentation_mask", 1),
        ("scene_parse150", "annotation", 3),
    ],
)
def test_the_real_builders_have_these_features(
    name, feature, channels, tmp_path
):
    # Mocked examples would not do: their masks differ in size from pictures.
    features = tfds.builder(name, data_dir=tmp_path).info.features
    assert isinstance(features[feature], tfds.features.Image)
    assert features[feature].shape == (None, None, channels)


def test_textures():
    with tfds.testing.mock_data(num_examples=4):
        textures = open_labelled("tfds:dtd:train", size=(7, 9), count=3)
        pictures, labels = textures.arrays()
        again, _ = open_labelled("tfds:dtd:train", size=(7, 9)).arrays()
    assert textures.classes == 47
    assert textures.class_names[0] == "banded"
    assert pictures.shape == (3, 7, 9, 3) and labels.dtype == "int64"
    assert labels.min() >= 0 and labels.max() < 47
    np.testing.assert_array_equal(pictures, again[:3])


def test_no_labels(tmp_path):
    store_scenes(tmp_path, [instances(0)])
    with pytest.raises(ValueError, match="a feature `label`; .* annotation"):
        open_labelled("tfds:scene_parse150:test", data_dir=tmp_path)


def test_datasets_equal_batches(tmp_path):
    import keras

    store_pets(tmp_path, [trimap(number) for number in range(5)])
    masks = open_masks("tfds:oxford_iiit_pet", size=8, data_dir=tmp_path)
    augmentation = JointAugmentation(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.1, fill_mode="constant"),
            keras.layers.RandomCrop(6, 5),
        ],
        seed=1,
    )
    for kwargs, shape in (
        ({}, (8, 8)),
        ({"shuffle_seed": 3}, (8, 8)),
        ({"shuffle_seed": 3, "augmentation": augmentation}, (6, 5)),
    ):
        dataset = masks.as_dataset(2, epoch=4, **kwargs)
        assert dataset.cardinality() == 3
        assert dataset.element_spec == (
            tf.TensorSpec((None, *shape, 3), "float32"),
            tf.TensorSpec((None, *shape), "uint8"),
        )
        # Every pass is an epoch of its own.
        for epoch in (4, 5):
            batches = masks.batches(2, epoch=epoch, **kwargs)
            for ours, theirs in zip(batches, dataset, strict=True):
                np.testing.assert_array_equal(ours[0], theirs[0])
                np.testing.assert_array_equal(ours[1], theirs[1])
    dataset = masks.as_dataset(2, drop_remainder=True)
    assert dataset.element_spec[1].shape == (2, 8, 8)
    assert len(list(dataset)) == dataset.cardinality() == 2


def test_a_dataset_of_labelled_pictures():
    with tfds.testing.mock_data(num_examples=3):
        textures = open_labelled("tfds:dtd", size=8)
        with pytest.raises(TypeError, match="is not known"):
            len(textures)
        dataset = textures.as_dataset(2)
        (first, labels), _ = dataset
    # Mocked data sets do not tell how long they are.
    assert dataset.cardinality() == tf.data.UNKNOWN_CARDINALITY
    assert dataset.element_spec[1] == tf.TensorSpec((None,), "int64")
    assert first.shape == (2, 8, 8, 3) and labels.shape == (2,)


def test_masks_train_a_network_that_ignores_void(tmp_path):
    """What the datasets give is what Keras' loss takes."""
    import keras

    store_scenes(tmp_path, [instances(number) for number in range(4)])
    masks = open_masks("tfds:scene_parse150:test", size=8, data_dir=tmp_path)
    model = keras.Sequential(
        [keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(100, 1)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=masks.void
    )
    model.compile("sgd", loss)
    history = model.fit(masks.as_dataset(2), epochs=2, verbose=0, shuffle=False)
    assert all(np.isfinite(each) for each in history.history["loss"])


def test_crops_tell_the_feature_label_if_it_has_as_many_classes():
    with tfds.testing.mock_data(num_examples=4):
        labels = list(open_labelled("tfds:dtd:test", size=8).targets())
        crops = open_crops("tfds:dtd:test", 8)
        assert crops.class_indices(47).tolist() == labels
        assert crops.class_indices(1000) is None
