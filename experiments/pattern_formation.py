"""Whether the pattern that padding leaves is learned.

A small network is trained on CIFAR-10 under each padding mode, all from the
same first weights, and the pattern is measured on the same crops of
photographs at some steps, the first before any training. A network without
padding has none at all times: the null check.
"""

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos import studies

_MODEL = flags.DEFINE_enum(
    "model", "vgg5", ["vgg5", "resnet18"], "Network to train."
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    [
        "zeros",
        "reflect",
        "replicate",
        "circular",
        "distribution",
        "randn",
        "partial",
        "none",
    ],
    "Padding modes to train with: zeros, constant, reflect, symmetric, "
    "replicate, circular, distribution, randn, random_sides, partial, "
    "interpolate, none.",
)
_DATASET = flags.DEFINE_string(
    "dataset",
    "cifar10",
    "Data set of TensorFlow Datasets with splits train and test, pictures and "
    "classes (--data_dir: where it is kept).",
)
_SIZE = flags.DEFINE_integer(
    "size",
    40,
    "Height and width, in pixels, that the data set's pictures are resized "
    "to, and of the crops that the pattern is measured on. VGG-5 without "
    "padding needs 39; all others take CIFAR's own 32.",
    lower_bound=1,
)
_TRAINING = runs.define_training_flags(
    epochs=8,
    batch_size=64,
    learning_rate=1e-3,
    train_images=10000,
    test_images=2000,
    max_steps=False,
    log_steps=None,
    calibrates=False,
    seeds=3,
    seeds_of="first weights and of the order of the pictures",
)
_CALIBRATE = flags.DEFINE_integer(
    "calibrate_batch_norm",
    256,
    "Training pictures that set BatchNorm's statistics before the first step, "
    "so that the untrained network normalises; 0: they stay as Keras "
    "initialises them.",
    lower_bound=0,
)
_CHECKPOINTS = flags.DEFINE_list(
    "checkpoints",
    ["0", "10", "30", "100", "300", "1000"],
    "Training steps after which the pattern is measured; 0 and the last step "
    "are always among them.",
)
_IMAGES = flags.DEFINE_list(
    "images",
    ["samples:train", "samples:test"],
    "Photographs to measure the pattern on: samples:train, samples:test, a "
    "folder DIR or DIR[:120], or tfds:NAME:SPLIT.",
)
_SHORTER_SIDE = flags.DEFINE_integer(
    "shorter_side",
    80,
    "Shrink each photograph so that its shorter side has so many pixels: "
    "crops then show about as much as CIFAR's pictures do.",
    lower_bound=1,
)
_PATTERN_CROPS = flags.DEFINE_integer(
    "pattern_crops",
    240,
    "Crops that the pattern is measured on, of all photographs evenly; the "
    "same for every network and step.",
    lower_bound=2,
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "model",
    "padding_mode",
    "dataset",
    "size",
    *_TRAINING.names,
    "calibrate_batch_norm",
    "checkpoints",
    "images",
    "shorter_side",
    "pattern_crops",
)
# Larger ones would change the statistics of a network's later BatchNorms.
_CALIBRATION_BATCH = 64
_SCORING_BATCH = 256


