"""Segmentation and saliency by networks with any border.

A fully convolutional head is put on a backbone, and both are trained on
pictures with masks (VGG-SS and VGG-SOD of Islam et al. are VGG16 so trained).
Scores are of all pixels, and of those in each band of distance to the border;
beside them stands what knowing the training masks alone scores. The trained
backbones are saved, for position_probe and padding_pattern to read.
"""

import contextlib
import functools
import itertools
import os

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.figure import draw_seeds
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import lines_figure
from keras_padpos.report.figure import mode_lines
from keras_padpos.report.table import SEEDS
from keras_padpos.report.table import SIZES
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import grouped
from keras_padpos.report.table import is_scored
from keras_padpos.report.table import mean
from keras_padpos.report.table import percent
from keras_padpos.report.table import short_labels
from keras_padpos.report.table import values_of
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.networks import backbone_flag
from keras_padpos.studies.networks import by_mode
from keras_padpos.studies.networks import class_sets
from keras_padpos.studies.networks import constant
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import plot_learning
from keras_padpos.studies.networks import size_flag
from keras_padpos.studies.networks import stage_layers
from keras_padpos.studies.networks import stage_text
from keras_padpos.studies.study import Study
from keras_padpos.studies.study import figure_name

_DEEPLAB = "deeplab"


_FLAGS = {
    "task": Flag(
        "segmentation",
        "What is asked of every pixel: its class, or whether it is salient.",
        choices=["segmentation", "saliency"],
    ),
    "backbone": backbone_flag(
        "vgg16, vgg19, resnet18, vgg5, resnet50, resnet152, mobilenet, "
        "efficientnetb0, densenet121",
        "--stages)",
    ),
    "weights": Flag(
        ["random"],
        "Weights that training begins with: random, imagenet (downloaded by "
        "Keras), bundled (VGG16 fine-tuned for edges, HED), the path of a "
        "weights file, or file, which are a .keras file's own.",
        crossed=True,
    ),
    "padding_mode": padding_flag(
        ["zeros", "none"], "Padding modes to train with", own=True
    ),
    "stages": Flag(
        ["all"],
        "Stages of the backbone, first to last: all, or numbers from 1, or "
        "names of layers. What follows the last is left out.",
    ),
    "head": Flag(
        ["fcn"],
        "Heads: fcn (the last stage's scores, enlarged), fcn_skips (those of "
        "the last three stages, added), deeplab (DeepLabV3+ of keras-hub; of "
        "resnet18 and resnet50, with random weights or those of a preset of "
        "keras-hub's DeepLabV3Backbone; not without padding).",
        choices=lambda: [*constant("models", "SEMANTIC_HEADS")(), _DEEPLAB],
        crossed=True,
    ),
    "enlarge": Flag(
        ["places"],
        "Where scores come to lie: places (each cell in the middle of what it "
        "sees), stretch (the map over the whole picture, even if it shows only "
        "a part, as without padding).",
        choices=constant("models", "ENLARGEMENTS"),
        crossed=True,
    ),
    "train_set": Flag(
        None,
        "Pictures with masks to train on: voc:PATH:SPLIT (the layout of Pascal "
        "VOC), duts:PATH:train (that of DUTS) or tfds:NAME:SPLIT; a split may "
        "end in a slice, train[:100].",
    ),
    "test_set": Flag(None, "Pictures with masks to score on, likewise."),
    "classes": Flag(
        None,
        "For voc: with other pictures than Pascal VOC's own: how many classes "
        "the masks have, or their names.",
        type=list,
    ),
    "size": size_flag("224", "the pictures"),
    "flip": Flag(True, "Mirror half of the training pictures, left to right."),
    "invariance_images": Flag(
        0,
        "Test pictures, the first, that are also enlarged and cut into "
        "overlapping patches: does a pixel get the same answer in all of them "
        "(meanE, disR)? 0: none.",
        least=0,
    ),
}

_TRAINING = {
    "epochs": 10,
    "batch_size": 8,
    "learning_rate": 1e-4,
    "rate_note": "as (1 - step / steps)^0.9",
    "seeds_of": "first weights and order",
}


