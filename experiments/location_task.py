"""Tasks whose difficulty depends on where things are.

A CIFAR-10 picture stands in one cell of a canvas. What is it, in which cell is
it, and which pixels are its own? Small networks are trained with each padding
mode, canvas and grid, and scored with every test picture in every cell.
"""

import itertools

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
    "epochs",
    "max_steps",
    "dataset",
    "train_images",
    "test_images",
    "batch_size",
    "seeds",
)
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
        rows = _train_all(work, spread, plans)
        runs.draw_location_figures(work, rows)
        work.write_results(rows, provenance.as_dict())
    runs.print_location_report(work)


def _plans():
    """Each network to train: model, mode, task, canvas, grid and seed.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import tasks

    for flag, known in (
        (_MODEL, tasks.LOCATION_NETS),
        (_TASK, tasks.LOCATION_TASKS),
        (_CANVAS, tasks.FILLS),
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
    plans = list(
        itertools.product(
            dict.fromkeys(_MODEL.value),
            dict.fromkeys(_TASK.value),
            dict.fromkeys(_CANVAS.value),
            dict.fromkeys(grids),
            dict.fromkeys(modes),
        )
    )
    for plan in plans:
        _network(*plan, flags.FLAGS.seed)
    # The seed changes last, so that a run that is stopped has some of all.
    first = flags.FLAGS.seed
    return [
        (*plan, seed)
        for seed in range(first, first + _SEEDS.value)
        for plan in plans
    ]


def _train_all(work, spread, plans):
    rows = []
    sets = None
    with runs.Progress(units=len(plans)) as progress:
        for plan in plans:
            model, task, canvas, grid, mode, seed = plan
            label = f"{model}-{task}-{canvas}-{grid}x{grid}-{mode}-seed{seed}"
            found = work.checkpoint(label)
            rolling = runs.RollingCheckpoint(
                work, label, flags.FLAGS.checkpoint_seconds
            )
            if found:
                progress.done_before(label)
            else:
                sets = sets or _sets()
                with progress.unit(label, noun="epochs") as advance:
                    found = work.save_checkpoint(
                        label,
                        _train(
                            work, spread, label, plan, sets, rolling, advance
                        ),
                    )
            # Also left over if it was killed between these two steps.
            rolling.remove()
            rows += found[0]
    return rows


def _train(work, spread, label, plan, sets, rolling, advance):
    """Rows of one network, one for each head."""
    from keras_padpos import tasks
    from keras_padpos import training

    model, task, canvas, grid, mode, seed = plan
    with spread.scope():
        network = _network(*plan)

    def log(**metrics):
        rolling.log(**metrics)
        advance()

    steps = tasks.train_location(
        network,
        *sets["train"],
        grid,
        epochs=_EPOCHS.value,
        batch_size=_BATCH_SIZE.value,
        max_steps=_MAX_STEPS.value,
        seed=seed,
        log=log,
        checkpoint=rolling,
        spread=spread,
    )
    local = training.LocalModel(network, spread).now()
    scores = tasks.score_location(local, *sets["test"], grid)
    work.save_model(label, local)
    return [
        {
            "model": model,
            "padding_mode": mode,
            "task": task,
            "canvas": canvas,
            "grid": grid,
            "seed": seed,
            "head": head,
            **found,
            "train_images": len(sets["train"][0]),
            "test_images": len(sets["test"][0]),
            "epochs": _EPOCHS.value,
            "steps": steps,
        }
        for head, found in scores.items()
    ]


def _network(model, task, canvas, grid, mode, seed):
    import keras

    from keras_padpos import tasks

    keras.utils.set_random_seed(seed)
    return tasks.location_net(
        model, task, grid, canvas=canvas, padding_mode=mode, size=_SIZE
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
