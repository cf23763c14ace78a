"""Whether a classifier says the same of a picture that is shifted.

A trained classifier is converted to each padding mode and each way of sampling
down, weights kept, and asked about pairs: two crops of each picture, 224 of 256
pixels at random offsets (after Zhang, *Making Convolutional Networks
Shift-Invariant Again*, ICML 2019), or its middle crop, shifted twice in a
circle by such offsets. The latter has no new cells, so a network without border
and without grid gives the same: circular padding and adaptive polyphase
sampling must reach 100 %.
"""

import functools
from typing import Any

import numpy as np

from keras_padpos.report.figure import lines_figure
from keras_padpos.report.style import mode_lines
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import grouped
from keras_padpos.report.table import interval
from keras_padpos.report.table import mean
from keras_padpos.report.table import percent
from keras_padpos.runs.flags import MOST_AT_ONCE
from keras_padpos.runs.flags import Flag
from keras_padpos.runs.flags import naming
from keras_padpos.studies.networks import BACKBONES
from keras_padpos.studies.networks import by_mode
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.study import Study

_MODES = ["zeros", "reflect", "replicate", "circular"]
_DOWNSAMPLING = ["strided", "blur", "polyphase"]
_FLAGS = {
    "backbone": Flag(
        "mobilenet",
        "Network with a classifier of ImageNet.",
        choices=BACKBONES,
    ),
    "weights": Flag(
        "imagenet",
        "imagenet, random, or a weights file.",
        choices=["imagenet", "random"],
        ending="",
    ),
    "padding_mode": padding_flag(_MODES, "Padding modes", none=False),
    "downsampling": Flag(
        ["strided"],
        "Ways of sampling down: strided (as the network has it), blur "
        "(BlurPool), polyphase (adaptive polyphase sampling).",
        choices=_DOWNSAMPLING,
        crossed=True,
    ),
    "shifts": Flag(
        ["crops", "circular"],
        "Shifts: crops (of a larger picture), circular (of the middle crop).",
        choices=["crops", "circular"],
    ),
    "images": Flag(
        "samples:test",
        "samples:test, DIR, DIR[:120], tfds:NAME. With labels (see "
        "prediction_agreement) rows also have the share of right answers.",
    ),
    "pairs": Flag(1, "Pairs of each picture.", least=1, most=10_000),
    "batch_size": Flag(
        8, "Pictures a batch.", least=1, most=MOST_AT_ONCE, decides=False
    ),
}
_BASELINE = {"padding_mode": "zeros", "downsampling": "strided"}


def _sets(run):
    from keras_padpos import data
    from keras_padpos import models

    settings = run.settings
    models.check_weights(settings.backbone, settings.weights)
    region = {"size": 256, "shorter_side": 256, "centre": True}
    options = {"count": settings.max_images, "data_dir": settings.data_dir}
    with naming("--images"):
        images = data.open_crops(settings.images, **region, **options)
    return {"images": images}


def _plans(run):
    """All combinations, those to compare with first."""
    plans = run.crossed("backbone", "weights", *_BASELINE)
    return sorted(plans, key=lambda plan: {**plan, **_BASELINE} != plan)


def _label(plan):
    return "{padding_mode}-{downsampling}".format(**plan)


def _crop(picture, y, x):
    return picture[y : y + 224, x : x + 224]


_SHIFTED = {
    "crops": _crop,
    "circular": lambda picture, y, x: np.roll(
        _crop(picture, 16, 16), (y, x), axis=(0, 1)
    ),
}