def _sets(run):
    """Sets to train and to score on; and one to cut patches out of."""
    from keras_padpos import data
    from keras_padpos import tasks

    settings, classes = run.settings, _classes(run.settings)

    def open_set(spec, **options):
        if not spec:
            raise InputError(
                "must name pictures with masks, such as "
                "voc:VOCdevkit/VOC2012:train. Received: nothing"
            )
        # All others know theirs.
        own = classes if spec.startswith("voc:") else None
        return data.open_masks(spec, classes=own, **options)

    sets = class_sets(run, open_set)
    if settings.invariance_images:
        sets["enlarged"] = open_set(
            settings.test_set,
            size=tasks.invariance_size(sets["test"].shape),
            count=min(settings.invariance_images, len(sets["test"])),
            data_dir=settings.data_dir,
        )
    if settings.task == "saliency" and sets["train"].classes != 2:
        raise InputError(
            "--task=saliency takes masks of two classes, background and "
            f"salient. Received: --train_set of {sets['train'].classes}"
        )
    return sets


def _classes(settings):
    """How many there are, or their names; `None` if not given."""
    classes = settings.classes or None
    if classes and len(classes) == 1:
        count = Flag(["1"], "Classes.", type=int, least=1)
        (classes,) = count.value("classes", classes)
    if classes and not any(
        str(spec).startswith("voc:")
        for spec in (settings.train_set, settings.test_set)
    ):
        raise InputError(
            "--classes are those of sets in the layout of Pascal VOC, "
            f"voc:PATH:SPLIT; others know theirs. Received: {classes}"
        )
    return classes


_BASELINES = dict.fromkeys(
    ("backbone", "weights", "stages", "head", "enlarge", "padding_mode", "seed")
)


def _plans(run):
    """The baselines, and each network that is to be trained."""
    settings, networks = run.settings, []
    if not any(settings.stages):
        raise InputError("--stages must name at least one. Received: nothing")
    if _DEEPLAB in settings.head and settings.stages != ["all"]:
        raise InputError(
            "--stages are those that heads fcn and fcn_skips read; deeplab "
            f"has its own. Received: {','.join(settings.stages)}"
        )
    for plan in run.crossed(
        "backbone", "weights", "head", "enlarge", "padding_mode"
    ):
        plan["stages"] = None
        if plan["head"] == _DEEPLAB:  # It enlarges in its own way, too.
            plan["enlarge"] = None
        else:
            plan["stages"] = _stages(settings, plan["backbone"])
        if plan not in networks:
            networks.append(plan)
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {**_BASELINES, "task": settings.task},
        *(
            {**plan, "seed": seed, "number": number, "task": settings.task}
            for seed in run.training.seeds
            for number, plan in enumerate(networks, start=1)
        ),
    ]


def _stages(settings, backbone):
    """What rows say of the stages that are read of a backbone."""
    from keras_padpos import models

    layers = stage_layers(backbone, settings.stages)
    if models.is_model_file(backbone):
        return ",".join(layers)
    known = list(models.stage_names(backbone))
    places = [known.index(layer) for layer in layers if layer in known]
    if places != sorted(set(places)):
        raise InputError(
            "--stages must go from the first to the last, each once. "
            f"Received: {','.join(settings.stages)}"
        )
    return stage_text(layers, known)


def _network(run, plan):
    import keras

    from keras_padpos import models

    backbone, pairs = plan["backbone"], run.sets["train"]
    if backbone is None:
        return None
    # Both halves are drawn from the seed, whatever weights the first has.
    keras.utils.set_random_seed(plan.get("seed", run.settings.seed))
    classes = 1 if run.settings.task == "saliency" else pairs.classes
    options = {"weights": plan["weights"], "input_shape": (*pairs.shape, 3)}
    if plan["head"] == _DEEPLAB:
        return models.deeplab(
            backbone, classes, plan["padding_mode"], **options
        )
    stages = stage_layers(backbone, run.settings.stages)
    return models.semantic_net(
        models.backbone(
            backbone,
            padding_mode=plan["padding_mode"],
            stages=stages,
            **options,
        ),
        classes,
        head=plan["head"],
        stages=stages,
        enlarge=plan["enlarge"],
    )


def _label(plan):
    """The number tells networks apart whose files are called the same."""
    if plan["backbone"] is None:
        return "masks"
    names = ("backbone", "task", "weights", "head", "enlarge", "padding_mode")
    texts = [os.path.basename(plan[name]) for name in names if plan.get(name)]
    return "-".join([str(plan["number"]), *texts, f"seed{plan['seed']}"])


def _amount(run, plan):
    """Pictures that are looked at: to train, to score, to compare patches."""
    train, *scored = map(len, run.sets.values())
    scored = sum(scored)
    if plan["backbone"] is None:
        return train + 2 * scored
    return run.training.steps(train) * run.training.batch_size + scored


