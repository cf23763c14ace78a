"""Whether a network that recognises textures needs its borders.

A backbone's last map is averaged and a dense layer tells the class, for each
padding mode. Place says nothing of a texture: what padding tells the network
about position can be of no use here, and may be in the way.
"""

import contextlib
import functools
import itertools

from absl import flags

from keras_padpos import runs
from keras_padpos import studies

_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["vgg16"],
    "Networks: vgg16, vgg19, resnet18, vgg5, resnet50, resnet152, mobilenet, "
    "efficientnetb0, densenet121, or the path of a .keras file that takes raw "
    "RGB (with --layer).",
)
_WEIGHTS = flags.DEFINE_list(
    "weights",
    ["bundled"],
    "Weights of the networks: imagenet, bundled (vgg16), random, or the path "
    "of a weights file; of a .keras file: file or random.",
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros", "reflect", "none"],
    "Padding modes: own (as the network has it), zeros, constant, reflect, "
    "symmetric, replicate, circular, distribution, randn, random_sides, "
    "partial, interpolate, none.",
)
_LAYER = flags.DEFINE_string(
    "layer",
    None,
    "Layer whose map is averaged. If not given: the last stage; a .keras file "
    "needs it.",
)
_TRAIN = flags.DEFINE_list(
    "train",
    ["frozen"],
    "frozen (a dense layer alone is trained), scratch (all weights are, from "
    "those of --weights on).",
)
_TRAIN_SET = flags.DEFINE_string(
    "train_set",
    "tfds:dtd:train",
    "Pictures to train on: tfds:NAME:SPLIT (--data_dir: where it is kept), or "
    "a folder with a sub-folder of pictures a class. All are held in memory.",
)
_TEST_SET = flags.DEFINE_string(
    "test_set", "tfds:dtd:test", "Pictures to test on, likewise."
)
_SIZE = flags.DEFINE_list(
    "size",
    ["224"],
    "Height and width of the pictures in pixels, or one number for both.",
)
_TRAINING = runs.define_training_flags(
    epochs=10,
    batch_size=16,
    learning_rate=None,
    rate_note="along half a cosine. If not given: 1e-3 for frozen, 1e-4 for "
    "scratch",
    train_note=", of a folder its classes in turn",
    test_note=", likewise",
    calibrates="Take BatchNorm's statistics from training pictures: of "
    "networks trained from scratch before the scores, of frozen ones before "
    "the training, whatever their padding mode.",
    seeds_of="random weights and order",
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "backbone",
    "weights",
    "padding_mode",
    "layer",
    "train",
    "train_set",
    "test_set",
    "size",
    *_TRAINING.names,
)
_FROZEN = "frozen"
_RATES = {_FROZEN: 1e-3, "scratch": 1e-4}


def main(argv):
    """Train and score each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    sets = _sets(spread)
    plans = _plans(sets)
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "texture", runs.resolved_flags(_SCIENCE), spread
    )
    if not work.finished:
        runs.apply_common_flags()
        rows, arrays = _train_all(work, spread, plans, sets)
        work.save_arrays(arrays)
        studies.draw_texture_figures(work, rows, arrays)
        work.write_results(rows, provenance.as_dict())
    studies.print_texture_report(work)


def _sets(spread):
    """The sets, opened but not read."""
    from keras_padpos import data

    size = runs.whole_numbers("size", _SIZE.value, 1)
    if len(size) > 2:
        raise runs.InputError(
            "--size must be one number, or height and width. "
            f"Received: {','.join(_SIZE.value)}"
        )
    sets = {}
    for split, flag in (("train", _TRAIN_SET), ("test", _TEST_SET)):
        try:
            sets[flag.name] = data.open_labelled(
                flag.value,
                size=(size[0], size[-1]),
                count=_TRAINING.count(split),
                data_dir=flags.FLAGS.data_dir,
            )
        except (OSError, ValueError) as error:
            raise runs.InputError(f"--{flag.name}: {error}") from error
    train, test = sets["train_set"], sets["test_set"]
    if (train.classes, train.class_names) != (test.classes, test.class_names):
        raise runs.InputError(
            f"--test_set must have the classes of --train_set, "
            f"{_classes(train)}. Received: {_classes(test)}"
        )
    _TRAINING.check(len(train), spread, f"--train_set={_TRAIN_SET.value}")
    if len(train) < train.classes:
        raise runs.InputError(
            f"--train_set must have at least as many pictures as classes, "
            f"{train.classes}. Received: {len(train)}, with "
            f"{_TRAINING.count_flag('train') or _TRAIN_SET.value}"
        )
    return sets


def _classes(pictures):
    names = pictures.class_names
    return (
        f"{pictures.classes} ({', '.join(names[:3])}, ...)"
        if names
        else (str(pictures.classes))
    )


def _plans(sets):
    """Each network to train: a row's first columns.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import models

    if not _TRAIN.value or not set(_TRAIN.value) <= set(_RATES):
        raise runs.InputError(
            f"--train must be of {', '.join(_RATES)}. "
            f"Received: {','.join(_TRAIN.value) or 'nothing'}"
        )
    if not _BACKBONE.value or not _WEIGHTS.value:
        raise runs.InputError(
            "--backbone and --weights must name a network and its weights. "
            "Received: nothing"
        )
    runs.conversion_modes(_PADDING_MODE.value, own=True)
    names = ("backbone", "weights", "padding_mode", "train")
    lists = (
        _BACKBONE.value,
        _WEIGHTS.value,
        _PADDING_MODE.value,
        _TRAIN.value,
    )
    plans = [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*map(dict.fromkeys, lists))
    ]
    for name, weights in itertools.product(_BACKBONE.value, _WEIGHTS.value):
        with _naming(f"--backbone={name}, --weights={weights}"):
            models.check_weights(name, weights)
        if _LAYER.value is None:
            # Raises for a file, and proposes layers.
            with _naming(f"--backbone={name}"):
                models.stage_names(name)
    first = flags.FLAGS.seed
    # With random weights, which need not be read: whether it can be built.
    for plan in plans:
        given = f"--backbone={plan['backbone']}"
        if _LAYER.value is not None:
            given += f", --layer={_LAYER.value}"
        with _naming(f"{given}, --padding_mode={plan['padding_mode']}"):
            _network(**{**plan, "weights": "random"}, seed=first, sets=sets)
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {**plan, "seed": seed} for seed in _TRAINING.seeds for plan in plans
    ]


