"""The pattern that padding leaves in features (PPP).

Every crop goes through the network as it pads, and, with what lies around it,
through the same network without padding; the mean difference is the pattern.
With no flags: VGG16 with trained weights (HED), in every padding mode, on
crops of bundled photographs.
"""

import math
import operator
import os
import warnings

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.names import pattern_networks
from keras_padpos.report.pattern_figures import plot_patterns
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import first
from keras_padpos.report.table import interval
from keras_padpos.report.table import mean
from keras_padpos.runs.flags import MOST_AT_ONCE
from keras_padpos.runs.flags import MOST_SEEDS
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.heads import ProbedNetwork
from keras_padpos.studies.networks import MOST_PIXELS
from keras_padpos.studies.networks import backbone_flag
from keras_padpos.studies.networks import check_pictures
from keras_padpos.studies.networks import open_crops
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import stage_layers
from keras_padpos.studies.networks import weights_flag
from keras_padpos.studies.study import Study

_FLAGS = {
    "backbone": backbone_flag(
        "--layers). Networks that scale by what they see of the whole map, as "
        "efficientnetb0 does, have no reference",
        "vgg16, vgg19, resnet18, resnet50, resnet152, mobilenet, densenet121",
    ),
    "weights": weights_flag(),
    "padding_mode": padding_flag(
        "zeros reflect symmetric replicate circular distribution randn "
        "partial none".split(),
        "Padding modes, measured together on the same crops (the pattern of "
        "none is 0; where nothing is left of the crop at a deep layer, leave "
        "it out; own is the default of .keras files)",
        own=True,
    ),
    "layers": Flag(["all"], "All stages, numbers of stages from 1, or names."),
    "activation": Flag(
        "after",
        "Measure maps after or before the layers' activation.",
        choices=["after", "before"],
    ),
    "images": Flag(
        ["samples:train", "samples:test"],
        "Sets of pictures to cut crops from: samples:train, samples:test, a "
        "folder DIR or DIR[:120] (not searched below), or tfds:NAME:SPLIT. "
        "Pictures too small for crop and margin are left out and counted.",
    ),
    "shorter_side": Flag(
        None,
        "Resize each picture first, so that its shorter side has so many "
        "pixels. If not given: crops are cut from pictures as they are.",
        type=int,
        least=1,
        most=MOST_PIXELS,
    ),
    "crop": Flag(
        224,
        "Height and width of the crops, in pixels.",
        least=1,
        most=MOST_PIXELS,
    ),
    "crops_per_picture": Flag(
        4,
        "Crops of each picture, at random positions: one of every picture, "
        "then the next of every picture; --max_images counts crops.",
        least=1,
        most=10_000,
    ),
    "seeds": Flag(
        1,
        "Seeds, from --seed on, for random weights. Crops are of --seed.",
        least=1,
        most=MOST_SEEDS,
    ),
    "batch_size": Flag(
        8, "Crops that pass the networks at once.", least=1, most=MOST_AT_ONCE
    ),
}


def _sets(run):
    check_pictures(run.settings)
    return {}


def _plans(run):
    """Networks with their own borders, layers and padding modes."""
    from keras_padpos import models

    settings, plans = run.settings, []
    for combination in run.crossed("backbone", "weights"):
        backbone, weights = combination.values()
        if backbone == "rgb":
            raise InputError("--backbone=rgb has no padding to measure.")
        modes = list(dict.fromkeys(settings.padding_mode))
        if backbone.endswith(".keras"):
            weights = weights if settings.present("weights") else "file"
            modes = modes if settings.present("padding_mode") else ["own"]
        layers = stage_layers(backbone, settings.layers, "layers")
        models.check_weights(backbone, weights)
        for offset in range(settings.seeds if weights == "random" else 1):
            seed = settings.seed + offset
            network = ProbedNetwork(backbone, weights, "own", seed)
            label = f"{len(plans) + 1}-{network.label}"
            plan = {"network": network, "layers": layers, "modes": modes}
            plans.append({**plan, "label": label})
    return plans


def _opened(run, plan):
    """What measures a network in all modes, and its crops."""

    def make():
        from keras_padpos import ppp

        measurement = ppp.DistributedMeasurement(
            run.devices, lambda number: _measurement(run, plan, number)
        )
        return measurement, _crops(run, plan, measurement.picture_shape)

    return run.kept("opened", plan["label"], make)


def _measurement(run, plan, number):
    """What adds up the pattern of all modes, on the device of a number."""
    import keras

    from keras_padpos import models
    from keras_padpos import ppp

    settings, network = run.settings, plan["network"]
    is_file = models.is_model_file(network.backbone)
    # Random padding draws its seeds while networks are made: the same ones
    # whichever networks came before, and others on each device.
    keras.utils.set_random_seed((settings.seed + number) % 2**32)
    base = models.backbone(
        network.backbone,
        network.weights,
        "own",
        stages=plan["layers"],
        # A file may have layers that take one size only.
        input_shape=None if is_file else (None, None, 3),
        seed=network.seed,
        before_activation=settings.activation == "before",
    )
    size = settings.crop
    unchanged = {"own"} if is_file else {"own", "zeros"}
    networks = {
        mode: base
        if mode in unchanged
        else models.convert_padding(base, mode, input_shape=(size, size, 3))
        for mode in plan["modes"]
    }
    options = {"crop": size, "base": base, "seed": settings.seed}
    try:
        return ppp.PatternMeasurement(networks, **options)
    except InputError:
        # By default no padding is measured too, where enough is left.
        if settings.present("padding_mode") or not networks.pop("none", None):
            raise
        measurement = ppp.PatternMeasurement(networks, **options)
    warnings.warn(
        f"--padding_mode=none is left out: without padding nothing is left of "
        f"{os.path.basename(network.backbone)} on crops of {size} pixels.",
        stacklevel=2,
    )
    return measurement


