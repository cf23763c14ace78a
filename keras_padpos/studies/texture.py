"""Whether a network that recognises textures needs its borders.

A backbone's last feature map is averaged and a dense layer tells the class,
for each padding mode. The position says nothing of a texture: what padding
tells the network about position can be of no use here, and may be in the way.
"""

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report import figure
from keras_padpos.report import names
from keras_padpos.report import table
from keras_padpos.report.table import Column
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import networks
from keras_padpos.studies.study import Study
from keras_padpos.studies.study import figure_name

_RATES = {"frozen": 1e-3, "scratch": 1e-4}

_FLAGS = {
    "backbone": networks.backbone_flag("--layer)"),
    "weights": networks.weights_flag(),
    "padding_mode": networks.padding_flag(
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
        "Pictures to train on, held in memory: tfds:NAME:SPLIT (--data_dir: "
        "where it is kept), or a folder with a sub-folder a class.",
    ),
    "test_set": Flag("tfds:dtd:test", "Pictures to test on, likewise."),
    "size": networks.size_flag("224", "the pictures"),
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

    sets = networks.class_sets(run, data.open_labelled)
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


def _measure(run, plan, unit):
    """The row of one network; its curve and its confusion matrix."""
    from keras_padpos import tasks

    settings, train = run.settings, run.sets["train"]
    rate = settings.learning_rate or _RATES[plan["train"]]
    frozen = plan["train"] == "frozen"
    network, note = networks.trained_classifier(
        run, plan, unit, first=frozen, learning_rate=rate
    )
    row = {
        **plan,
        **{n: getattr(settings, n) for n in ("layer", "train_set", "test_set")},
        "size": list(train.shape),
        "classes": train.classes,
        "class_names": list(train.class_names or ()) or None,
        "calibration_images": note["prepared"] or 0,
        **networks.training_fields(run, unit, note, learning_rate=rate),
    }
    curves = unit.rolling.curves()
    if note["reason"]:
        return [{**row, "reason": note["reason"]}], curves
    scores, confusion = tasks.score_classifier(
        network, *run.arrays["test"], batch_size=run.settings.batch_size
    )
    unit.advance(row["test_images"])
    return [{**row, **scores}], {**curves, "confusion": confusion}


_TABLE = table.Table(
    "Texture recognition: accuracy in percent",
    {
        "backbone": "backbone",
        "weights": "weights",
        "train": "train",
        "padding_mode": "padding",
        "test_set": "test set",
    },
    {
        **table.SEEDS,
        **table.columns(table.percent, accuracy="accuracy"),
        "interval": Column("95 %", "accuracy_ci95", table.interval()),
        **table.columns(table.percent, class_accuracy="mean over classes"),
        "chance": Column(
            "chance",
            form=lambda rows: table.percent([1 / rows[0]["classes"]]),
            rows=True,
        ),
        **table.SIZES,
    },
    notes=(
        "Mean ± standard deviation over seeds; of one seed the bootstrap "
        "interval over test pictures. chance: one of as many classes.",
        "No number of the paper's could be read: there is none beside.",
    ),
)

# More classes have numbers, and longer names are cut.
_MOST_NAMES = 20
_LONGEST = 18
_LETTER_INCHES = 0.06


def _figures(work, rows, arrays):
    """Plot accuracy while training, and confusion matrices.

    For each backbone, weights and way of training: `learning_...`, a line for
    each padding mode, mean over seeds; and `confusion_...`, a map for each,
    all seeds together. What has diverged is left out.
    """
    fields = ("backbone", "weights", "train", "test_set")
    groups = table.grouped(filter(table.is_scored, rows), fields)
    parts = [names.distinct_parts(each) for each in zip(*groups, strict=True)]
    counts: dict[str, int] = {}
    for key, group in groups.items():
        backbone, weights, train, _ = map(names.path_end, key, parts)
        network = f"{backbone} ({weights}), {train}"
        name = figure_name(network).replace("_", "-")
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1:
            name += f"_{counts[name]}"
        title = f"{network}, {names.set_label(key[-1])}"
        networks.plot_learning(work, name, title, group, arrays)
        # Rows of earlier versions have no names.
        classes = group[0].get("class_names") or []
        _plot_confusion(
            work.figure_path(f"confusion_{name}"),
            f"Answers to each class\n{title}",
            {
                mode: sum(arrays[f"{row['arrays']}/confusion"] for row in seeds)
                for mode, seeds in networks.by_mode(group).items()
            },
            classes if len(classes) <= _MOST_NAMES else [],
        )


def _plot_confusion(path, title, counts, classes):
    """Plot the share of each class's pictures that gets each answer."""
    classes = [
        name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        for name in classes
    ]
    shares = {}
    for mode, count in counts.items():
        # Classes without a test picture have no shares.
        total = count.sum(axis=1, keepdims=True)
        shares[mode] = np.where(total, count / np.maximum(total, 1), np.nan)
    beside = _LETTER_INCHES * max(map(len, classes), default=0)
    options = {
        "size": (2.6 + beside, 2.8 + beside),
        "limits": (0, 1),
        "bar": "share of the class",
    }
    with figure.map_panels(path, title, shares, 4, **options) as panels:
        for number, axis in enumerate(panels):
            axis.set_xlabel("answered class", fontsize="small")
            if number % 4 == 0:
                axis.set_ylabel("class", fontsize="small")
            axis.tick_params(labelsize="small")
            if classes:
                ticks = range(len(classes))
                axis.set_xticks(ticks, classes, fontsize=7, rotation=90)
                axis.set_yticks(ticks, classes, fontsize=7)
                continue
            for side in (axis.xaxis, axis.yaxis):
                side.get_major_locator().set_params(integer=True)


STUDY = Study(
    name="texture",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    network=_network,
    network_flags=["layer"],
    amount=lambda run, plan: run.training_pictures + len(run.sets["test"]),
    measure=_measure,
    tables=[_TABLE],
    figures=_figures,
    shared=["test_set"],
)
