"""Whether a classifier says the same of a picture that is shifted.

Two crops of each picture, 224 of 256 pixels at random offsets, go through a
classifier converted to each padding mode, weights kept; after Zhang, *Making
Convolutional Networks Shift-Invariant Again* (ICML 2019).
"""

import numpy as np

from keras_padpos.report.figure import figure_panels
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import interval
from keras_padpos.report.table import mean
from keras_padpos.report.table import percent
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.study import Study

_MODES = ["zeros", "reflect", "replicate", "circular"]
_FLAGS = {
    "backbone": Flag("mobilenet", "Network with a classifier of ImageNet."),
    "weights": Flag("imagenet", "imagenet, random, or a weights file."),
    "padding_mode": padding_flag(_MODES, "Padding modes", none=False),
    "images": Flag("samples:test", "samples:test, DIR, DIR[:120], tfds:NAME."),
    "pairs": Flag(1, "Pairs of crops of each picture.", least=1),
    "batch_size": Flag(8, "Pictures a batch.", least=1, decides=False),
}


def _sets(run):
    from keras_padpos import data
    from keras_padpos import models

    settings = run.settings
    models.check_weights(settings.backbone, settings.weights)
    region = {"size": 256, "shorter_side": 256, "centre": True}
    options = {"count": settings.max_images, "data_dir": settings.data_dir}
    return {"images": data.open_crops(settings.images, **region, **options)}


def _measure(run, plan, unit):
    """A row for each padding mode, of the same crops."""
    from keras_padpos import metrics
    from keras_padpos import models

    settings, images = run.settings, run.sets["images"]
    base = models.classifier(settings.backbone, settings.weights)
    modes = list(dict.fromkeys(settings.padding_mode))
    networks = {m: models.convert_padding(base, m) for m in modes}
    scores = {mode: [] for mode in modes}
    for batch in images.numbered_batches(settings.batch_size):
        crops = []
        for picture, number in zip(*batch, strict=True):
            rng = np.random.default_rng([settings.seed, number])
            for y, x in rng.integers(32, size=(2 * settings.pairs, 2)):
                crops.append(picture[y : y + 224, x : x + 224])
        for mode, network in networks.items():
            classes = network.predict_on_batch(np.stack(crops)).argmax(axis=-1)
            one, other = classes.reshape(-1, settings.pairs, 2).T
            scores[mode] += np.equal(one, other).mean(axis=0).tolist()
        unit.advance(len(batch[0]))
    scores, rows = {mode: np.array(own) for mode, own in scores.items()}, []
    for mode, own in scores.items():
        row = {**plan, "padding_mode": mode, "image_set": images.name}
        row |= {"images": len(own), "pairs": settings.pairs}
        row["consistency"] = own.mean()
        row["consistency_ci95"] = metrics.bootstrap_interval(own)
        if mode != "zeros" and "zeros" in scores:
            less = metrics.paired_difference(own, scores["zeros"])
            row["less_zeros"], row["less_zeros_ci95"] = less
        rows.append(row)
    if images.broken:
        unit.skipped[images.name] = images.broken
    return rows, scores


def _figures(work, rows, arrays):
    with figure_panels(work.figure_path("consistency"), "Same class") as panels:
        for row in rows:
            ends = row["consistency_ci95"] or []
            values = sorted([row["consistency"], *ends])
            panels[0, 0].plot([row["padding_mode"]] * len(values), values, "o-")


_TITLE = "{backbone}: same class when shifted, %; {images} images, {image_set}"

STUDY = Study(
    name="shift_consistency",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=lambda run: run.crossed("backbone", "weights"),
    amount=lambda run, plan: run.sets["images"].expected,
    measure=_measure,
    tables=[
        Table(
            lambda rows: _TITLE.format(**rows[0]),
            {"weights": "weights", "padding_mode": "padding", "pairs": "pairs"},
            {
                "consistency": Column("same class", "consistency", percent),
                "interval": Column("95 %", "consistency_ci95", interval()),
                "less": Column("less zeros", "less_zeros", mean("+.1f", 100)),
                "ends": Column("95 %", "less_zeros_ci95", interval("+.1f")),
            },
            notes=["95 %: bootstrap over pictures; differences are paired."],
            split=lambda row: _TITLE.format(**row),
            shorten=["weights"],
        )
    ],
    figures=_figures,
    shared=["backbone", "weights"],
    several_devices=False,
)
