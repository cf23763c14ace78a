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
from absl import flags

from keras_padpos import runs
from keras_padpos import studies

_TASK = flags.DEFINE_enum(
    "task",
    "segmentation",
    ["segmentation", "saliency"],
    "What is asked of every pixel: its class, or whether it is salient.",
)
_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["vgg16"],
    "Networks: vgg16, vgg19, resnet18, vgg5, resnet50, resnet152, mobilenet, "
    "efficientnetb0, densenet121, or the path of a .keras file that takes raw "
    "RGB (with --stages).",
)
_WEIGHTS = flags.DEFINE_list(
    "weights",
    ["random"],
    "Weights that training begins with: random, imagenet (downloaded by "
    "Keras), bundled (VGG16 fine-tuned for edges, HED), the path of a weights "
    "file, or file, which are a .keras file's own.",
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros", "none"],
    "Padding modes to train with: zeros, constant, reflect, symmetric, "
    "replicate, circular, distribution, randn, random_sides, partial, "
    "interpolate, none, or own: as a .keras file has it.",
)
_STAGES = flags.DEFINE_list(
    "stages",
    ["all"],
    "Stages of the backbone, first to last: all, or numbers from 1, or names "
    "of layers. What follows the last is left out.",
)
_HEAD = flags.DEFINE_list(
    "head",
    ["fcn"],
    "Heads: fcn (the last stage's scores, enlarged), fcn_skips (those of the "
    "last three stages, added), deeplab (DeepLabV3+ of keras-hub; of resnet18 "
    "and resnet50, with random weights or those of a preset of keras-hub's "
    "DeepLabV3Backbone; not without padding).",
)
_ENLARGE = flags.DEFINE_list(
    "enlarge",
    ["places"],
    "Where scores come to lie: places (each cell in the middle of what it "
    "sees), stretch (the map over the whole picture, even if it shows only a "
    "part, as without padding).",
)
_TRAIN_SET = flags.DEFINE_string(
    "train_set",
    None,
    "Pictures with masks to train on: voc:PATH:SPLIT (the layout of Pascal "
    "VOC), duts:PATH:train (that of DUTS) or tfds:NAME:SPLIT; a split may end "
    "in a slice, train[:100].",
)
_TEST_SET = flags.DEFINE_string(
    "test_set", None, "Pictures with masks to score on, likewise."
)
_CLASSES = flags.DEFINE_list(
    "classes",
    None,
    "For voc: with other pictures than Pascal VOC's own: how many classes the "
    "masks have, or their names.",
)
_SIZE = flags.DEFINE_list(
    "size",
    ["224"],
    "Height and width of the pictures in pixels, or one number for both.",
)
_FLIP = flags.DEFINE_boolean(
    "flip", True, "Mirror half of the training pictures, left to right."
)
_INVARIANCE_IMAGES = flags.DEFINE_integer(
    "invariance_images",
    0,
    "Test pictures, the first, that are also enlarged and cut into "
    "overlapping patches: does a pixel get the same answer in all of them "
    "(meanE, disR)? 0: none.",
    lower_bound=0,
)
_TRAINING = runs.define_training_flags(
    epochs=10,
    batch_size=8,
    learning_rate=1e-4,
    rate_note="as (1 - step / steps)^0.9",
    seeds_of="first weights and order",
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "task",
    "backbone",
    "weights",
    "padding_mode",
    "stages",
    "head",
    "enlarge",
    "train_set",
    "test_set",
    "classes",
    "size",
    "flip",
    "invariance_images",
    *_TRAINING.names,
)
_COLUMNS = (
    "backbone",
    "weights",
    "stages",
    "head",
    "enlarge",
    "padding_mode",
    "seed",
)
_EXAMPLES = 4
_LOOKED_AT = 256
_MASKS = "masks"
_DEEPLAB = "deeplab"


