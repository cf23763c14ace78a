"""Whether a network knows where it looks: F-Conv's tests.

`red_green` trains small nets that differ in how they meet the border, on
pictures whose class is an order of colours and a place besides.
`four_quadrants` asks how far from the border a network can still tell in which
corner of a canvas a picture stands. Printed beside the paper's numbers.
"""

import contextlib
import functools
import itertools

import numpy as np
from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos import studies

_TEST = flags.DEFINE_list(
    "test", ["red_green"], "Tests: red_green, four_quadrants."
)
_SPLITS = flags.DEFINE_list(
    "splits",
    ["released", "disjoint"],
    "Sets: released (validation and test pictures are among those of the "
    "training), disjoint (no picture is in two sets).",
)
_SEEDS = flags.DEFINE_integer(
    "seeds",
    10,
    "Number of seeds, from --seed on, of initial weights and of the order of "
    "the examples.",
    lower_bound=1,
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros", "circular"],
    "What added cells hold, with same and full convolutions and in networks: "
    "zeros, constant, reflect, symmetric, replicate, circular, distribution, "
    "randn, random_sides, partial; for four_quadrants also own (as the "
    "network has it), interpolate and none.",
)
_EPOCHS = flags.DEFINE_integer(
    "epochs",
    None,
    "Passes over the training pictures, at most. If not given: as released, "
    "50 for red_green, 30 for four_quadrants.",
    lower_bound=1,
)
_CONVOLUTION = flags.DEFINE_list(
    "convolution",
    ["valid", "same", "full"],
    "For red_green: cells that each convolution adds on each side: valid "
    "(none), same (one), full (two).",
)
_BACKBONE = flags.DEFINE_list(
    "backbone",
    ["resnet18"],
    "For four_quadrants: networks: bagnet33, vgg16, vgg19, resnet18, resnet50, "
    "resnet152, mobilenet, efficientnetb0, densenet121, or the path of a "
    ".keras file that takes raw RGB of any size (with --layer).",
)
_WEIGHTS = flags.DEFINE_list(
    "weights",
    ["random"],
    "For four_quadrants: weights of the networks: imagenet, bundled (vgg16), "
    "random, or the path of a weights file; of a .keras file: file or random.",
)
_LAYER = flags.DEFINE_string(
    "layer",
    None,
    "For four_quadrants: layer whose map is pooled. If not given: the last "
    "stage; a .keras file needs it.",
)
_TRAIN = flags.DEFINE_list(
    "train",
    ["frozen"],
    "For four_quadrants: frozen (a dense layer alone is trained), scratch "
    "(all weights are, from those of --weights on).",
)
_BORDERS = flags.DEFINE_list(
    "borders",
    ["0", "16", "32", "64"],
    "For four_quadrants: pixels around the canvas of 120x120.",
)
_IMAGES = flags.DEFINE_string(
    "images",
    "samples:train",
    "For four_quadrants: set of pictures: samples:train, samples:test, "
    "tfds:NAME:SPLIT, noise, or a folder, DIR or DIR[:120].",
)
_PICTURES = flags.DEFINE_list(
    "pictures",
    ["90"],
    "For four_quadrants: the first so many of --images: one number, or one "
    "for each of --borders. Disjoint splits train on a third of them.",
)
_BACKGROUND = flags.DEFINE_enum(
    "background",
    "mean",
    ["mean", "black"],
    "For four_quadrants: colour of canvas and border. mean: ImageNet's, which "
    "preparing pictures for a network makes zeros, as in the released code.",
)
_CALIBRATE = flags.DEFINE_integer(
    "calibrate_batch_norm",
    16,
    "For four_quadrants: pictures, in both corners, that set the BatchNorm "
    "statistics of frozen networks with random weights, at each border anew; "
    "0: they stay as Keras initialises them.",
    lower_bound=0,
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    8,
    "For four_quadrants: canvases that go through a frozen network at once.",
    lower_bound=1,
)
runs.define_common_flags(spreads=True)

