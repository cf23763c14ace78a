"""Data sets of TensorFlow Datasets, written by hand."""

import numpy as np
import tensorflow_datasets as tfds


def write_tfds(
    folder, name, features, examples, *, version="1.0.0", shard_size=4
):
    """Write a data set: `examples` are a list by the name of their split."""
    target = folder / name / version
    target.mkdir(parents=True)
    writer = tfds.core.SequentialWriter(
        tfds.core.DatasetInfo(
            builder=tfds.core.DatasetIdentity(
                name=name,
                version=version,
                data_dir=str(target),
                module_name="",
            ),
            features=tfds.features.FeaturesDict(features),
        ),
        max_examples_per_shard=shard_size,
    )
    writer.initialize_splits(list(examples))
    writer.add_examples(examples)
    writer.close_all()


def write_bright_dataset(folder, name, counts, classes=2):
    """A data set of pictures whose class is their brightness."""
    rng = np.random.default_rng(0)
    examples = {
        split: [
            {
                "image": rng.integers(0, 100, (8, 8, 3)).astype("uint8")
                + np.uint8(number % classes * 100 // (classes - 1)),
                "label": number % classes,
            }
            for number in range(count)
        ]
        for split, count in counts.items()
    }
    features = {
        "image": tfds.features.Image(shape=(8, 8, 3)),
        "label": tfds.features.ClassLabel(num_classes=classes),
    }
    write_tfds(folder, name, features, examples, shard_size=100)