def _crops(run, plan, shape):
    """The crops, with as much around them as the network needs."""
    settings = run.settings
    try:
        return open_crops(
            settings,
            shape,
            per_picture=settings.crops_per_picture,
            count=settings.max_images,
        )
    except InputError as error:
        raise InputError(
            f"--images: {os.path.basename(plan['network'].backbone)} needs "
            f"{'x'.join(map(str, shape))} pixels for --crop={settings.crop} "
            f"and what lies around it; --shorter_side={min(shape)} enlarges "
            f"smaller pictures. {error}"
        ) from error


def _measure(run, plan, unit):
    """Rows and arrays of one network in all modes."""
    from keras_padpos import measure

    measurement, images = _opened(run, plan)
    settings = run.settings
    # What each of several processes added up is nobody else's.
    resumes = run.devices.processes == 1
    saved = unit.rolling.load() if resumes else None
    if saved is not None:
        measurement.restore(saved[1])
        unit.advance(measurement.images)
    for count in measurement.update(
        images.numbered_batches(settings.batch_size, start=measurement.images)
    ):
        unit.advance(count)
        if resumes and measurement.at_rest:
            unit.rolling.offer(lambda: ({}, measurement.state()))
    measurement = measurement.merged()
    rows = measure.pattern_rows(
        measurement,
        images,
        identity=plan["network"]._asdict(),
        crop=settings.crop,
        activation=settings.activation,
        label=f"{unit.label}/",
    )
    if images.broken:
        # Networks differ in the size they need.
        size = "x".join(map(str, images.shape))
        unit.skipped[f"{images.name} at {size}"] = images.broken
    return rows, measurement.arrays()


def _named(rows):
    """Each network's rows, in the order of its layers, with its name."""
    return [
        {**row, "network": name}
        for name, group in pattern_networks(rows).items()
        for row in group
    ]


# What figures must have in common to be compared.
_MEASURED = operator.itemgetter("layer", "activation", "crop", "image_set")


def _conclusion(rows):
    """For each of the first two networks, the last layer's patterns."""
    sentences = []
    for name, group in list(pattern_networks(rows).items())[:2]:
        last = _MEASURED(group[-1])
        shares = ", ".join(
            f"{row['relative']:.2g} with {row['padding_mode']}"
            for row in group
            if _MEASURED(row) == last and row["relative"] is not None
        )
        if shares:
            sentences.append(
                f"{name}: at {last[0]} the pattern is, in standard deviations "
                f"of the features, {shares}."
            )
    return sentences


def _db(values):
    """A ratio or an interval; what is not positive has no logarithm."""
    ends = [end for end in np.ravel(first(values)) if end is not None]
    if len(ends) > 1 and ends[0] <= 0:
        return None
    texts = [
        f"{10 * math.log10(end):.1f}" if end > 0 else "-inf" for end in ends
    ]
    return " to ".join(texts) or None


_DIGITS = mean(".3g")
_TITLE = (
    "{network}: pattern of padding at layers {activation} their activation, "
    "{images} crops of {crop}x{crop} out of {pictures} pictures, {image_set}"
)

_TABLE = Table(
    lambda rows: _TITLE.format(**rows[0]),
    {"layer": "layer", "padding_mode": "padding"},
    {
        "mae": Column("|E[D]|", "mae", _DIGITS),
        "mae_noise": Column("of noise", "mae_noise", _DIGITS),
        "mae_per_image": Column("E|D|", "mae_per_image", _DIGITS),
        "relative": Column("/ std(O)", "relative", _DIGITS),
        "relative_ci95": Column("95 %", "relative_ci95", interval(".3g", 1)),
        "snr": Column("SNR, dB", "snr", _db),
        "snr_ci95": Column("95 %", "snr_ci95", _db),
        "snr_unbiased": Column("unbiased", "snr_unbiased", _db),
        "border": Column("border", "border", _DIGITS),
        "centre": Column("centre", "centre", _DIGITS),
    },
    derive=_named,
    split=lambda row: _TITLE.format(**row),
)

_NOTES = (
    "D: features with padding less those computed from real neighbours, O; "
    "E: mean over crops; |.|: mean over positions and channels.",
    "of noise: |E[D]| of a D whose mean is 0: what is not well above it "
    "falls with more pictures. SNR: mean of E[D]² / mean of Var(O), "
    "unbiased: from both halves of the pictures. border, centre: |E[D]| "
    "at the outermost and innermost positions. All figures: results.json.",
    "These definitions are ours; those of Lin et al. could not be read. "
    "Intervals: jackknife over pictures.",
)
STUDY = Study(
    name="padding_pattern",
    about=__doc__,
    flags=_FLAGS,
    sets=_sets,
    plans=_plans,
    label=operator.itemgetter("label"),
    amount=lambda run, plan: _opened(run, plan)[1].expected,
    noun="crops",
    measure=_measure,
    config=lambda run, plans: {
        "networks": ["/".join(map(str, plan["network"])) for plan in plans]
    },
    tables=[_TABLE],
    conclusion=_conclusion,
    notes=lambda rows: _NOTES,
    figures=plot_patterns,
    shared=["networks", "layers", "batch_size"],
)
