"""What other borders cost a classifier that was not trained with them.

A trained classifier is converted to each padding mode, weights kept, and asked
about the same crops: how often is it right, where the pictures have labels, and
how often does it still say what it said with zeros? Crops a few pixels aside,
with zeros, are the baseline: they change predictions too.

Pictures are prepared as usual: resized until the shorter side has
--shorter_side pixels, and the middle --crop of them taken. Without padding a
network needs the real neighbours of its crop, which such a picture has not.
So `none` has a table of its own: pictures are resized until the shorter side
holds the neighbours too, and the crop, which the network's strides put near
the middle, is a smaller part of the picture. There zeros are measured again on
the same crops, and once more on the crop with its neighbours: so much is due to
the larger view.
"""

import operator
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import interval
from keras_padpos.report.table import mean
from keras_padpos.report.table import percent
from keras_padpos.runs.flags import MOST_AT_ONCE
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import naming
from keras_padpos.studies.networks import MOST_PIXELS
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
        choices=["imagenet", "random"],
        ending="",
    ),
    "padding_mode": padding_flag(
        None,
        "Padding modes to compare with zeros, all if not given; of none the "
        "crop has real neighbours",
    ),
    "images": Flag(
        "samples:test",
        "Pictures: samples:test, a folder, DIR[:120], or tfds:NAME:SPLIT. "
        "Labels are read of a folder whose sub-folders are named by the index "
        "of an ImageNet class (000, 001, ...), and of data sets of TensorFlow "
        "Datasets with 1000 classes, such as tfds:imagenet_v2:test.",
    ),
    "crop": Flag(
        224,
        "Side of the crop that the classifier sees, in pixels; a multiple of "
        "32.",
        least=32,
        most=MOST_PIXELS,
    ),
    "shorter_side": Flag(
        256,
        "Shorter side that pictures are resized to, aspect ratio kept, before "
        "the middle crop is taken; none takes what its neighbours need.",
        least=40,
        most=MOST_PIXELS,
    ),
    "batch_size": Flag(
        8,
        "Pictures that go through a network at once.",
        least=1,
        most=MOST_AT_ONCE,
        decides=False,
    ),
}

_CLASSES = 1000
_SHIFTS = (1, 4)  # pixels down and to the right
# Its dense layers take one size of the map.
_ONE_SIZE = ("vgg16",)


def _plans(run):
    """Zeros, the crops aside and all modes; with `none` in it, that once more.

    A plan's `shown` is what the network gets: the crop, one aside, or the crop
    and its neighbours.
    """
    settings = run.settings
    modes = list(dict.fromkeys(settings.padding_mode or padding_modes()))
    baseline = [
        _plan("zeros", "crop", 0),
        *(_plan("zeros", f"crop, {n} px aside", n) for n in _SHIFTS),
    ]
    others = [mode for mode in modes if mode not in ("zeros", "none")]
    plans = [*baseline, *(_plan(mode, "crop", 0) for mode in others)]
    plans = [plan | {"shorter_side": settings.shorter_side} for plan in plans]
    if "none" in modes:
        wide = [_plan("none", "neighbours", 0)]
        if settings.backbone not in _ONE_SIZE:
            wide += [_plan("zeros", "neighbours", 0)]
        side = run.sets["neighbours"].size
        plans += [plan | {"shorter_side": side} for plan in [*baseline, *wide]]
    return plans


def _plan(mode, shown, shift):
    return {"padding_mode": mode, "shown": shown, "shift": shift}


def _sets(run):
    """The pictures with room for the crops aside; and those for `none`."""
    from keras_padpos import models

    settings = run.settings
    if settings.crop % 32:
        raise InputError(
            f"--crop must be a multiple of 32. Received: {settings.crop}"
        )
    room = settings.crop + 2 * max(_SHIFTS)
    if settings.shorter_side < room:
        raise InputError(
            f"--shorter_side must be at least {room}, the crop and "
            f"{max(_SHIFTS)} pixels on each side. "
            f"Received: {settings.shorter_side}"
        )
    models.check_weights(settings.backbone, settings.weights)
    sets = {"crop": _open(settings, room, settings.shorter_side)}
    if "none" in (settings.padding_mode or padding_modes()):
        network = _classifier(settings, "zeros", settings.crop, "random")
        *_, last = models.receptive_field(network).values()
        (before, after), _ = last.surround
        side = before + settings.crop + after
        sets["neighbours"] = _open(settings, side, side)
        sets["before"] = before
    return sets


def _open(settings, size, shorter_side):
    from keras_padpos import data

    with naming("--images"):
        return data.open_crops(
            settings.images,
            size,
            shorter_side=shorter_side,
            centre=True,
            count=settings.max_images,
            seed=settings.seed,
            data_dir=settings.data_dir,
        )


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


