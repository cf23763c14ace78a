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
_SIZE = 32


def main(argv):
    """Train and score each network, then write and print what came out."""
    del argv
    spread = runs.open_spread()
    plans = _plans(spread)
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


def _plans(spread):
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
    if _BATCH_SIZE.value % spread.devices:
        raise runs.UserError(
            f"--batch_size must be a multiple of the {spread.devices} devices. "
            f"Received: {_BATCH_SIZE.value}"
        )
    modes = runs.conversion_modes(_PADDING_MODE.value)
    grids = runs.whole_numbers("grid", _GRID.value, 1)
    for flag, least, why in _least().values():
        count = _at_most(flag.value)
        if count < least:
            name = flag.name if count == flag.value else "max_images"
            raise runs.UserError(
                f"--{name} must be at least {least}, {why}. Received: {count}"
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
        # The colour does not decide whether a network can be made.
        if plan["canvas"] == _CANVAS.value[0]:
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
                    label, total=_canvases(plan, sets), noun="canvases"
                ) as advance:
                    found = work.save_checkpoint(
                        label,
                        *_train(work, spread, plan, sets, rolling, advance),
                    )
            # Also left over if it was killed between these steps.
            rolling.remove()
            work.remove_checkpoint(_trained_key(plan))
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


def _canvases(plan, sets):
    """How many go through a network: to train it, in its scores, its units."""
    steps = len(sets["train"][0]) // _BATCH_SIZE.value * _EPOCHS.value
    steps = min(steps, _MAX_STEPS.value or steps)
    tests = len(sets["test"][0])
    return steps * _BATCH_SIZE.value + tests * (plan["grid"] ** 2 + 1)


def _train(work, spread, plan, sets, rolling, advance):
    """Rows of one network, one for each head and one for its units; curves."""
    from keras_padpos import tasks

    grid, pictures = plan["grid"], sets["test"][0]
    network, curves = _trained(work, spread, plan, sets, rolling, advance)
    about = {
        "train_images": len(sets["train"][0]),
        "test_images": len(pictures),
        "epochs": _EPOCHS.value,
        "steps": int(curves["step"][-1]),
        "arrays": _label(plan),
    }
    if not _is_finite(network):
        reason = "weights are not finite: training has diverged"
        rows = [
            {**plan, "head": head, **about, "reason": reason}
            for head in network.output
        ]
        return rows, curves
    scores = tasks.score_location(network, *sets["test"], grid, advance=advance)
    # The same cells for all networks, so that they can be compared.
    scores["latent"] = tasks.location_representations(
        network, *sets["test"], grid, seed=flags.FLAGS.seed, advance=advance
    )
    work.save_model(_label(plan), network)
    rows = [
        {**plan, "head": head, **found, **about}
        for head, found in scores.items()
    ]
    return rows, curves


def _trained(work, spread, plan, sets, rolling, advance):
    """A trained network on one device, and its curves.

    It is a unit of work of its own: a run that is killed while it scores need
    not train again.
    """
    from keras_padpos import tasks
    from keras_padpos import training

    found = work.checkpoint(_trained_key(plan))
    if found:
        network = _network(**plan)
        training.restore_variables(network.variables, found[1])
        for line in found[0]:
            rolling.log(**line)
        work.mark_resumed(_label(plan))
        advance(rolling.lines[-1]["step"] * _BATCH_SIZE.value)
        return network, rolling.curves()
    with spread.scope():
        network = _network(**plan)
    local = training.LocalModel(network, spread)
    done = 0

    def log(**metrics):
        nonlocal done
        rolling.log(**metrics)
        # A training that goes on advances by all that was done before, too.
        advance((metrics["step"] - done) * _BATCH_SIZE.value)
        done = metrics["step"]

    tasks.train_location(
        network,
        *sets["train"],
        plan["grid"],
        epochs=_EPOCHS.value,
        batch_size=_BATCH_SIZE.value,
        max_steps=_MAX_STEPS.value,
        seed=plan["seed"],
        log_steps=_LOG_STEPS.value,
        log=log,
        checkpoint=rolling,
        spread=spread,
    )
    network = local.now()
    if _CALIBRATE_BATCH_NORM.value and _is_finite(network):
        tasks.calibrate_location(
            network,
            sets["train"][0],
            plan["grid"],
            batch_size=_BATCH_SIZE.value,
            seed=plan["seed"],
        )
    work.save_checkpoint(
        _trained_key(plan),
        rolling.lines,
        training.variable_state(network.variables),
    )
    return network, rolling.curves()


def _trained_key(plan):
    # As of a rolling checkpoint: the report does not take it for finished.
    return f"{_label(plan)} under way trained"


def _is_finite(network):
    return all(np.isfinite(each).all() for each in network.get_weights())


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
    from keras_padpos import tasks

    sets = {}
    for split, (flag, least, why) in _least().items():
        try:
            pictures, labels = sets[split] = data.labelled_pictures(
                f"{_DATASET.value}:{split}",
                _SIZE,
                count=_at_most(flag.value),
                data_dir=flags.FLAGS.data_dir,
            )
        except (RuntimeError, ValueError) as error:
            raise runs.UserError(
                f"--dataset={_DATASET.value} cannot be read: {error}"
            ) from error
        if len(pictures) < least:
            raise runs.UserError(
                f"--dataset must have at least {least} pictures to {split}, "
                f"{why}. Received: {_DATASET.value}, which has {len(pictures)}"
            )
        if not 0 <= labels.min() <= labels.max() < tasks.BACKGROUND:
            raise runs.UserError(
                "--dataset must have classes from 0 to "
                f"{tasks.BACKGROUND - 1}. "
                f"Received: {_DATASET.value}, with {labels.min()} to "
                f"{labels.max()}"
            )
    return sets


def _least():
    """Flags of numbers of pictures, the fewest that will do, and why."""
    from keras_padpos import tasks

    grids = runs.whole_numbers("grid", _GRID.value, 1)
    cells = max(tasks.BACKGROUND, max(grids) ** 2) + 1
    return {
        "train": (_TRAIN_IMAGES, _BATCH_SIZE.value, "one batch (--batch_size)"),
        "test": (_TEST_IMAGES, cells, "more than cells and classes"),
    }


def _at_most(count):
    """A number of pictures, of which --max_images allows so many."""
    return min(count, flags.FLAGS.max_images or count)


if __name__ == "__main__":
    runs.run(main)