def _measure(run, plan, unit):
    """Rows of one network, one for each band; its curve and some answers."""
    from keras_padpos import tasks

    if plan["backbone"] is None:
        return _measure_baselines(run, plan, unit)
    pairs = run.sets["train"]
    network, note = run.trained(
        plan,
        unit,
        functools.partial(
            tasks.train_semantic,
            pairs=pairs,
            augmentation=_augmentation(run, plan["seed"]),
        ),
        functools.partial(tasks.calibrate_semantic, pairs=pairs),
        example=_examples(run)[0],
    )
    curves, steps = unit.curves(), note["steps"]
    if note["reason"]:
        scores = [{"band": "overall", "reason": note["reason"]}]
        return _rows(run, plan, scores, steps), curves
    answer = tasks.semantic_answers(network)
    scores = _scores(run, answer, unit)
    files = {
        "model": run.work.save_model(unit.label, network),
        "backbone_model": run.work.save_model(
            f"{unit.label}-backbone", _backbone_of(network)
        ),
    }
    rows = _rows(run, plan, [{**each, **files} for each in scores], steps)
    answers = answer(_examples(run)[0])
    if plan["task"] == "segmentation":
        answers = answers.astype("uint8")
    return rows, {**curves, "answers": answers}


def _measure_baselines(run, plan, unit):
    """Rows of the baselines, and some pictures to show."""
    from keras_padpos import tasks

    pairs = run.sets["train"]
    saliency = plan["task"] == "saliency"
    baselines = tasks.semantic_baselines(pairs, saliency=saliency)
    unit.advance(len(pairs))
    rows = []
    for name, answer in baselines.items():
        scores = _scores(run, answer, unit)
        rows += _rows(run, {**plan, "backbone": name}, scores, 0)
    pictures, masks = _examples(run)
    return rows, {
        "pictures": pictures.astype("uint8"),
        "truth": masks,
        "prior": baselines["prior"](pictures[:1]),
    }


def _rows(run, plan, scores, steps):
    return [
        {
            **{name: plan[name] for name in (*_BASELINES, "task")},
            **score,
            "train_set": run.settings.train_set,
            "test_set": run.settings.test_set,
            "size": list(run.sets["test"].shape),
            "train_images": len(run.sets["train"]),
            "test_images": len(run.sets["test"]),
            "epochs": run.training.epochs if steps else 0,
            "steps": steps,
            "arrays": _label(plan) if steps else "masks",
        }
        for score in scores
    ]


def _scores(run, answer, unit):
    """Scores of one network: of all pixels, and of each band."""
    from keras_padpos import tasks

    test, task = run.sets["test"], run.settings.task
    options = {"batch_size": run.training.batch_size, "advance": unit.advance}
    overall, *bands = tasks.score_semantic(
        answer, test, saliency=task == "saliency", **options
    )
    if "enlarged" in run.sets:
        overall |= tasks.score_invariance(
            answer, run.sets["enlarged"], test.shape, **options
        )
    if task == "segmentation" and test.class_names:
        overall["class_names"] = list(test.class_names)
    return [overall, *bands]


_EXAMPLES = 4
_LOOKED_AT = 256