_SHARED = ("test", "splits", "seeds", "padding_mode", "epochs")
# Flags that decide a test's numbers, besides.
_SCIENCE = {
    "red_green": ("convolution",),
    "four_quadrants": (
        "backbone",
        "weights",
        "layer",
        "train",
        "borders",
        "images",
        "pictures",
        "background",
        "calibrate_batch_norm",
    ),
}
_CHOICES = (
    (_TEST, tuple(_SCIENCE)),
    (_SPLITS, ("released", "disjoint")),
    (_CONVOLUTION, ("valid", "same", "full")),
    (_TRAIN, ("frozen", "scratch")),
)

# ImageNet's mean red, green and blue, as Keras prepares pictures.
_MEAN_COLOUR = (123.675, 116.28, 103.53)

# Canvases a batch whose BatchNorm statistics are taken, as in training.
_CALIBRATION_BATCH = 8


def main(argv):
    """Run each unit of the tests, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    units = _units()
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    names = [
        name
        for test in _SCIENCE
        if test in _TEST.value
        for name in _SCIENCE[test]
    ]
    work = runs.open_work_directory(
        "fconv_tests", runs.resolved_flags([*_SHARED, *names]), spread
    )
    if not work.finished:
        runs.apply_common_flags()
        rows = _run(work, spread, units)
        studies.draw_fconv_figures(work, rows)
        work.write_results(rows, provenance.as_dict())
    studies.print_fconv_report(work)


def _units():
    """From the name of each unit of work to what computes its rows.

    What cannot work is refused here, before anything is computed or written.
    """
    for flag, known in _CHOICES:
        if not flag.value or not set(flag.value) <= set(known):
            raise runs.InputError(
                f"--{flag.name} must be of {', '.join(known)}. "
                f"Received: {','.join(flag.value) or 'nothing'}"
            )
    if not _PADDING_MODE.value:
        raise runs.InputError(
            "--padding_mode must name a mode. Received: nothing"
        )
    units = {}
    seeds = range(flags.FLAGS.seed, flags.FLAGS.seed + _SEEDS.value)
    if "red_green" in _TEST.value:
        units.update(_red_green_units(seeds))
    if "four_quadrants" in _TEST.value:
        units.update(_quadrant_units(seeds))
    return units


def _red_green_units(seeds):
    from keras_padpos import padding

    units = {}
    # The seed changes last, so that a run that is stopped has some of all.
    for seed, splits, convolution, mode in itertools.product(
        seeds, _SPLITS.value, _CONVOLUTION.value, _PADDING_MODE.value
    ):
        padding.get(mode)
        if convolution == "valid":
            mode = "none"
        units[f"red_green-{splits}-{convolution}-{mode}-seed{seed}"] = (
            functools.partial(_red_green, splits, convolution, mode, seed)
        )
    return units


def _quadrant_units(seeds):
    borders = runs.whole_numbers("borders", _BORDERS.value)
    counts = runs.whole_numbers("pictures", _PICTURES.value, 3)
    if len(counts) not in (1, len(borders)):
        raise runs.InputError(
            "--pictures must be one number, or one for each of --borders. "
            f"Received: {','.join(_PICTURES.value)}"
        )
    if len(counts) == 1:
        counts *= len(borders)
    counts = dict(zip(borders, counts, strict=True))
    networks = list(
        itertools.product(_BACKBONE.value, _WEIGHTS.value, _PADDING_MODE.value)
    )
    for network in networks:
        studies.check_fconv_network(*network, _LAYER.value)
    images = _open(max(counts.values()))
    units = {}
    for seed, network, train, border in itertools.product(
        seeds, networks, _TRAIN.value, borders
    ):
        words = "-".join(network)
        units[f"four_quadrants-{words}-{train}-border{border}-seed{seed}"] = (
            functools.partial(
                _four_quadrants,
                network,
                train,
                border,
                seed,
                images,
                counts[border],
            )
        )
    return units


def _open(count):
    """The first pictures of `--images`."""
    from keras_padpos import data
    from keras_padpos import tasks

    return data.open_images(
        _IMAGES.value,
        size=tasks.PATCH,
        count=min(count, flags.FLAGS.max_images or count),
        seed=flags.FLAGS.seed,
        data_dir=flags.FLAGS.data_dir,
    )


@functools.cache
def _pictures(images):
    return np.stack(list(images))


def _run(work, spread, units):
    rows = []
    with report.Progress(units=len(units)) as progress:
        for label, compute in units.items():
            found = work.checkpoint(label)
            trainings = {
                name: runs.RollingCheckpoint(
                    work, f"{label}{name}", flags.FLAGS.checkpoint_seconds
                )
                # One for each training of a unit.
                for name in ("", *(f" {each}" for each in _SPLITS.value))
            }
            if found:
                progress.done_before(label)
            else:
                noun = "epochs" if label.startswith("red") else "images"
                with progress.unit(label, noun=noun) as advance:
                    found = work.save_checkpoint(
                        label, compute(spread, trainings, advance)
                    )
            # Also left over if it was killed between these two steps.
            for checkpoint in trainings.values():
                checkpoint.remove()
            rows += found[0]
    return rows


def _red_green(splits, convolution, mode, seed, spread, trainings, advance):
    """Rows of one net."""
    import keras

    from keras_padpos import models
    from keras_padpos import tasks

    keras.utils.set_random_seed(seed)
    with spread.scope():
        net = models.red_green_net(
            convolution, padding_mode="zeros" if mode == "none" else mode
        )

    def log(**metrics):
        trainings[""].log(**metrics)
        advance()

    sizes = tasks.RED_GREEN_SIZES
    sets = tasks.red_green(
        splits,
        **{
            name: min(size, flags.FLAGS.max_images or size)
            for name, size in sizes.items()
        },
    )
    scores = tasks.train_red_green(
        net,
        sets,
        epochs=_EPOCHS.value or tasks.RED_GREEN_EPOCHS,
        log=log,
        checkpoint=trainings[""],
        spread=spread,
    )
    return [
        {
            "test": "red_green",
            "splits": splits,
            "convolution": convolution,
            "padding_mode": mode,
            "seed": seed,
            "test_set": name,
            "images": len(sets[name][1]),
            "accuracy": scores[name],
            "train_accuracy": scores["train"],
            "train_images": len(sets["train"][1]),
            "epochs": scores["epochs"],
            "best_epoch": scores["best_epoch"],
            "validation_cross_entropy": scores["validation_cross_entropy"],
        }
        for name in ("similar", "dissimilar")
    ]


def _four_quadrants(
    network, train, border, seed, images, count, spread, trainings, advance
):
    """Rows of one network at one border."""
    from keras_padpos import models
    from keras_padpos import tasks

    backbone, weights, mode = network
    pictures = _pictures(images)[:count]
    frozen = train == "frozen"
    with contextlib.nullcontext() if frozen else spread.scope():
        model = studies.fconv_network(*network, layer=_LAYER.value, seed=seed)
    fill = _MEAN_COLOUR if _BACKGROUND.value == "mean" else 0.0
    calibrated = 0
    if frozen and weights == "random" and _CALIBRATE.value:
        chosen = pictures[: _CALIBRATE.value]
        step = _CALIBRATION_BATCH // 2
        calibrated = models.calibrate_batch_norm(
            model,
            (
                tasks.four_quadrants(
                    chosen[start : start + step], border, fill=fill
                )[0]
                for start in range(0, len(chosen), step)
            ),
        )
    scores = tasks.score_quadrants(
        model,
        pictures,
        border,
        frozen=frozen,
        splits=_SPLITS.value,
        epochs=_EPOCHS.value or tasks.QUADRANT_EPOCHS,
        seed=seed,
        batch_size=_BATCH_SIZE.value,
        advance=advance,
        checkpoint=lambda splits: trainings[f" {splits}"],
        spread=spread,
        fill=fill,
    )
    for splits, found in scores.items():
        trainings[""].log(splits=splits, **found)
    return [
        {
            "test": "four_quadrants",
            "backbone": backbone,
            "weights": weights,
            "padding_mode": mode,
            "train": train,
            "splits": splits,
            "border": border,
            "seed": seed,
            "background": _BACKGROUND.value,
            "calibration_images": calibrated,
            **found,
        }
        for splits, found in scores.items()
    ]


if __name__ == "__main__":
    runs.run(main)
