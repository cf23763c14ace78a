"""Whether a network that recognises textures needs its borders.

A backbone's last feature map is averaged and a dense layer tells the class,
for each padding mode. The position says nothing of a texture: what padding
tells the network about position can be of no use here, and may be in the way.
"""

from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.names import distinct_parts
from keras_padpos.report.names import path_end
from keras_padpos.report.names import set_label
from keras_padpos.report.table import SEEDS
from keras_padpos.report.table import SIZES
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import grouped
from keras_padpos.report.table import interval
from keras_padpos.report.table import is_scored
from keras_padpos.report.table import percent
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.networks import by_mode
from keras_padpos.studies.networks import class_sets
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import plot_learning
from keras_padpos.studies.networks import size_flag
from keras_padpos.studies.networks import trained_classifier
from keras_padpos.studies.study import Study
from keras_padpos.studies.study import figure_name

_RATES = {"frozen": 1e-3, "scratch": 1e-4}

_FLAGS = {
    "backbone": Flag(
        ["vgg16"],
        "Networks: vgg16, vgg19, resnet18, vgg5, resnet50, resnet152, "
        "mobilenet, efficientnetb0, densenet121, or the path of a .keras file "
        "that takes raw RGB (with --layer).",
        crossed=True,
    ),
    "weights": Flag(
        ["bundled"],
        "Weights of the networks: imagenet, bundled (vgg16), random, or the "
        "path of a weights file; of a .keras file: file or random.",
        crossed=True,
    ),
    "padding_mode": padding_flag(
        ["zeros", "reflect", "none"], "Padding modes", own=True
    ),
    "layer": Flag(
        None,
        "Layer whose map is averaged. If not given: the last stage; a .keras "
        "file needs it.",
    ),
    "train": Flag(
        ["frozen"],
        "frozen (a dense layer alone is trained), scratch (all weights are, "
        "from those of --weights on).",
        choices=list(_RATES),
        crossed=True,
    ),
    "train_set": Flag(
        "tfds:dtd:train",
        "Pictures to train on: tfds:NAME:SPLIT (--data_dir: where it is kept), "
        "or a folder with a sub-folder of pictures a class. All are held in "
        "memory.",
    ),
    "test_set": Flag("tfds:dtd:test", "Pictures to test on, likewise."),
    "size": size_flag("224", "the pictures"),
}

_TRAINING = {
    "epochs": 10,
    "batch_size": 16,
    "learning_rate": None,
    "rate_note": "along half a cosine. If not given: 1e-3 for frozen, 1e-4 for "
    "scratch",
    "train_note": ", of a folder its classes in turn",
    "test_note": ", likewise",
    "calibrates": "Take BatchNorm's statistics from training pictures: of "
    "networks trained from scratch before the scores, of frozen ones before "
    "the training, whatever their padding mode.",
    "seeds_of": "random weights and order",
}


def _sets(run):
    from keras_padpos import data

    sets = class_sets(run, data.open_labelled)
    train = sets["train"]
    if len(train) < train.classes:
        flag = run.training.count_flag("train")
        raise InputError(
            f"--train_set must have at least as many pictures as classes, "
            f"{train.classes}. Received: {len(train)}, with "
            f"{flag or run.settings.text('train_set')}"
        )
    return sets


def _network(run, plan):
    """The network of a plan; without a seed: whether it can be made."""
    from keras_padpos import models
    from keras_padpos import tasks

    weights = plan["weights"]
    if "seed" not in plan:
        models.check_weights(plan["backbone"], weights)
        if run.settings.layer is None:
            # Raises for a file, and proposes layers.
            models.stage_names(plan["backbone"])
        weights = "random"
    return tasks.texture_net(
        plan["backbone"],
        weights,
        plan["padding_mode"],
        classes=run.sets["train"].classes,
        size=run.sets["train"].shape,
        layer=run.settings.layer,
        frozen=plan["train"] == "frozen",
        seed=plan.get("seed", run.settings.seed),
    )


def _amount(run, plan):
    steps = run.training.steps(len(run.sets["train"]))
    return steps * run.training.batch_size + len(run.sets["test"])


