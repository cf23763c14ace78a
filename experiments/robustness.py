"""What borders have to do with how robust a classifier is.

Small classifiers are trained with each padding mode, with and without squares
cut out of their pictures (Cutout) that are black, white, of the mean colour or
noise. Then they are scored on clean pictures, on pictures with squares cut
out, and under attack: by random signs, picture by picture (PGD), and by one
perturbation for all pictures; on the whole picture, on its border alone, and
on as many pixels of its interior.
"""

import functools
import itertools

from absl import flags

from keras_padpos import runs
from keras_padpos import studies

_MODEL = flags.DEFINE_list(
    "model", ["vgg5"], "Networks: vgg5, resnet18, bagnet9, bagnet17, bagnet33."
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros", "reflect", "interpolate"],
    "Padding modes to train with: zeros, constant, reflect, symmetric, "
    "replicate, circular, distribution, randn, random_sides, partial, "
    "interpolate, none.",
)
_CUTOUT = flags.DEFINE_list(
    "cutout",
    ["off", "black", "mean"],
    "What squares are filled with while training: off (no squares), black, "
    "white, mean, random.",
)
_TEST_CUTOUT = flags.DEFINE_list(
    "test_cutout",
    ["black", "white", "mean", "random"],
    "What squares are filled with in test pictures, one after the other.",
)
_CUTOUT_SIZE = flags.DEFINE_float(
    "cutout_size",
    0.5,
    "Side of the squares, a share of the picture's.",
    lower_bound=0,
    upper_bound=1,
)
_ATTACKS = flags.DEFINE_list(
    "attacks",
    ["noise", "pgd", "universal"],
    "Attacks: noise (random signs), pgd (each picture by itself), universal "
    "(one perturbation, found on training pictures).",
)
_SHARES = flags.DEFINE_list(
    "shares",
    ["0.05", "0.1"],
    "Widths of the border that is attacked alone, shares of the picture's "
    "side; an interior of as many pixels is, too.",
)
_EPSILON = flags.DEFINE_list(
    "epsilon",
    ["2", "8"],
    "Sizes of the attacks: how far each value may move, of 0 to 255.",
)
_ATTACK_STEP = flags.DEFINE_float(
    "attack_step",
    0.25,
    "How far it does so at a time, a share of --epsilon.",
    lower_bound=0,
)
_ATTACK_STEPS = flags.DEFINE_integer(
    "attack_steps", 10, "How many times, with pgd.", lower_bound=1
)
_UNIVERSAL_EPOCHS = flags.DEFINE_integer(
    "universal_epochs",
    5,
    "Passes over --universal_images, with universal.",
    lower_bound=1,
)
_UNIVERSAL_IMAGES = flags.DEFINE_integer(
    "universal_images",
    500,
    "Training pictures that it is found on, the first.",
    lower_bound=1,
)
_DATASET = flags.DEFINE_string(
    "dataset",
    "cifar10",
    "Data set of TensorFlow Datasets with splits train and test and pictures "
    "with a class (--data_dir: where it is kept).",
)
_SIZE = flags.DEFINE_integer(
    "size",
    32,
    "Height and width that pictures are resized to; vgg5 without padding "
    "(none) takes 38 and more.",
    lower_bound=1,
)
_TRAINING = runs.define_training_flags(
    epochs=3,
    batch_size=48,
    learning_rate=1e-3,
    train_images=10000,
    test_images=500,
    seeds_of="first weights, order, squares and attacks",
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "model",
    "padding_mode",
    "cutout",
    "test_cutout",
    "cutout_size",
    "attacks",
    "shares",
    "epsilon",
    "attack_step",
    "attack_steps",
    "universal_epochs",
    "universal_images",
    "dataset",
    "size",
    *_TRAINING.names,
)
_OFF = "off"


def main(argv):
    """Train and attack each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    sets = _sets(spread)
    plans = _plans(sets)
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "robustness", runs.resolved_flags(_SCIENCE), spread
    )
    if not work.finished:
        runs.apply_common_flags()
        rows, arrays = _train_all(work, spread, plans, sets)
        work.save_arrays(arrays)
        studies.draw_robustness_figures(work, rows, arrays)
        work.write_results(rows, provenance.as_dict())
    studies.print_robustness_report(work)


def _sets(spread):
    """The sets, opened but not read."""
    from keras_padpos import data

    _TRAINING.check(_TRAINING.count("train"), spread, _dataset())
    try:
        sets = {
            split: data.open_labelled(
                f"tfds:{_DATASET.value}:{split}",
                size=_SIZE.value,
                count=_TRAINING.count(split),
                data_dir=flags.FLAGS.data_dir,
            )
            for split in ("train", "test")
        }
    except (OSError, ValueError) as error:
        raise runs.InputError(
            f"{_dataset()} cannot be read: {error}"
        ) from error
    _TRAINING.check(len(sets["train"]), spread, _dataset())
    return sets


def _dataset():
    return f"--dataset={_DATASET.value}"


def _plans(sets):
    """Each network to train: a row's first columns.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import tasks

    for flag, known, empty in (
        (_MODEL, tasks.LOCATION_NETS, False),
        (_CUTOUT, (_OFF, *tasks.CUTOUT_FILLS), False),
        (_TEST_CUTOUT, tasks.CUTOUT_FILLS, True),
        (_ATTACKS, tasks.ATTACKS, True),
    ):
        if not set(flag.value) <= set(known) or not (flag.value or empty):
            raise runs.InputError(
                f"--{flag.name} must be of {', '.join(known)}. "
                f"Received: {','.join(flag.value) or 'nothing'}"
            )
    if not _CUTOUT_SIZE.value:
        raise runs.InputError("--cutout_size must be above 0. Received: 0")
    for share in _numbers(_SHARES, 0.5):
        try:
            tasks.region_mask(_SIZE.value, _SIZE.value, "border", share)
        except ValueError as error:
            words = str(error).replace("`share`", "--shares")
            raise runs.InputError(words) from error
    if not _numbers(_EPSILON, 256) and _ATTACKS.value:
        raise runs.InputError(
            "--epsilon must name the sizes of --attacks="
            f"{','.join(_ATTACKS.value)}. Received: nothing"
        )
    if not _ATTACKS.value and not _TEST_CUTOUT.value:
        raise runs.InputError(
            "--attacks or --test_cutout must name something to measure. "
            "Received: nothing"
        )
    modes = runs.conversion_modes(_PADDING_MODE.value)
    names = ("model", "padding_mode", "cutout")
    plans = [
        dict(zip(names, values, strict=True))
        for values in itertools.product(
            *map(dict.fromkeys, (_MODEL.value, modes, _CUTOUT.value))
        )
    ]
    first = flags.FLAGS.seed
    for plan in plans:
        _network(**plan, seed=first, classes=sets["train"].classes)
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {**plan, "seed": seed} for seed in _TRAINING.seeds for plan in plans
    ]