def _measure(run, plan, unit):
    """A row for each kind of shift; what every picture scores."""
    from keras_padpos import metrics

    settings, images = run.settings, run.sets["images"]
    network = _network(run, plan)
    labels = run.kept("labels", None, lambda: images.class_indices(1000))
    kinds = list(dict.fromkeys(settings.shifts))
    same: dict[str, Any] = {kind: [] for kind in kinds}
    right: dict[str, Any] = {kind: [] for kind in kinds}
    for batch, numbers in images.numbered_batches(settings.batch_size):
        for kind in kinds:
            shifted = []
            for picture, number in zip(batch, numbers, strict=True):
                rng = np.random.default_rng([settings.seed, number])
                offsets = rng.integers(32, size=(2 * settings.pairs, 2))
                shifted += [_SHIFTED[kind](picture, *each) for each in offsets]
            classes = network.predict_on_batch(np.stack(shifted)).argmax(-1)
            pairs = classes.reshape(len(batch), settings.pairs, 2)
            same[kind] += np.equal(*np.moveaxis(pairs, 2, 0)).mean(1).tolist()
            if labels is not None:
                correct = pairs == labels[numbers][:, None, None]
                right[kind] += correct.mean(axis=(1, 2)).tolist()
        unit.advance(len(batch))
    if images.broken:
        unit.skipped[images.name] = images.broken
    _, zeros = run.work.checkpoint(_label(_BASELINE)) or (None, {})
    rows = []
    for kind in kinds:
        own = np.array(same[kind])
        row = {**plan, "shift": kind, "image_set": images.name}
        row |= {"images": len(own), "pairs": settings.pairs}
        row["consistency"] = own.mean()
        row["consistency_ci95"] = metrics.bootstrap_interval(own)
        if kind in zeros:
            less = metrics.paired_difference(own, zeros[kind])
            row["less_zeros"], row["less_zeros_ci95"] = less
        if labels is not None:
            row["accuracy"] = np.mean(right[kind])
        rows.append(row)
    return rows, {kind: np.array(own) for kind, own in same.items()}


def _network(run, plan):
    """The network of a plan; `kept` makes each padding mode but once."""
    from keras_padpos import models

    settings, mode = run.settings, plan["padding_mode"]
    base = run.kept(
        "base",
        None,
        functools.partial(
            models.classifier, settings.backbone, settings.weights
        ),
    )
    network = models.convert_padding(base, mode)
    if plan["downsampling"] == "strided":
        return network
    return models.convert_downsampling(
        network, plan["downsampling"], padding_mode=mode
    )


def _figures(work, rows, arrays):
    """Plot `consistency`: a column a shift, a mark a padding mode."""
    title = "Same class when shifted\n{backbone}, {images} images, {image_set}"
    columns = list(grouped(rows, _SHIFT))
    modes = by_mode(rows).items()
    styles = mode_lines(mode for mode, _ in modes)
    path = work.figure_path("consistency")
    with lines_figure(path, title.format(**rows[0])) as axis:
        for number, (mode, own) in enumerate(modes):
            # Side by side, so that intervals do not hide each other.
            beside = 0.08 * (number - (len(modes) - 1) / 2)
            for row in own:
                value = row["consistency"]
                low, high = row["consistency_ci95"] or (value, value)
                lengths = value - low, high - value
                axis.errorbar(
                    columns.index(tuple(row[name] for name in _SHIFT)) + beside,
                    100 * value,
                    [[100 * max(length, 0)] for length in lengths],
                    **styles[mode],
                )
        axis.set_xticks(range(len(columns)), map("\n".join, columns))
        axis.set_xlim(-0.5, len(columns) - 0.5)
        axis.set_ylabel("pairs with the same class, %")


_SHIFT = ("downsampling", "shift")
_TITLE = "{backbone}: same class when shifted, %; {images} images, {image_set}"


def _columns(rows):
    columns = {
        "consistency": Column("same class", "consistency", percent),
        "interval": Column("95 %", "consistency_ci95", interval()),
        "less": Column("less zeros", "less_zeros", mean("+.1f", 100)),
        "ends": Column("95 %", "less_zeros_ci95", interval("+.1f")),
    }
    if any("accuracy" in row for row in rows):
        columns["accuracy"] = Column("right", "accuracy", percent)
    return columns


STUDY = Study(
    name="shift_consistency",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=_plans,
    label=_label,
    amount=lambda run, plan: run.sets["images"].expected,
    measure=_measure,
    tables=[
        Table(
            lambda rows: _TITLE.format(**rows[0]),
            {
                "weights": "weights",
                "shift": "shift",
                "padding_mode": "padding",
                "downsampling": "down-sampling",
                "pairs": "pairs",
            },
            _columns,
            notes=[
                "95 %: bootstrap over pictures; differences, from zeros and "
                "strided, are paired."
            ],
            split=lambda row: _TITLE.format(**row),
            shorten=["weights"],
        )
    ],
    figures=_figures,
    shared=["backbone", "weights"],
    several_devices=False,
)