def main(argv):
    """Train each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    _check_flags(spread)
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "pattern_formation", runs.resolved_flags(_SCIENCE), spread
    )
    if not work.finished:
        runs.apply_common_flags()
        _train_all(work, spread, provenance)
    studies.print_formation_report(work)


def _check_flags(spread):
    """Refuse what cannot work before anything is computed or written."""
    modes = runs.conversion_modes(_PADDING_MODE.value)
    runs.whole_numbers("checkpoints", _CHECKPOINTS.value)
    _TRAINING.check(
        _TRAINING.count("train"), spread, f"--dataset={_DATASET.value}"
    )
    if not any(map(str.strip, _IMAGES.value)):
        raise runs.InputError("--images must name a set. Received: nothing")
    for mode in modes:
        _network(mode, flags.FLAGS.seed)


def _train_all(work, spread, provenance):
    from keras_padpos import data

    sets = {
        split: data.labelled_pictures(
            f"{_DATASET.value}:{split}",
            _SIZE.value,
            count=_TRAINING.count(split),
            data_dir=flags.FLAGS.data_dir,
        )
        for split in ("train", "test")
    }
    classes = 1 + max(int(labels.max()) for _, labels in sets.values())
    modes = list(dict.fromkeys(_PADDING_MODE.value))
    crops = None
    rows, arrays, skipped = [], {}, {}
    with report.Progress(units=len(modes) * len(_TRAINING.seeds)) as progress:
        for mode in modes:
            formation = None
            for seed in _TRAINING.seeds:
                label = f"{_MODEL.value}-{mode}-seed{seed}"
                found = work.checkpoint(label)
                if found:
                    # Left over if it was killed between two steps.
                    runs.RollingCheckpoint(work, label).remove()
                    progress.done_before(label)
                else:
                    formation = formation or _formation(mode, classes)
                    crops = crops or _crops(formation.picture_shape)
                    with progress.unit(label, noun="measurements") as advance:
                        found = _train(
                            work,
                            spread,
                            label,
                            (mode, seed, classes),
                            sets,
                            formation,
                            crops,
                            advance,
                        )
                (note,), new = found
                rows += note["rows"]
                skipped |= note["skipped"]
                arrays.update(
                    {f"{label}/{name}": array for name, array in new.items()}
                )
    work.save_arrays(arrays)
    studies.draw_formation_figures(work, rows, arrays)
    work.write_results(rows, {**provenance.as_dict(), "skipped": skipped})


def _train(work, spread, label, network, sets, formation, crops, advance):
    """Rows and arrays of one network."""
    from keras_padpos import models
    from keras_padpos import tasks
    from keras_padpos import training

    mode, seed, classes = network
    with spread.scope():
        network = _network(mode, seed, classes)
    local = training.LocalModel(network, spread)
    pictures, labels = sets["train"]
    calibrated = 0
    if _CALIBRATE.value:
        calibrated = models.calibrate_batch_norm(
            network, _first(pictures, _CALIBRATE.value)
        )
    found = runs.FoundRows()
    rolling = runs.RollingCheckpoint(
        work, label, flags.FLAGS.checkpoint_seconds
    )
    for at in training.train_in_steps(
        network,
        pictures,
        labels,
        checkpoints=runs.whole_numbers("checkpoints", _CHECKPOINTS.value),
        **_TRAINING.options(),
        seed=seed,
        parts={"found": found, "local": local},
        checkpoint=rolling,
        spread=spread,
    ):
        if found.has(f"step{at.step}"):
            advance()
            continue
        rows, maps = formation.measure(local.now(), *crops["crops"])
        accuracy = tasks.class_accuracy(
            local.now(), *sets["test"], _SCORING_BATCH
        )
        rolling.log(**at._asdict(), test_accuracy=accuracy)
        shared = {
            "model": _MODEL.value,
            "padding_mode": mode,
            "seed": seed,
            "step": at.step,
            "epoch": at.epoch,
            "loss": at.loss,
            "test_accuracy": accuracy,
            "train_images": len(pictures),
            "test_images": len(sets["test"][0]),
            "calibration_images": calibrated,
            "crop": _SIZE.value,
            "image_set": crops["name"],
        }
        found.add(
            f"step{at.step}",
            [
                {
                    **shared,
                    **row,
                    "arrays": f"{label}/step{at.step}/{row['layer']}",
                }
                for row in rows
            ],
            maps,
        )
        advance()
    work.save_model(label, local.now())
    note = {"rows": found.rows, "skipped": crops["skipped"]}
    saved = work.save_checkpoint(label, [note], found.arrays)
    rolling.remove()
    return saved


def _network(mode, seed, classes=10):
    return studies.formation_network(
        _MODEL.value, mode, _SIZE.value, classes=classes, seed=seed
    )


def _formation(mode, classes):
    """What measures the networks of a mode, whatever their seed."""
    from keras_padpos import ppp

    seed = flags.FLAGS.seed
    formation = ppp.PatternFormation(
        _network(mode, seed, classes),
        studies.FORMATION_STAGES[_MODEL.value],
        _SIZE.value,
        base=_network("zeros", seed, classes),
    )
    needed = max(formation.picture_shape)
    if _SHORTER_SIDE.value < needed:
        raise runs.InputError(
            f"--shorter_side must be at least {needed}: crops of --size="
            f"{_SIZE.value} and what lies around them as far as "
            f"{_MODEL.value} sees. Received: {_SHORTER_SIDE.value}"
        )
    return formation


def _crops(shape):
    """The crops that all networks are measured on, read once."""
    import numpy as np

    from keras_padpos import data

    count = _at_most(_PATTERN_CROPS.value)
    images = data.open_crops(
        runs.picture_sets(_IMAGES.value),
        shape,
        per_picture=count,
        shorter_side=_SHORTER_SIDE.value,
        count=count,
        seed=flags.FLAGS.seed,
        data_dir=flags.FLAGS.data_dir,
    )
    batches = list(images.numbered_batches(64))
    return {
        "name": images.name,
        "skipped": {images.name: images.broken} if images.broken else {},
        "crops": [np.concatenate(each) for each in zip(*batches, strict=True)],
    }


def _first(pictures, count):
    """The first pictures, in batches that no flag changes."""
    for start in range(0, min(count, len(pictures)), _CALIBRATION_BATCH):
        stop = min(start + _CALIBRATION_BATCH, count)
        yield pictures[start:stop]


def _at_most(count):
    """A number of pictures, of which --max_images allows so many."""
    return min(count, flags.FLAGS.max_images or count)


if __name__ == "__main__":
    runs.run(main)