def main(argv):
    """Train and score each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    sets = _sets(spread)
    plans = _plans(sets)
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "semantic_head", runs.resolved_flags(_SCIENCE), spread
    )
    if not work.finished:
        runs.apply_common_flags()
        rows, arrays = _train_all(work, spread, plans, sets)
        work.save_arrays(arrays)
        studies.draw_semantic_figures(work, rows, arrays)
        work.write_results(rows, provenance.as_dict())
    studies.print_semantic_report(work)


def _sets(spread):
    """Pictures and masks to train on and to score on.

    And, if they are asked for, some to cut patches out of.
    """
    from keras_padpos import data
    from keras_padpos import tasks

    size = runs.whole_numbers("size", _SIZE.value, 1)
    if len(size) > 2:
        raise runs.InputError(
            "--size must be one number or two, height and width. "
            f"Received: {','.join(_SIZE.value)}"
        )
    classes = _CLASSES.value or None
    if classes and len(classes) == 1:
        (classes,) = runs.whole_numbers("classes", classes, 1)
    if classes and not any(
        flag.value and flag.value.startswith("voc:")
        for flag in (_TRAIN_SET, _TEST_SET)
    ):
        raise runs.InputError(
            "--classes are those of sets in the layout of Pascal VOC, "
            f"voc:PATH:SPLIT; others know theirs. Received: {classes}"
        )
    sets = {}
    for split, flag in (("train", _TRAIN_SET), ("test", _TEST_SET)):
        if not flag.value:
            raise runs.InputError(
                f"--{flag.name} must name pictures with masks, such as "
                "voc:VOCdevkit/VOC2012:train. Received: nothing"
            )
        try:
            open_set = functools.partial(
                data.open_masks,
                flag.value,
                # All others know theirs.
                classes=classes if flag.value.startswith("voc:") else None,
                data_dir=flags.FLAGS.data_dir,
            )
            sets[split] = open_set(
                size=(size[0], size[-1]), count=_TRAINING.count(split)
            )
        except (OSError, ValueError) as error:
            raise runs.InputError(f"--{flag.name}: {error}") from error
    if _INVARIANCE_IMAGES.value:
        sets["enlarged"] = open_set(
            size=tasks.invariance_size(sets["test"].shape),
            count=min(_INVARIANCE_IMAGES.value, len(sets["test"])),
        )
    wanted = sets["train"].classes
    if sets["test"].classes != wanted:
        raise runs.InputError(
            f"--test_set must have the {wanted} classes of --train_set. "
            f"Received: {sets['test'].classes}"
        )
    if sets["test"].class_names != sets["train"].class_names:
        raise runs.InputError(
            "--test_set must have the classes of --train_set. "
            f"Received: {_words(sets['test'])} and {_words(sets['train'])}"
        )
    if _TASK.value == "saliency" and wanted != 2:
        raise runs.InputError(
            "--task=saliency takes masks of two classes, background and "
            f"salient. Received: --train_set of {wanted}"
        )
    _TRAINING.check(
        len(sets["train"]), spread, f"--train_set={_TRAIN_SET.value}"
    )
    return sets


def _words(pairs):
    return ", ".join(pairs.class_names or ["classes without names"])


def _plans(sets):
    """Each network to train: a row's first columns.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import models

    for flag in (_BACKBONE, _WEIGHTS, _STAGES):
        if not any(flag.value):
            raise runs.InputError(
                f"--{flag.name} must name at least one. Received: nothing"
            )
    for flag, known in (
        (_HEAD, (*models.SEMANTIC_HEADS, _DEEPLAB)),
        (_ENLARGE, models.ENLARGEMENTS),
    ):
        if not flag.value or not set(flag.value) <= set(known):
            raise runs.InputError(
                f"--{flag.name} must be of {', '.join(known)}. "
                f"Received: {','.join(flag.value) or 'nothing'}"
            )
    runs.conversion_modes(_PADDING_MODE.value, own=True)
    if _DEEPLAB in _HEAD.value and _STAGES.value != _STAGES.default:
        raise runs.InputError(
            "--stages are those that heads fcn and fcn_skips read; deeplab "
            f"has its own. Received: {','.join(_STAGES.value)}"
        )
    plans = []
    for backbone, weights, head, enlarge, mode in itertools.product(
        _BACKBONE.value,
        _WEIGHTS.value,
        _HEAD.value,
        _ENLARGE.value,
        _PADDING_MODE.value,
    ):
        # DeepLab reads and enlarges in its own way.
        own = head == _DEEPLAB
        plan = {
            "backbone": backbone,
            "weights": weights,
            "stages": None if own else _stage_words(backbone),
            "head": head,
            "enlarge": None if own else enlarge,
            "padding_mode": mode,
        }
        if plan not in plans:
            plans.append(plan)
    for plan in plans:
        try:
            _network(plan, flags.FLAGS.seed, sets["train"])
        except ValueError as error:
            raise runs.InputError(f"{_flags_of(plan)}: {error}") from error
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {**plan, "seed": seed, "number": number}
        for seed in _TRAINING.seeds
        for number, plan in enumerate(plans, start=1)
    ]


