"""Whether the pattern that padding leaves is learned.

A small network is trained on CIFAR-10 under each padding mode, all from the
same first weights, and the pattern is measured on the same crops of
photographs at some steps, the first before any training. A network without
padding has none at all times: the null check.
"""

from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.pattern_figures import plot_formation
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.training_options import training_flags
from keras_padpos.runs.units import StopRows
from keras_padpos.studies._pattern_formation_report import FORMATION_NOTES
from keras_padpos.studies._pattern_formation_report import FORMATION_TABLES
from keras_padpos.studies.networks import MOST_PIXELS
from keras_padpos.studies.networks import check_pictures
from keras_padpos.studies.networks import dataset_flag
from keras_padpos.studies.networks import open_crops
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import tfds_sets
from keras_padpos.studies.study import Study

_TRAINING: dict[str, Any] = {
    "epochs": 8,
    "batch_size": 64,
    "learning_rate": 1e-3,
    "train_images": 10000,
    "test_images": 2000,
    "without": ["max_steps", "log_steps", "calibrate_batch_norm"],
    "seeds": 3,
    "seeds_of": "first weights and of the order of the pictures",
}

_FLAGS = {
    "model": Flag(
        "vgg5", "Network to train.", choices=["vgg5", "resnet18"], crossed=True
    ),
    "padding_mode": padding_flag(
        "zeros reflect replicate circular distribution randn partial "
        "none".split(),
        "Padding modes to train with",
    ),
    "dataset": dataset_flag("classes"),
    "size": Flag(
        40,
        "Height and width, in pixels, that the data set's pictures are resized "
        "to, and of the crops that the pattern is measured on. VGG-5 without "
        "padding needs 39; all others take CIFAR's own 32.",
        least=1,
        most=MOST_PIXELS,
    ),
    # Here, so that they stand here in config.json.
    **training_flags(**_TRAINING),
    "calibrate_batch_norm": Flag(
        256,
        "Training pictures that set BatchNorm's statistics before the first "
        "step, so that the untrained network normalises; 0: they stay as Keras "
        "initialises them.",
        least=0,
    ),
    "checkpoints": Flag(
        "0 10 30 100 300 1000".split(),
        "Training steps after which the pattern is measured; 0 and the last "
        "step are always among them.",
        type=int,
    ),
    "images": Flag(
        ["samples:train", "samples:test"],
        "Photographs to measure the pattern on: samples:train, samples:test, a "
        "folder DIR or DIR[:120], or tfds:NAME:SPLIT.",
    ),
    "shorter_side": Flag(
        80,
        "Shrink each photograph so that its shorter side has so many pixels: "
        "crops then show about as much as CIFAR's pictures do.",
        least=1,
        most=MOST_PIXELS,
    ),
    "pattern_crops": Flag(
        240,
        "Crops that the pattern is measured on, of all photographs evenly; the "
        "same for every network and step.",
        least=2,
    ),
}

# Larger ones would change the statistics of a network's later BatchNorms.
_CALIBRATION_BATCH = 64
_SCORING_BATCH = 256


def _sets(run):
    check_pictures(run.settings)
    return tfds_sets(run, run.settings.size)


def _plans(run):
    """The seeds of a mode one after the other: they share its `_formation`."""
    return [
        {**plan, "seed": seed}
        for plan in run.crossed()
        for seed in run.training.seeds
    ]


def _network(run, plan, classes=10):
    from keras_padpos import models

    settings = run.settings
    return models.formation_net(
        plan["model"],
        plan["padding_mode"],
        size=settings.size,
        classes=classes,
        seed=plan.get("seed", settings.seed),
    )