def _numbers(flag, below):
    try:
        values = [float(value) for value in flag.value]
    except ValueError:
        values = [-1.0]
    if not all(0 < value < below for value in values):
        raise runs.InputError(
            f"--{flag.name} must be numbers between 0 and {below} with commas "
            f"between them. Received: {','.join(flag.value)}"
        )
    values = list(dict.fromkeys(values))
    # As figures and arrays are called.
    if len({f"{value:g}" for value in values}) < len(values):
        raise runs.InputError(
            f"--{flag.name} must differ in their first six digits. "
            f"Received: {','.join(flag.value)}"
        )
    return values


def _train_all(work, spread, plans, sets):
    read = functools.cache(
        lambda: {split: each.arrays() for split, each in sets.items()}
    )
    label = "{model}-{padding_mode}-{cutout}-seed{seed}".format
    pictures = _pictures(sets)
    return runs.train_units(
        work,
        [(label(**plan), plan) for plan in plans],
        lambda plan, unit: _train(work, spread, plan, sets, read(), unit),
        total=lambda plan: pictures,
        per_step=_TRAINING.batch_size,
    )


def _pictures(sets):
    """How many go through a network: to train it, and in each of its rows."""
    epsilons, shares = _numbers(_EPSILON, 256), _numbers(_SHARES, 0.5)
    attacks = len(set(_ATTACKS.value)) * len(epsilons)
    rows = 1 + len(set(_TEST_CUTOUT.value)) + attacks * (1 + 2 * len(shares))
    steps = _TRAINING.steps(len(sets["train"]))
    return steps * _TRAINING.batch_size + rows * len(sets["test"])


def _train(work, spread, plan, sets, read, unit):
    """Rows of one network; its curve and perturbations."""
    from keras_padpos import tasks

    seed = plan["seed"]
    network, note = runs.trained_classifier(
        work,
        unit,
        lambda: _network(**plan, classes=sets["train"].classes),
        *read["train"],
        spread=spread,
        calibrates=_TRAINING.calibrates,
        seed=seed,
        **_TRAINING.options(),
    )
    about = {
        "dataset": _DATASET.value,
        "size": _SIZE.value,
        "cutout_size": _CUTOUT_SIZE.value,
        "attack_step": _ATTACK_STEP.value,
        "attack_steps": _ATTACK_STEPS.value,
        "universal_epochs": _UNIVERSAL_EPOCHS.value,
        "universal_images": _UNIVERSAL_IMAGES.value,
        "train_images": len(read["train"][0]),
        "test_images": len(read["test"][0]),
        "epochs": _TRAINING.epochs,
        "steps": note["steps"],
        "learning_rate": _TRAINING.options()["learning_rate"],
        "arrays": unit.label,
    }
    reason, perturbations = note["reason"], {}
    if not reason:
        known = tuple(each[: _UNIVERSAL_IMAGES.value] for each in read["train"])
        try:
            rows, perturbations = tasks.score_robustness(
                network,
                *read["test"],
                known,
                fills=list(dict.fromkeys(_TEST_CUTOUT.value)),
                cutout_size=_CUTOUT_SIZE.value,
                attacks=list(dict.fromkeys(_ATTACKS.value)),
                shares=_numbers(_SHARES, 0.5),
                epsilons=_numbers(_EPSILON, 256),
                step=_ATTACK_STEP.value,
                steps=_ATTACK_STEPS.value,
                universal_epochs=_UNIVERSAL_EPOCHS.value,
                seed=seed,
                advance=lambda rows: unit.advance(rows * len(read["test"][0])),
                checkpoint=unit.scoring,
            )
        except tasks.GradientError:
            reason = "gradients are not finite: training has diverged"
    if reason:
        trial = dict.fromkeys(("attack", "fill", "region", "share", "epsilon"))
        rows = [{**trial, "reason": reason}]
    rows = [{**plan, **row, **about} for row in rows]
    return rows, {**unit.curves(), **perturbations}


def _network(model, padding_mode, cutout, seed, classes):
    import keras

    from keras_padpos import tasks

    keras.utils.set_random_seed(seed)
    return tasks.classification_net(
        model,
        classes,
        padding_mode=padding_mode,
        cutout=None if cutout == _OFF else cutout,
        cutout_size=_CUTOUT_SIZE.value,
        seed=seed,
        size=_SIZE.value,
    )


if __name__ == "__main__":
    runs.run(main)
