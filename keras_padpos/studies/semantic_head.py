"""Segmentation and saliency by networks with any border.

A fully convolutional head is put on a backbone, and both are trained on
pictures with masks (VGG-SS and VGG-SOD of Islam et al. are VGG16 so trained).
Scores are of all pixels, and of those in each band of distance to the border;
beside them stands what knowing the training masks alone scores. The trained
backbones are saved, for position_probe and padding_pattern to read.
"""

import functools
import os

from keras_padpos.choices import ENLARGEMENTS
from keras_padpos.choices import SEMANTIC_HEADS
from keras_padpos.errors import InputError
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import networks
from keras_padpos.studies._semantic_head_networks import DEEPLAB
from keras_padpos.studies._semantic_head_networks import backbone_of
from keras_padpos.studies._semantic_head_networks import network
from keras_padpos.studies._semantic_head_networks import read_stages
from keras_padpos.studies._semantic_head_report import TABLES
from keras_padpos.studies._semantic_head_report import plot_figures
from keras_padpos.studies.study import Study

_FIELDS = (
    *("backbone", "weights", "stages", "head", "enlarge", "padding_mode"),
    *("seed", "task"),
)

_FLAGS = {
    "task": Flag(
        "segmentation",
        "What is asked of every pixel: its class, or whether it is salient.",
        choices=["segmentation", "saliency"],
    ),
    "backbone": networks.backbone_flag("--stages)"),
    "weights": networks.weights_flag("random"),
    "padding_mode": networks.padding_flag(
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
        "the last three stages, added), deeplab (DeepLabV3+ of keras-hub, on "
        "resnet18 and resnet50; not without padding).",
        choices=[*SEMANTIC_HEADS, DEEPLAB],
        crossed=True,
    ),
    "enlarge": Flag(
        ["places"],
        "Where scores come to lie: places (each cell in the middle of what it "
        "sees), stretch (the map over the whole picture).",
        choices=ENLARGEMENTS,
        crossed=True,
    ),
    "train_set": Flag(
        None,
        "Pictures with masks to train on: voc:PATH:SPLIT (the layout of Pascal "
        "VOC), duts:PATH:train (that of DUTS) or tfds:NAME:SPLIT; a split may "
        "end in a slice, train[:100].",
        required=True,
    ),
    "test_set": Flag(
        None, "Pictures with masks to score on, likewise.", required=True
    ),
    "classes": Flag(
        None,
        "For voc: with other pictures than Pascal VOC's own: how many classes "
        "the masks have, or their names.",
        type=list,
        empty=True,
    ),
    "size": networks.size_flag("224", "the pictures"),
    "flip": Flag(True, "Mirror half of the training pictures, left to right."),
    "invariance_images": Flag(
        0,
        "Test pictures, the first, that are also enlarged and cut into "
        "overlapping patches, to compare a pixel's answers (meanE, disR).",
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
    from keras_padpos import metrics
    from keras_padpos import tasks

    settings, classes = run.settings, run.settings.classes or None
    if settings.task == "saliency":
        metrics.SaliencyScores()  # the package behind it may be missing
    if classes and len(classes) == 1:
        count = Flag(["1"], "Classes.", type=int, least=1)
        (classes,) = count.value("classes", classes)
    specs = map(str, (settings.train_set, settings.test_set))
    voc = [spec for spec in specs if spec.startswith("voc:")]

    def open_set(spec, **options):
        # Beside one of VOC's layout, others know theirs.
        own = classes if spec in voc or not voc else None
        return data.open_masks(spec or "", classes=own, **options)

    sets = networks.class_sets(run, open_set)
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


def _plans(run):
    """The baselines, and each network that is to be trained."""
    settings, chosen = run.settings, []
    if DEEPLAB in settings.head and settings.stages != ["all"]:
        raise InputError(
            "--stages are those that heads fcn and fcn_skips read; deeplab "
            f"has its own. Received: {','.join(settings.stages)}"
        )
    crossed = ("backbone", "weights", "head", "enlarge", "padding_mode")
    for plan in run.crossed(*crossed):
        if plan["head"] == DEEPLAB:  # It enlarges in its own way, too.
            plan |= {"stages": None, "enlarge": None}
        else:
            plan["stages"] = read_stages(settings, plan["backbone"])
        if plan not in chosen:
            chosen.append(plan)
    task = {"task": settings.task}
    numbered = [
        {**plan, "number": number, **task}
        for number, plan in enumerate(chosen, start=1)
    ]
    baselines = {**dict.fromkeys(_FIELDS), **task}
    return [baselines, *run.training.seeded(numbered)]


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
    if plan["backbone"] is None:
        return train + 2 * sum(scored)
    return run.training_pictures + sum(scored)


def _measure(run, plan, unit):
    """Rows of one network, one for each band; its curve and some answers."""
    import keras

    from keras_padpos import data
    from keras_padpos import tasks

    if plan["backbone"] is None:
        return _measure_baselines(run, plan, unit)
    pairs, flip = run.sets["train"], None
    if run.settings.flip:
        layers = [keras.layers.RandomFlip("horizontal")]
        flip = data.JointAugmentation(layers, seed=plan["seed"])
    trained, note = run.trained(
        plan,
        unit,
        functools.partial(tasks.train_semantic, pairs=pairs, augmentation=flip),
        functools.partial(tasks.calibrate_semantic, pairs=pairs),
        example=_examples(run)[0],
    )
    curves, steps = unit.rolling.curves(), note["steps"]
    if note["reason"]:
        scores = [{"band": "overall", "reason": note["reason"]}]
        return _rows(run, plan, scores, steps), curves
    answer = tasks.semantic_answers(trained)
    scores = _scores(run, answer, unit)
    name = f"{unit.label}-backbone"
    files = {
        "model": run.work.save_model(unit.label, trained),
        "backbone_model": run.work.save_model(name, backbone_of(trained)),
    }
    answers = answer(_examples(run)[0])
    if plan["task"] == "segmentation":
        answers = answers.astype("uint8")
    rows = _rows(run, plan, scores, steps, **files)
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


def _rows(run, plan, scores, steps, **files):
    train, test = run.sets["train"], run.sets["test"]
    about = {
        **files,
        "train_set": run.settings.train_set,
        "test_set": run.settings.test_set,
        "size": list(test.shape),
        "train_images": len(train),
        "test_images": len(test),
        "epochs": run.settings.epochs if steps else 0,
        "steps": steps,
        "arrays": _label(plan) if steps else "masks",
    }
    fields = {name: plan[name] for name in _FIELDS}
    return [{**fields, **score, **about} for score in scores]


def _scores(run, answer, unit):
    """Scores of one network: of all pixels, and of each band."""
    from keras_padpos import tasks

    test, saliency = run.sets["test"], run.settings.task == "saliency"
    options = {"batch_size": run.settings.batch_size, "advance": unit.advance}
    overall, *bands = tasks.score_semantic(
        answer, test, saliency=saliency, **options
    )
    if "enlarged" in run.sets:
        overall |= tasks.score_invariance(
            answer, run.sets["enlarged"], test.shape, **options
        )
    if test.class_names and not saliency:
        overall["class_names"] = list(test.class_names)
    return [overall, *bands]


def _examples(run):
    """Some test pictures, as networks take them, and their masks."""
    pictures, masks = run.kept(
        "examples", None, lambda: run.sets["test"].examples(4)
    )
    return pictures.astype("float32"), masks


STUDY = Study(
    name="semantic_head",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    plans=_plans,
    network=network,
    network_flags=["size"],
    label=_label,
    amount=_amount,
    measure=_measure,
    tables=TABLES,
    figures=plot_figures,
)
