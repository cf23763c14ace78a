"""Tasks whose difficulty depends on where things are.

A CIFAR-10 picture stands in one cell of a canvas. What is it, in which cell is
it, and which pixels are its own? Small networks are trained with each padding
mode, canvas and grid, and scored with every test picture in every cell; then
it is counted how many of their units say something about class and place.
"""

import itertools

import numpy as np
from absl import flags

from keras_padpos import runs

_MODEL = flags.DEFINE_list(
    "model", ["vgg5"], "Networks: vgg5, resnet18, bagnet9, bagnet17, bagnet33."
)
_PADDING_MODE = flags.DEFINE_list(
    "padding_mode",
    ["zeros", "none"],
    "Padding modes to train with: zeros, constant, reflect, symmetric, "
    "replicate, circular, distribution, randn, random_sides, partial, "
    "interpolate, none.",
)
_TASK = flags.DEFINE_list(
    "task",
    ["location"],
    "Tasks: classification, location (which cell), both (a head each), "
    "segmentation.",
)
_CANVAS = flags.DEFINE_list(
    "canvas", ["black"], "Colours of the canvas: black, white, mean."
)
_GRID = flags.DEFINE_list(
    "grid", ["3"], "Cells in a row and in a column of the canvas."
)
_CHANNELS = flags.DEFINE_list(
    "channels",
    ["ordered"],
    "Order of the pooled channels: ordered, or permuted anew at every call, "
    "so that no unit is known by its place (PermuteNet).",
)
_EPOCHS = flags.DEFINE_integer(
    "epochs", 3, "Passes over the training pictures.", lower_bound=1
)
_MAX_STEPS = flags.DEFINE_integer(
    "max_steps",
    None,
    "Stop training after so many steps, whatever --epochs says.",
    lower_bound=1,
)
_DATASET = flags.DEFINE_string(
    "dataset",
    "cifar10",
    "Data set of TensorFlow Datasets with splits train and test, pictures and "
    "up to ten classes (--data_dir: where it is kept).",
)
_TRAIN_IMAGES = flags.DEFINE_integer(
    "train_images", 10000, "Pictures to train on, the first.", lower_bound=1
)
_TEST_IMAGES = flags.DEFINE_integer(
    "test_images",
    500,
    "Pictures to test on, the first, each in every cell.",
    lower_bound=1,
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 48, "Pictures a training step.", lower_bound=1
)
_CALIBRATE_BATCH_NORM = flags.DEFINE_boolean(
    "calibrate_batch_norm",
    True,
    "Take BatchNorm's statistics from training pictures again before the "
    "scores: the running ones lag behind weights that change fast.",
)
_LOG_STEPS = flags.DEFINE_integer(
    "log_steps", 50, "Steps between two points of a curve.", lower_bound=1
)
_SEEDS = flags.DEFINE_integer(
    "seeds",
    1,
    "Number of seeds, from --seed on, of first weights, cells and order.",
    lower_bound=1,
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "model",
    "padding_mode",
    "task",
    "canvas",
    "grid",
    "channels",
    "epochs",
    "max_steps",
    "dataset",
    "train_images",
    "test_images",
    "batch_size",
    "calibrate_batch_norm",
    "log_steps",
    "seeds",
)
_ORDERS = {"ordered": False, "permuted": True}
_CLASSES = 10
_SIZE = 32


def main(argv):
    """Train and score each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    plans = _plans()
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "location_task", runs.resolved_flags(_SCIENCE), spread
    )
    if not work.finished:
        runs.apply_common_flags()
        rows, curves = _train_all(work, spread, plans)
        work.save_arrays(curves)
        runs.draw_location_figures(work, rows, curves)
        work.write_results(rows, provenance.as_dict())
    runs.print_location_report(work)


def _plans():
    """Each network to train: a row's first columns.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import tasks

    for flag, known in (
        (_MODEL, tasks.LOCATION_NETS),
        (_TASK, tasks.LOCATION_TASKS),
        (_CANVAS, tasks.FILLS),
        (_CHANNELS, _ORDERS),
    ):
        if not flag.value or not set(flag.value) <= set(known):
            raise runs.UserError(
                f"--{flag.name} must be of {', '.join(known)}. "
                f"Received: {','.join(flag.value) or 'nothing'}"
            )
    count = _at_most(_TRAIN_IMAGES.value)
    if count < _BATCH_SIZE.value:
        raise runs.UserError(
            f"--train_images must be at least --batch_size="
            f"{_BATCH_SIZE.value}. Received: {count}"
        )
    modes = runs.conversion_modes(_PADDING_MODE.value)
    grids = runs.whole_numbers("grid", _GRID.value, 1)
    least = max(_CLASSES, max(grids) ** 2) + 1
    count = _at_most(_TEST_IMAGES.value)
    if count < least:
        raise runs.UserError(
            f"--test_images must be at least {least}, more than cells and "
            f"classes. Received: {count}"
        )
    if "segmentation" in _TASK.value and "permuted" in _CHANNELS.value:
        raise runs.UserError(
            "--channels must be ordered with --task=segmentation, where "
            "nothing is pooled. Received: permuted"
        )
    names = ("model", "task", "canvas", "grid", "channels", "padding_mode")
    lists = (
        _MODEL.value,
        _TASK.value,
        _CANVAS.value,
        grids,
        _CHANNELS.value,
        modes,
    )
    plans = [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*map(dict.fromkeys, lists))
    ]
    first = flags.FLAGS.seed
    for plan in plans:
        _network(**plan, seed=first)
    # The seed changes last, so that a run that is stopped has some of all.
    return [
        {**plan, "seed": seed}
        for seed in range(first, first + _SEEDS.value)
        for plan in plans
    ]