def _flags_of(plan):
    """The flags that one network is made by."""
    given = {**plan, "size": ",".join(_SIZE.value)}
    del given["enlarge"], given["stages"]
    return " ".join(f"--{name}={value}" for name, value in given.items())


def _stage_words(backbone):
    """What rows say of the stages that are read of a backbone."""
    from keras_padpos import models

    layers = runs.stage_layers(backbone, _STAGES.value)
    if models.is_model_file(backbone):
        return ",".join(layers)
    known = list(models.stage_names(backbone))
    places = [known.index(layer) for layer in layers if layer in known]
    if places != sorted(set(places)):
        raise runs.InputError(
            "--stages must go from the first to the last, each once. "
            f"Received: {','.join(_STAGES.value)}"
        )
    return runs.stage_words(layers, known)


def _train_all(work, spread, plans, sets):
    def compute(plan, unit):
        if plan is None:
            return _look(sets, unit)
        return _train(work, spread, plan, sets, unit)

    return runs.train_units(
        work,
        [(_MASKS, None), *((_label(plan), plan) for plan in plans)],
        compute,
        total=lambda plan: _pictures(plan, sets),
        per_step=_TRAINING.batch_size,
    )


def _pictures(plan, sets):
    """How many are looked at: to train, to score, to compare patches."""
    scored = len(sets["test"]) + len(sets.get("enlarged", ()))
    if plan is None:
        return len(sets["train"]) + 2 * scored
    steps = _TRAINING.steps(len(sets["train"]))
    return steps * _TRAINING.batch_size + scored


def _label(plan):
    """What a network is called in progress, arrays and files.

    The number tells networks apart whose files are called the same.
    """
    words = [
        os.path.basename(str(plan[name]))
        for name in ("backbone", "weights", "head", "enlarge", "padding_mode")
        if plan[name]
    ]
    words.insert(1, _TASK.value)
    return "-".join([str(plan["number"]), *words, f"seed{plan['seed']}"])


def _look(sets, unit):
    """Rows of the baselines, and some pictures to show."""
    from keras_padpos import tasks

    saliency = _TASK.value == "saliency"
    base = tasks.semantic_baselines(sets["train"], saliency=saliency)
    unit.advance(len(sets["train"]))
    rows = []
    for name, answer in base.items():
        plan = {"backbone": name, **dict.fromkeys(_COLUMNS[1:])}
        rows += _rows(plan, _scores(answer, sets, unit), sets, 0)
    pictures, masks = _examples(sets)
    prior = base["prior"](pictures[:1])
    return rows, {
        "pictures": pictures.astype("uint8"),
        "truth": masks,
        "prior": prior,
    }