def _label(plan):
    name = "{padding_mode}-{shorter_side}".format(**plan)
    if plan["shown"] == "neighbours":
        return f"{name}-neighbours"
    return f"{name}-shift{plan['shift']}" if plan["shift"] else name


def _measure(run, plan, unit):
    """The row of one padding mode; what its network says, and the labels."""
    import numpy as np

    from keras_padpos import metrics

    settings, mode = run.settings, plan["padding_mode"]
    standard = plan["shorter_side"] == settings.shorter_side
    images = run.sets["crop" if standard else "neighbours"]
    first = max(_SHIFTS) if standard else run.sets["before"]
    first += plan["shift"]
    crop, size = slice(first, first + settings.crop), settings.crop
    if plan["shown"] == "neighbours":
        crop, size = slice(None), images.size
    network = run.kept(
        "network", (mode, size), lambda: _classifier(settings, mode, size)
    )
    batches, places = [], []
    for batch, numbers in images.numbered_batches(settings.batch_size):
        batches.append(network.predict_on_batch(batch[:, crop, crop]))
        places += numbers.tolist()
        unit.advance(len(batch))
    says = {"": np.concatenate(batches)}
    if images.broken:
        unit.skipped[images.name] = images.broken
    labels = run.kept("labels", None, lambda: images.class_indices(_CLASSES))
    if labels is not None:
        says["labels"] = labels[places]
    row: dict[str, Any] = {
        "backbone": settings.backbone,
        "weights": settings.weights,
        "test_set": images.name,
        "images": len(places),
        "crop": settings.crop,
        **plan,
    }
    # The first plan of the same preparation is zeros on the crop itself.
    baseline = _plan("zeros", "crop", 0)
    if {**plan, **baseline} == plan:
        own = says[""]
    else:
        _, saved = run.work.checkpoint(_label({**plan, **baseline}))
        own = saved[""]
    agree = metrics.top_k_overlap(own, says[""])
    row |= {
        "top1_agreement": agree.mean(),
        "top1_ci95": metrics.bootstrap_interval(agree),
        "top5_overlap": metrics.top_k_overlap(own, says[""], 5).mean(),
        "total_variation": np.abs(own - says[""]).sum(axis=1).mean() / 2,
    }
    if labels is not None:
        right, own_right = (
            (each.argmax(axis=1) == says["labels"]).astype("float64")
            for each in (says[""], own)
        )
        row["accuracy"] = right.mean()
        row["accuracy_ci95"] = metrics.bootstrap_interval(right)
        if own is not says[""]:
            less = metrics.paired_difference(right, own_right)
            row["accuracy_less_zeros"], row["accuracy_less_zeros_ci95"] = less
    return [row], says


def _columns(rows):
    columns = {
        "agreement": Column("same class as zeros", "top1_agreement", percent),
        "agreement_ci95": Column("95 %", "top1_ci95", interval()),
        "top5": Column("of first 5", "top5_overlap", percent),
    }
    if all("accuracy" in row for row in rows):
        columns = {
            "accuracy": Column("right", "accuracy", percent),
            "accuracy_ci95": Column("95 %", "accuracy_ci95", interval()),
            "less": Column(
                "less zeros", "accuracy_less_zeros", mean("+.1f", 100)
            ),
            "less_ci95": Column(
                "95 %", "accuracy_less_zeros_ci95", interval("+.1f")
            ),
            **columns,
        }
    return columns


# What rows of one table have in common.
_PREPARED = operator.itemgetter(
    "backbone", "weights", "images", "crop", "shorter_side", "test_set"
)
_TABLE = Table(
    lambda rows: (
        f"{rows[0]['backbone']}, weights kept, in percent: pictures with a "
        f"shorter side of {rows[0]['shorter_side']} pixels, crops of "
        f"{rows[0]['crop']}"
    ),
    {"padding_mode": "padding", "shown": "the network sees"},
    _columns,
    notes=lambda rows: [
        "{images} pictures of {test_set}.".format(**rows[0]),
        "95 %: bootstrap over pictures; differences are paired.",
    ],
    split=_PREPARED,
)


def _conclusion(rows):
    """How often other borders leave the answer, on the same crops."""
    first = rows[0]
    shares = ", ".join(
        f"{100 * row['top1_agreement']:.1f} % with {row['padding_mode']}"
        for row in rows
        if row["shown"] == "crop"
        and row["padding_mode"] != "zeros"
        and _PREPARED(row) == _PREPARED(first)
    )
    if not shares:
        return []
    return [
        f"{first['backbone']} gives the same answer as with zeros on {shares}."
    ]


STUDY = Study(
    name="prediction_agreement",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=_plans,
    label=_label,
    amount=lambda run, plan: run.sets["crop"].expected,
    measure=_measure,
    config=lambda run, plans: {
        "padding_mode": list(dict.fromkeys(p["padding_mode"] for p in plans))
    },
    tables=[_TABLE],
    conclusion=_conclusion,
    shared=["backbone", "weights"],
    several_devices=False,
)