def _train_all(work, spread, plans):
    rows, curves = [], {}
    sets = None
    with runs.Progress(units=len(plans)) as progress:
        for plan in plans:
            label = _label(plan)
            found = work.checkpoint(label)
            rolling = runs.RollingCheckpoint(
                work, label, flags.FLAGS.checkpoint_seconds
            )
            if found:
                progress.done_before(label)
            else:
                sets = sets or _sets()
                with progress.unit(
                    label, total=_steps(sets), noun="steps"
                ) as advance:
                    found = work.save_checkpoint(
                        label,
                        *_train(work, spread, plan, sets, rolling, advance),
                    )
            # Also left over if it was killed between these two steps.
            rolling.remove()
            rows += found[0]
            curves |= {
                f"{label}/{name}": each for name, each in found[1].items()
            }
    return rows, curves


def _label(plan):
    words = "{model}-{task}-{canvas}-{grid}x{grid}-{padding_mode}-"
    if _ORDERS[plan["channels"]]:
        words += "{channels}-"
    return (words + "seed{seed}").format(**plan)


def _steps(sets):
    steps = len(sets["train"][0]) // _BATCH_SIZE.value * _EPOCHS.value
    return min(steps, _MAX_STEPS.value or steps)


def _train(work, spread, plan, sets, rolling, advance):
    """Rows of one network, one for each head and one for its units; curves."""
    from keras_padpos import tasks
    from keras_padpos import training

    grid, seed = plan["grid"], plan["seed"]
    with spread.scope():
        network = _network(**plan)

    def log(**metrics):
        before = rolling.lines[-1]["step"] if rolling.lines else 0
        rolling.log(**metrics)
        advance(metrics["step"] - before)

    steps = tasks.train_location(
        network,
        *sets["train"],
        grid,
        epochs=_EPOCHS.value,
        batch_size=_BATCH_SIZE.value,
        max_steps=_MAX_STEPS.value,
        seed=seed,
        log_steps=_LOG_STEPS.value,
        log=log,
        checkpoint=rolling,
        spread=spread,
    )
    local = training.LocalModel(network, spread).now()
    if _CALIBRATE_BATCH_NORM.value:
        tasks.calibrate_location(
            local,
            sets["train"][0],
            grid,
            batch_size=_BATCH_SIZE.value,
            seed=seed,
        )
    scores = tasks.score_location(local, *sets["test"], grid)
    scores["latent"] = tasks.location_representations(
        local, *sets["test"], grid
    )
    work.save_model(_label(plan), local)
    rows = [
        {
            **plan,
            "head": head,
            **found,
            "train_images": len(sets["train"][0]),
            "test_images": len(sets["test"][0]),
            "epochs": _EPOCHS.value,
            "steps": steps,
            "arrays": _label(plan),
        }
        for head, found in scores.items()
    ]
    names = dict.fromkeys(name for line in rolling.lines for name in line)
    return rows, {
        name: np.array([line[name] for line in rolling.lines]) for name in names
    }


def _network(model, task, canvas, grid, channels, padding_mode, seed):
    import keras

    from keras_padpos import tasks

    keras.utils.set_random_seed(seed)
    return tasks.location_net(
        model,
        task,
        grid,
        canvas=canvas,
        padding_mode=padding_mode,
        permuted=_ORDERS[channels],
        size=_SIZE,
    )


def _sets():
    from keras_padpos import data

    counts = {
        "train": _at_most(_TRAIN_IMAGES.value),
        "test": _at_most(_TEST_IMAGES.value),
    }
    return {
        split: data.labelled_pictures(
            f"{_DATASET.value}:{split}",
            _SIZE,
            count=count,
            data_dir=flags.FLAGS.data_dir,
        )
        for split, count in counts.items()
    }


def _at_most(count):
    """A number of pictures, of which --max_images allows so many."""
    return min(count, flags.FLAGS.max_images or count)


if __name__ == "__main__":
    runs.run(main)