@contextlib.contextmanager
def _naming(given):
    """Put the flags before what the library says."""
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        raise runs.InputError(f"{given}: {error}") from error


def _train_all(work, spread, plans, sets):
    read = functools.cache(
        lambda: {name: each.arrays() for name, each in sets.items()}
    )
    steps = _TRAINING.steps(len(sets["train_set"]))
    pictures = steps * _TRAINING.batch_size + len(sets["test_set"])
    return runs.train_units(
        work,
        [
            # A backbone may be a path.
            (f"{number}-{plan['padding_mode']}-seed{plan['seed']}", plan)
            for number, plan in enumerate(plans)
        ],
        lambda plan, unit: _train(work, spread, plan, sets, read(), unit),
        total=lambda plan: pictures,
        per_step=_TRAINING.batch_size,
    )


def _train(work, spread, plan, sets, read, unit):
    """The row of one network; its curve and its confusion matrix."""
    from keras_padpos import tasks

    frozen = plan["train"] == _FROZEN
    pictures, labels = read["train_set"]

    def prepare(network):
        calibrated = 0
        if _TRAINING.calibrates and frozen:
            calibrated = runs.calibrated_at_first(
                network,
                pictures,
                spread,
                batch_size=_TRAINING.batch_size,
                seed=plan["seed"],
            )
        return {"calibration_images": calibrated}

    options = _TRAINING.options()
    if options["learning_rate"] is None:
        options["learning_rate"] = _RATES[plan["train"]]
    network, note = runs.trained_classifier(
        work,
        unit,
        lambda: _network(**plan, sets=sets),
        pictures,
        labels,
        spread=spread,
        calibrates=_TRAINING.calibrates and not frozen,
        seed=plan["seed"],
        prepare=prepare,
        **options,
    )
    about = {
        **plan,
        "layer": _LAYER.value,
        "train_set": _TRAIN_SET.value,
        "test_set": _TEST_SET.value,
        "size": list(sets["train_set"].shape),
        "classes": sets["train_set"].classes,
        "class_names": list(sets["train_set"].class_names or ()) or None,
        "calibration_images": note["calibration_images"],
        "train_images": len(pictures),
        "test_images": len(read["test_set"][0]),
        "epochs": _TRAINING.epochs,
        "steps": note["steps"],
        "learning_rate": options["learning_rate"],
        "arrays": unit.label,
    }
    if note["reason"]:
        return [{**about, "reason": note["reason"]}], unit.curves()
    scores, confusion = tasks.score_classifier(
        network, *read["test_set"], batch_size=_TRAINING.batch_size
    )
    unit.advance(len(read["test_set"][0]))
    return [{**about, **scores}], {**unit.curves(), "confusion": confusion}


def _network(backbone, weights, padding_mode, train, seed, sets):
    from keras_padpos import tasks

    return tasks.texture_net(
        backbone,
        weights,
        padding_mode,
        classes=sets["train_set"].classes,
        size=sets["train_set"].shape,
        layer=_LAYER.value,
        frozen=train == _FROZEN,
        seed=seed,
    )


if __name__ == "__main__":
    runs.run(main)
