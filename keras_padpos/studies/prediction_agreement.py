"""How a classifier's predictions change with its borders.

A trained classifier is converted to each padding mode, weights kept, and
asked about the same crops of photographs. How often does it still say what it
said with its own borders? The row `none` has no border to fill: the network
without padding sees the real neighbours of the crop.
"""

import operator
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import padding_modes
from keras_padpos.studies.study import Study

_FLAGS = {
    "backbone": Flag(
        "mobilenet",
        "The network.",
        choices=["mobilenet", "resnet50", "resnet152", "vgg16"],
    ),
    "weights": Flag(
        "imagenet",
        "Its weights: imagenet (downloaded by Keras), random, or the path of "
        "a weights file with the classifier.",
    ),
    "padding_mode": padding_flag(
        None,
        "Padding modes to compare with zeros, all if not given; of none the "
        "crop has real neighbours",
    ),
    "images": Flag(
        "samples:test",
        "Pictures: samples:test, a folder, DIR[:120], or tfds:NAME:SPLIT. "
        "They are resized to a square of the size that none needs, and the "
        "crop is cut out of it.",
    ),
    "crop": Flag(
        224,
        "Side of the crop that the classifier sees, in pixels; a multiple of "
        "32.",
        least=32,
    ),
    "batch_size": Flag(
        8,
        "Pictures that go through a network at once.",
        least=1,
        decides=False,
    ),
}

_ORIGINAL = {"padding_mode": "original"}


def _plans(run):
    modes = dict.fromkeys(run.settings.padding_mode or padding_modes())
    return [_ORIGINAL, *({"padding_mode": mode} for mode in modes)]


def _sets(run):
    """The pictures, as large as the network without padding needs them."""
    from keras_padpos import data
    from keras_padpos import models

    settings = run.settings
    if settings.crop % 32:
        raise InputError(
            f"--crop must be a multiple of 32. Received: {settings.crop}"
        )
    if settings.weights == "bundled":
        raise InputError(
            "--weights must be imagenet, random or the path of a weights "
            "file; the bundled ones are those of an edge detector"
        )
    models.check_weights(settings.backbone, settings.weights)
    network = _classifier(settings, "zeros", settings.crop, weights="random")
    *_, last = models.receptive_field(network).values()
    (before, after), _ = last.surround
    images = data.open_images(
        settings.images,
        size=before + settings.crop + after,
        count=settings.max_images,
        seed=settings.seed,
        data_dir=settings.data_dir,
    )
    return {"before": before, "images": images}


def _classifier(settings, mode, size, weights=None):
    import keras

    from keras_padpos import models

    # Random weights are the same for every mode.
    keras.utils.set_random_seed(settings.seed)
    return models.classifier(
        settings.backbone,
        weights or settings.weights,
        mode,
        input_shape=(size, size, 3),
    )


def _measure(run, plan, unit):
    """The row of one padding mode; what its network says."""
    import numpy as np

    from keras_padpos import metrics

    mode = plan["padding_mode"]
    settings, images = run.settings, run.sets["images"]
    crop = slice(run.sets["before"], run.sets["before"] + settings.crop)
    if mode == "none":
        crop = slice(None)
    network = _classifier(
        settings,
        "zeros" if plan is _ORIGINAL else mode,
        images.size if mode == "none" else settings.crop,
    )
    batches = []
    for batch in images.batches(settings.batch_size):
        pictures = batch[:, crop, crop].astype("float32")
        batches.append(network.predict_on_batch(pictures))
        unit.advance(len(batch))
    probabilities = np.concatenate(batches)
    if images.broken:
        unit.skipped[images.name] = images.broken
    if plan is _ORIGINAL:
        return [], {"": probabilities}
    _, saved = run.work.checkpoint(_ORIGINAL["padding_mode"])
    own = saved[""]
    agree = metrics.top_k_overlap(own, probabilities)
    row: dict[str, Any] = {
        "backbone": settings.backbone,
        "weights": settings.weights,
        "padding_mode": mode,
        "test_set": images.name,
        "images": len(own),
        "crop": settings.crop,
        "top1_agreement": agree.mean(),
        "top1_ci95": metrics.bootstrap_interval(agree),
        "top5_overlap": metrics.top_k_overlap(own, probabilities, 5).mean(),
        "total_variation": np.abs(own - probabilities).sum(axis=1).mean() / 2,
    }
    return [row], {"": probabilities}


_TABLE = Table(
    lambda rows: (
        f"{rows[0]['backbone']}: predictions against those with its own borders"
    ),
    {"padding_mode": "padding_mode"},
    {
        "top1_agreement": Column("same first class", "top1_agreement"),
        "top1_ci95": Column("95 %", "top1_ci95"),
        "top5_overlap": Column("shared of first 5", "top5_overlap"),
        "total_variation": Column("total variation", "total_variation"),
    },
    notes=lambda rows: [
        "{images} crops of {crop} pixels, {test_set}".format(**rows[0])
    ],
    split=operator.itemgetter(
        "backbone", "weights", "images", "crop", "test_set"
    ),
)

STUDY = Study(
    name="prediction_agreement",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=_plans,
    label=operator.itemgetter("padding_mode"),
    amount=lambda run, plan: run.sets["images"].expected,
    measure=_measure,
    config=lambda run, plans: {
        "padding_mode": [plan["padding_mode"] for plan in plans[1:]]
    },
    tables=[_TABLE],
    shared=["backbone", "weights"],
    several_devices=False,
)
