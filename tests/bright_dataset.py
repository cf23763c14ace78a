"""A small data set of TensorFlow Datasets, written by hand."""

import numpy as np
import tensorflow_datasets as tfds


def write_bright_dataset(folder, name, counts, classes=2):
    """A data set of pictures whose class is their brightness."""
    target = folder / name / "1.0.0"
    target.mkdir(parents=True)
    writer = tfds.core.SequentialWriter(
        tfds.core.DatasetInfo(
            builder=tfds.core.DatasetIdentity(
                name=name,
                version="1.0.0",
                data_dir=str(target),
                module_name="",
            ),
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 3)),
                    "label": tfds.features.ClassLabel(num_classes=classes),
                }
            ),
        ),
        max_examples_per_shard=100,
    )
    writer.initialize_splits(list(counts))
    rng = np.random.default_rng(0)
    for split, count in counts.items():
        examples = [
            {
                "image": rng.integers(0, 100, (8, 8, 3)).astype("uint8")
                + np.uint8(number % classes * 100 // (classes - 1)),
                "label": number % classes,
            }
            for number in range(count)
        ]
        writer.add_examples({split: examples})
    writer.close_all()