def _examples(run):
    """Some pictures to show, and their masks: from all over the test set."""

    def chosen(test):
        # Neighbours are often frames of one film.
        step = max(1, min(len(test), _LOOKED_AT) // _EXAMPLES)
        with contextlib.closing(iter(test)) as pairs:
            some = list(itertools.islice(pairs, 0, step * _EXAMPLES, step))
        pictures, masks = map(np.stack, zip(*some, strict=True))
        return pictures.astype("float32"), masks

    return run.kept("examples", None, lambda: chosen(run.sets["test"]))


def _backbone_of(network):
    from keras_padpos import models

    try:
        return models.backbone_of(network, any_size=True)
    except ValueError:  # a layer of a file takes one size only
        return models.backbone_of(network)


def _augmentation(run, seed):
    import keras

    from keras_padpos import data

    if not run.settings.flip:
        return None
    flip = keras.layers.RandomFlip("horizontal")
    return data.JointAugmentation([flip], seed=seed)


_NETWORK = {
    **{n: n for n in ("backbone", "weights", "stages", "head", "enlarge")},
    "padding_mode": "padding",
}
_PATHS = ("backbone", "weights")
_TITLES = {
    "segmentation": "Semantic segmentation",
    "saliency": "Salient objects",
}
# Bands are compared by the first.
_SCORES = {
    "segmentation": {"mean_iou": "mIoU", "pixel_accuracy": "pixel accuracy"},
    "saliency": {
        "max_f": "max F",
        "mean_f": "mean F",
        "mae": "MAE",
        "s_measure": "S-measure",
        "mean_e": "mean E-measure",
    },
}
_INVARIANCE = {
    "mean_entropy": Column(
        "entropy (meanE), bits", "mean_entropy", mean(".3f")
    ),
    "disagreement": Column("disR", "disagreement", percent),
}


def _is_saliency(rows):
    return rows[0]["task"] == "saliency"


def _overall_notes(rows):
    yield (
        "Percent, mean ± standard deviation over seeds. majority, prior: what "
        "knowing the training masks alone scores, the most frequent class "
        "everywhere and that of each place."
    )
    if _is_saliency(rows):
        yield (
            "Means over pictures, by pysodmetrics. prior: the share of "
            "training masks that are salient at each place."
        )
    patches = values_of(rows, "invariance_images")
    if patches:
        yield (
            "meanE, disR: entropy of the answers that one pixel gets in "
            "overlapping patches of an enlarged picture, and the share of "
            f"pixels that get more than one; pictures: {max(patches)}."
        )


def _class_rows(rows):
    """A row for each class of a network."""
    rows = [r for r in rows if r["band"] == "overall" and r.get("class_iou")]
    names = next(filter(None, (r.get("class_names") for r in rows)), None)
    for row in rows:
        for index, iou in enumerate(row["class_iou"]):
            name = str(names[index] if names else index)
            yield {**row, "class": name, "iou": iou}


def _class_columns(rows):
    """A column for each network, of what tells it from the others."""
    labels = short_labels(rows, _NETWORK, _PATHS)
    trained = [labels(row) for row in rows if row["padding_mode"]]
    values = {name: {label[name] for label in trained} for name in _NETWORK}
    differ = [name for name in _NETWORK if len(values[name]) > 1]
    differ = differ or ["padding_mode"]
    columns = {}
    for key, group in grouped(rows, _NETWORK).items():
        label = labels(group[0])
        texts = [label[name] for name in differ if label[name]]
        heading = " ".join(texts) or label["backbone"]
        where = dict(zip(_NETWORK, key, strict=True))
        columns[heading] = Column(heading, "iou", percent, where=where)
    return columns


def _bands(rows):
    """The bands, from the border inwards."""
    bands = values_of(rows, "band")
    return [band for band in bands if band not in ("overall", "pooled")]


def _band_score(rows):
    return next(iter(_SCORES[rows[0]["task"]].items()))


def _band_columns(rows):
    whole = "pooled" if _is_saliency(rows) else "overall"
    headings = {whole: "all pixels", **{band: band for band in _bands(rows)}}
    score, _ = _band_score(rows)
    return {
        **SEEDS,
        **{
            band: Column(heading, score, percent, where={"band": band})
            for band, heading in headings.items()
        },
    }


_TABLES = (
    Table(
        lambda rows: "{}: {}".format(
            _TITLES[rows[0]["task"]],
            "means over pictures" if _is_saliency(rows) else "all pixels",
        ),
        _NETWORK,
        lambda rows: {
            **SEEDS,
            **{
                name: Column(heading, name, percent)
                for name, heading in _SCORES[rows[0]["task"]].items()
            },
            **(_INVARIANCE if values_of(rows, "invariance_images") else {}),
            **SIZES,
        },
        _overall_notes,
        rows=lambda row: row["band"] == "overall",
        shorten=_PATHS,
    ),
    Table(
        "Semantic segmentation: IoU of each class",
        {"class": "class"},
        _class_columns,
        (
            "Percent. -: neither in a mask nor in an answer; such classes do "
            "not count in mIoU, which then is a mean over fewer.",
        ),
        derive=_class_rows,
    ),
    Table(
        lambda rows: (
            f"{_TITLES[rows[0]['task']]}: {_band_score(rows)[1]} by distance "
            "to the border, as a share of the smaller side"
        ),
        _NETWORK,
        _band_columns,
        (
            "Percent. Pixels of all pictures together; a band's score is that "
            "of its own pixels, and its classes or thresholds are its own.",
        ),
        shorten=_PATHS,
    ),
)

_INCHES = 1.6
_COLOURS = "tab20"
_DISTINCT = 20


def _figures(work, rows, arrays):
    """Plot scores by band, learning curves, and some answers.

    For each task, backbone, weights, stages, head and enlargement:
    `bands_...`, a line for each padding mode, mean over seeds, the baselines
    dashed; `learning_...`, the same of the loss while training; and
    `examples_...`, some test pictures, their masks, and the answers of the
    first seed. What has diverged is left out.
    """
    fields = ("task", *(name for name in _NETWORK if name != "padding_mode"))
    labels = short_labels(rows, fields, _PATHS)
    scored = list(filter(is_scored, rows))
    baselines = grouped([r for r in scored if r["seed"] is None], ["backbone"])
    trained = [r for r in scored if r["seed"] is not None]
    for group in grouped(trained, fields).values():
        modes = by_mode(group)
        # What does not hang on this head is None.
        texts = [text for text in labels(group[0]).values() if text is not None]
        name, title = figure_name(*texts), ", ".join(texts)
        _plot_bands(work.figure_path(f"bands_{name}"), title, modes, baselines)
        plot_learning(
            work,
            name,
            title,
            group,
            arrays,
            metric="loss",
            words="loss while training",
        )
        _plot_examples(
            work.figure_path(f"examples_{name}"), title, modes, arrays
        )


def _plot_bands(path, title, modes, baselines):
    rows = next(iter(modes.values()))
    bands = _bands(rows)
    score, heading = _band_score(rows)

    def plot(axis, group, **style):
        # Percent, a row a seed; NaN where a band has no score.
        seeds = [
            {row["band"]: row[score] for row in seed}
            for seed in grouped(group, ["seed"]).values()
        ]
        values = [[seed[band] for band in bands] for seed in seeds]
        draw_seeds(axis, 100 * np.array(values, float), **style)

    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(list(modes)).items():
            plot(axis, modes[mode], marker="o", **style)
        for (name,), group in baselines.items():
            colour = "grey" if name == "prior" else "silver"
            plot(axis, group, label=name, linestyle="--", color=colour)
        axis.set_xticks(range(len(bands)), bands)
        axis.set_xlabel("distance to the border")
        axis.set_ylabel(f"{heading}, %")


def _plot_examples(path, title, modes, arrays):
    from keras_padpos.metrics import VOID

    rows = [row for group in modes.values() for row in group]
    answers = {
        mode: arrays[f"{group[0]['arrays']}/answers"]
        for mode, group in modes.items()
    }
    pictures, truth = arrays["masks/pictures"], arrays["masks/truth"]
    columns = {"picture": pictures, "mask": truth, **answers}
    grey = _is_saliency(rows)
    colours = {
        "cmap": "gray" if grey else _COLOURS,
        "vmin": 0,
        "vmax": 1 if grey else _DISTINCT - 1,
    }
    height = _INCHES * pictures.shape[1] / pictures.shape[2]
    with figure_panels(
        path, title, len(pictures), len(columns), size=(_INCHES, height)
    ) as panels:
        for (number, column), axis in np.ndenumerate(panels):
            name, maps = list(columns.items())[column]
            shown = maps[number]
            if name != "picture":
                shown = np.ma.masked_equal(shown, VOID)
                shown = shown if grey else shown % _DISTINCT
            axis.imshow(shown, interpolation="nearest", **colours)
            hide_ticks(axis)
            if not number:
                axis.set_title(name, fontsize="small")
        if not grey:
            classes = np.unique([truth, *answers.values()])
            _name_colours(panels[0, 0], rows, classes[classes != VOID])


def _name_colours(axis, rows, classes):
    """Put classes into the legend, unless there are too many to tell."""
    from matplotlib import colormaps

    if len(classes) and classes.max() >= _DISTINCT:
        return
    names = next(filter(None, (row.get("class_names") for row in rows)), None)
    axis.autoscale(False)
    style = {"marker": "s", "edgecolor": "grey", "linewidth": 0.5}
    for each in classes:
        label = names[each] if names else f"class {each}"
        colour = colormaps[_COLOURS](int(each))
        axis.scatter([], [], color=colour, label=label, **style)
    axis.scatter([], [], color="white", label="void", **style)


STUDY = Study(
    name="semantic_head",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    plans=_plans,
    network=_network,
    network_flags=["size"],
    label=_label,
    amount=_amount,
    measure=_measure,
    tables=_TABLES,
    figures=_figures,
)