def _measure(run, plan, unit):
    """The row of one network; its curve and its confusion matrix."""
    from keras_padpos import tasks

    training = run.training
    rate = run.settings.learning_rate or _RATES[plan["train"]]
    network, note = trained_classifier(
        run,
        plan,
        unit,
        first=plan["train"] == "frozen",
        learning_rate=rate,
    )
    row: dict[str, Any] = {
        **plan,
        **{
            n: getattr(run.settings, n)
            for n in ("layer", "train_set", "test_set")
        },
        "size": list(run.sets["train"].shape),
        "classes": run.sets["train"].classes,
        "class_names": list(run.sets["train"].class_names or ()) or None,
        "calibration_images": note["prepared"] or 0,
        "train_images": len(run.arrays["train"][0]),
        "test_images": len(run.arrays["test"][0]),
        "epochs": training.epochs,
        "steps": note["steps"],
        "learning_rate": rate,
        "arrays": unit.label,
    }
    if note["reason"]:
        return [{**row, "reason": note["reason"]}], unit.curves()
    scores, confusion = tasks.score_classifier(
        network, *run.arrays["test"], batch_size=training.batch_size
    )
    unit.advance(row["test_images"])
    return [{**row, **scores}], {**unit.curves(), "confusion": confusion}


_TABLE = Table(
    "Texture recognition: accuracy in percent",
    {
        "backbone": "backbone",
        "weights": "weights",
        "train": "train",
        "padding_mode": "padding",
        "test_set": "test set",
    },
    {
        **SEEDS,
        "accuracy": Column("accuracy", "accuracy", percent),
        "interval": Column("95 %", "accuracy_ci95", interval()),
        "class_accuracy": Column(
            "mean over classes", "class_accuracy", percent
        ),
        "chance": Column(
            "chance",
            form=lambda rows: percent([1 / row["classes"] for row in rows[:1]]),
            rows=True,
        ),
        **SIZES,
    },
    notes=(
        "Mean ± standard deviation over seeds; of one seed the bootstrap "
        "interval over test pictures. chance: one of as many classes.",
        "No number of the paper's could be read: there is none beside.",
    ),
)

_COLUMNS = 4
# More classes have numbers, and longer names are cut.
_MOST_NAMES = 20
_LONGEST = 18
_LETTER_INCHES = 0.06


def _figures(work, rows, arrays):
    """Plot accuracy while training, and confusion matrices.

    For each backbone, weights and way of training: `learning_...`, a line for
    each padding mode, mean over seeds; and `confusion_...`, a map for each,
    all seeds together: the share of each class's pictures that gets each
    answer. What has diverged is left out.
    """
    fields = ("backbone", "weights", "train", "test_set")
    figures = grouped(filter(is_scored, rows), fields)
    parts = [distinct_parts(names) for names in zip(*figures, strict=True)]
    names: dict[str, int] = {}
    for key, group in figures.items():
        backbone, weights, train, _ = map(path_end, key, parts)
        network = f"{backbone} ({weights}), {train}"
        name = figure_name(network).replace("_", "-")
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name += f"_{names[name]}"
        title = f"{network}, {set_label(key[-1])}"
        plot_learning(work, name, title, group, arrays)
        # Rows of earlier versions have no names.
        classes = group[0].get("class_names") or []
        _plot_confusion(
            work.figure_path(f"confusion_{name}"),
            title,
            {
                mode: sum(arrays[f"{row['arrays']}/confusion"] for row in seeds)
                for mode, seeds in by_mode(group).items()
            },
            classes if len(classes) <= _MOST_NAMES else [],
        )


def _plot_confusion(path, title, counts, classes):
    classes = [
        name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        for name in classes
    ]
    columns = min(len(counts), _COLUMNS)
    beside = _LETTER_INCHES * max(map(len, classes), default=0)
    with figure_panels(
        path,
        title,
        -(-len(counts) // columns),
        columns,
        size=(2.6 + beside, 2.8 + beside),
    ) as panels:
        for axis in panels.ravel()[len(counts) :]:
            axis.set_axis_off()
        for axis, (mode, count) in zip(
            panels.ravel(), counts.items(), strict=False
        ):
            # Classes without a test picture have no shares.
            total = count.sum(axis=1, keepdims=True)
            shares = np.where(total, count / np.maximum(total, 1), np.nan)
            image = axis.imshow(shares, vmin=0, vmax=1)
            axis.set_title(mode, fontsize="small")
            axis.set_xlabel("answered class", fontsize="small")
            axis.tick_params(labelsize="small")
            if classes:
                ticks = range(len(classes))
                axis.set_xticks(ticks, classes, fontsize=7, rotation=90)
                axis.set_yticks(ticks, classes, fontsize=7)
                continue
            for side in (axis.xaxis, axis.yaxis):
                side.get_major_locator().set_params(integer=True)
        for axis in panels[:, 0]:
            axis.set_ylabel("class", fontsize="small")
        axis.figure.colorbar(
            image,
            ax=panels.ravel().tolist(),
            shrink=0.8,
            label="share of the class",
        )


STUDY = Study(
    name="texture",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    network=_network,
    network_flags=["layer"],
    amount=_amount,
    measure=_measure,
    tables=[_TABLE],
    figures=_figures,
    shared=["test_set"],
)