def _formation(run, plan, classes):
    """What measures the networks of a mode, whatever their seed."""
    from keras_padpos import models
    from keras_padpos import ppp

    settings, plan = run.settings, {**plan, "seed": run.settings.seed}
    formation = ppp.PatternFormation(
        _network(run, plan, classes),
        models.FORMATION_STAGES[plan["model"]],
        settings.size,
        base=_network(run, {**plan, "padding_mode": "zeros"}, classes),
    )
    needed = max(formation.picture_shape)
    if settings.shorter_side < needed:
        raise InputError(
            f"--shorter_side must be at least {needed}: crops of --size="
            f"{settings.size} and what lies around them as far as "
            f"{settings.model} sees. Received: {settings.shorter_side}"
        )
    return formation


def _crops(run, shape):
    """The crops of all networks, with their pictures' numbers; their set."""
    count = run.settings.pattern_crops
    count = min(count, run.settings.max_images or count)
    images = open_crops(run.settings, shape, per_picture=count, count=count)
    batches = zip(*images.numbered_batches(64), strict=True)
    return [np.concatenate(each) for each in batches], images


def _stops(run, plan):
    """How many times the training of a network stops to be measured."""
    total = run.training.steps(len(run.sets["train"]))
    steps = {step for step in run.settings.checkpoints if step < total}
    return len(steps | {0, total})


def _measure(run, plan, unit):
    """Train a network; its rows and maps at the steps where it stops."""
    from keras_padpos import models
    from keras_padpos import tasks
    from keras_padpos import training

    settings = run.settings
    (pictures, labels), test = run.arrays["train"], run.arrays["test"]
    classes = 1 + int(max(labels.max(), test[1].max()))
    formation = run.kept(
        "formation",
        plan["padding_mode"],
        lambda: _formation(run, plan, classes),
    )
    shape = formation.picture_shape
    crops, images = run.kept("crops", None, lambda: _crops(run, shape))
    with run.devices.scope():
        network = _network(run, plan, classes)
    local = training.LocalModel(network, run.devices)
    first, step = pictures[: settings.calibrate_batch_norm], _CALIBRATION_BATCH
    calibrated = len(first) and models.calibrate_batch_norm(
        network, (first[n : n + step] for n in range(0, len(first), step))
    )
    stops = StopRows()
    for at in training.train_in_steps(
        network,
        pictures,
        labels,
        checkpoints=settings.checkpoints,
        **run.training.options(),
        seed=plan["seed"],
        parts={"found": stops, "local": local},
        checkpoint=unit.rolling,
        devices=run.devices,
    ):
        key = f"step{at.step}"
        if not stops.has(key):
            rows, maps = formation.measure(local.now(), *crops)
            accuracy = tasks.class_accuracy(local.now(), *test, _SCORING_BATCH)
            unit.rolling.log(**at._asdict(), test_accuracy=accuracy)
            shared = {
                **plan,
                **at._asdict(),
                "test_accuracy": accuracy,
                "train_images": len(pictures),
                "test_images": len(test[0]),
                "calibration_images": calibrated,
                "crop": settings.size,
                "image_set": images.name,
            }
            label = f"{unit.label}/{key}"
            rows = [
                {**shared, **row, "arrays": f"{label}/{row['layer']}"}
                for row in rows
            ]
            stops.add(key, rows, maps)
        unit.advance()
    run.work.save_model(unit.label, local.now())
    if images.broken:
        unit.skipped[images.name] = images.broken
    return stops.rows, stops.arrays


def _notes(rows):
    row = rows[0]
    return (
        f"Trained on {row['train_images']} pictures. Pattern: {row['images']} "
        f"crops of {row['crop']}x{row['crop']} out of {row['pictures']} "
        f"pictures, {row['image_set']}, the same for all.",
        *FORMATION_NOTES,
    )


STUDY = Study(
    name="pattern_formation",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    plans=_plans,
    network=_network,
    network_flags=["size"],
    label=lambda plan: "{model}-{padding_mode}-seed{seed}".format(**plan),
    amount=_stops,
    noun="measurements",
    measure=_measure,
    tables=FORMATION_TABLES,
    notes=_notes,
    figures=plot_formation,
)