def _examples(sets):
    """Some pictures to show, and their masks: from all over the test set."""
    if "examples" not in sets:
        # Neighbours are often frames of one film.
        step = max(1, min(len(sets["test"]), _LOOKED_AT) // _EXAMPLES)
        with contextlib.closing(iter(sets["test"])) as pairs:
            chosen = list(itertools.islice(pairs, 0, step * _EXAMPLES, step))
        pictures, masks = map(np.stack, zip(*chosen, strict=True))
        sets["examples"] = pictures.astype("float32"), masks
    return sets["examples"]


def _train(work, spread, plan, sets, unit):
    """Rows of one network, one for each band; its curve and some answers."""
    from keras_padpos import tasks

    network, note = unit.trained(
        lambda: _network(plan, plan["seed"], sets["train"]),
        lambda network: _trained(network, plan, sets, unit, spread),
        spread,
    )
    curves = unit.curves()
    steps = int(curves["step"][-1])
    if note["reason"]:
        scores = [{"band": "overall", "reason": note["reason"]}]
        return _rows(plan, scores, sets, steps), curves
    answer = tasks.semantic_answers(network)
    scores = _scores(answer, sets, unit)
    files = {
        "model": work.save_model(unit.label, network),
        "backbone_model": work.save_model(
            f"{unit.label}-backbone", _backbone_of(network)
        ),
    }
    rows = _rows(plan, [{**each, **files} for each in scores], sets, steps)
    answers = answer(_examples(sets)[0])
    if _TASK.value == "segmentation":
        answers = answers.astype("uint8")
    return rows, {**curves, "answers": answers}


def _trained(network, plan, sets, unit, spread):
    """The network, trained, on one device, and why it cannot be scored."""
    from keras_padpos import tasks
    from keras_padpos import training

    local = training.LocalModel(network, spread)
    tasks.train_semantic(
        network,
        sets["train"],
        **_TRAINING.options(),
        augmentation=_augmentation(plan["seed"]),
        seed=plan["seed"],
        log=unit.log,
        checkpoint=unit.rolling,
        spread=spread,
    )
    network = local.now()
    reason = runs.calibrated_at_end(
        network,
        _examples(sets)[0],
        functools.partial(
            tasks.calibrate_semantic,
            network,
            sets["train"],
            batch_size=_TRAINING.batch_size,
            seed=plan["seed"],
        )
        if _TRAINING.calibrates
        else None,
    )
    return network, {"reason": reason}


def _scores(answer, sets, unit):
    """Scores of one network: of all pixels, and of each band."""
    from keras_padpos import tasks

    overall, *bands = tasks.score_semantic(
        answer,
        sets["test"],
        saliency=_TASK.value == "saliency",
        batch_size=_TRAINING.batch_size,
        advance=unit.advance,
    )
    if "enlarged" in sets:
        overall |= tasks.score_invariance(
            answer,
            sets["enlarged"],
            sets["test"].shape,
            batch_size=_TRAINING.batch_size,
            advance=unit.advance,
        )
    if _TASK.value == "segmentation" and sets["test"].class_names:
        overall["class_names"] = list(sets["test"].class_names)
    return [overall, *bands]


def _rows(plan, scores, sets, steps):
    return [
        {
            **{name: plan[name] for name in _COLUMNS},
            "task": _TASK.value,
            **found,
            "train_set": _TRAIN_SET.value,
            "test_set": _TEST_SET.value,
            "size": list(sets["test"].shape),
            "train_images": len(sets["train"]),
            "test_images": len(sets["test"]),
            "epochs": _TRAINING.epochs if steps else 0,
            "steps": steps,
            "arrays": _label(plan) if steps else _MASKS,
        }
        for found in scores
    ]


def _network(plan, seed, pairs):
    import keras

    from keras_padpos import models

    # Both halves are drawn from the seed, whatever weights the first has.
    keras.utils.set_random_seed(seed)
    backbone, weights = plan["backbone"], plan["weights"]
    classes = 1 if _TASK.value == "saliency" else pairs.classes
    if plan["head"] == _DEEPLAB:
        return models.deeplab(
            backbone,
            classes,
            plan["padding_mode"],
            weights=weights,
            input_shape=(*pairs.shape, 3),
        )
    stages = runs.stage_layers(backbone, _STAGES.value)
    inner = models.backbone(
        backbone,
        weights,
        plan["padding_mode"],
        stages=stages,
        input_shape=(*pairs.shape, 3),
    )
    return models.semantic_net(
        inner,
        classes,
        head=plan["head"],
        stages=stages,
        enlarge=plan["enlarge"],
    )


def _backbone_of(network):
    from keras_padpos import models

    try:
        return models.backbone_of(network, any_size=True)
    except ValueError:  # a layer of a file takes one size only
        return models.backbone_of(network)


def _augmentation(seed):
    import keras

    from keras_padpos import data

    if not _FLIP.value:
        return None
    return data.JointAugmentation(
        [keras.layers.RandomFlip("horizontal")], seed=seed
    )


if __name__ == "__main__":
    runs.run(main)
