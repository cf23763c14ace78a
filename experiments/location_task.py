"""Tasks whose difficulty depends on where things are.

A CIFAR-10 picture stands in one cell of a canvas. What is it, in which cell is
it, and which pixels are its own? Small networks are trained with each padding
mode, canvas and grid, and scored with every test picture in every cell; then
it is counted how many of their units say something about class and place.
"""

import functools
import itertools

import numpy as np
from absl import flags

from keras_padpos import runs
from keras_padpos import studies

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
_DATASET = flags.DEFINE_string(
    "dataset",
    "cifar10",
    "Data set of TensorFlow Datasets with splits train and test, pictures and "
    "up to ten classes (--data_dir: where it is kept).",
)
_TRAINING = runs.define_training_flags(
    epochs=3,
    batch_size=48,
    train_images=10000,
    test_images=500,
    test_note=", each in every cell",
    seeds_of="first weights, cells and order",
)
runs.define_common_flags(spreads=True)

_SCIENCE = (
    "model",
    "padding_mode",
    "task",
    "canvas",
    "grid",
    "channels",
    "dataset",
    *_TRAINING.names,
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
        studies.draw_location_figures(work, rows, curves)
        work.write_results(rows, provenance.as_dict())
    studies.print_location_report(work)


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
            raise runs.InputError(
                f"--{flag.name} must be of {', '.join(known)}. "
                f"Received: {','.join(flag.value) or 'nothing'}"
            )
    modes = runs.conversion_modes(_PADDING_MODE.value)
    grids = runs.whole_numbers("grid", _GRID.value, 1)
    _TRAINING.check(_TRAINING.count("train"), spread, _dataset())
    least = _fewest()["test"]
    if _TRAINING.count("test") < least:
        name, _, value = _TRAINING.count_flag("test").partition("=")
        raise runs.InputError(
            f"{name} must be at least {least}, more than cells and classes. "
            f"Received: {value}"
        )
    if "segmentation" in _TASK.value and "permuted" in _CHANNELS.value:
        raise runs.InputError(
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
        {**plan, "seed": seed} for seed in _TRAINING.seeds for plan in plans
    ]


def _train_all(work, spread, plans):
    sets = functools.cache(_sets)
    return runs.train_units(
        work,
        [(_label(plan), plan) for plan in plans],
        lambda plan, unit: _train(work, spread, plan, sets(), unit),
        total=lambda plan: _canvases(plan, sets()),
        noun="canvases",
        per_step=_TRAINING.batch_size,
    )


def _label(plan):
    words = "{model}-{task}-{canvas}-{grid}x{grid}-{padding_mode}-"
    if _ORDERS[plan["channels"]]:
        words += "{channels}-"
    return (words + "seed{seed}").format(**plan)


def _canvases(plan, sets):
    """How many go through a network: to train it, in its scores, its units."""
    steps = _TRAINING.steps(len(sets["train"][0]))
    tests = len(sets["test"][0])
    return steps * _TRAINING.batch_size + tests * (plan["grid"] ** 2 + 1)


def _train(work, spread, plan, sets, unit):
    """Rows of one network, one for each head and one for its units; curves."""
    from keras_padpos import tasks

    grid, pictures = plan["grid"], sets["test"][0]
    network, note = unit.trained(
        lambda: _network(**plan),
        lambda network: _trained(network, plan, sets, unit, spread),
        spread,
    )
    curves = unit.curves()
    about = {
        "train_images": len(sets["train"][0]),
        "test_images": len(pictures),
        "epochs": _TRAINING.epochs,
        "steps": int(curves["step"][-1]),
        "arrays": unit.label,
    }
    if note["reason"]:
        rows = [
            {**plan, "head": head, **about, "reason": note["reason"]}
            for head in network.output
        ]
        return rows, curves
    scores = tasks.score_location(
        network, *sets["test"], grid, advance=unit.advance
    )
    # The same cells for all networks, so that they can be compared.
    scores["latent"] = tasks.location_representations(
        network,
        *sets["test"],
        grid,
        seed=flags.FLAGS.seed,
        advance=unit.advance,
    )
    work.save_model(unit.label, network)
    rows = [
        {**plan, "head": head, **found, **about}
        for head, found in scores.items()
    ]
    return rows, curves


def _trained(network, plan, sets, unit, spread):
    """The network, trained, on one device, and why it cannot be scored."""
    from keras_padpos import tasks
    from keras_padpos import training

    pictures, labels = sets["train"]
    grid, seed = plan["grid"], plan["seed"]
    local = training.LocalModel(network, spread)
    tasks.train_location(
        network,
        pictures,
        labels,
        grid,
        **_TRAINING.options(),
        seed=seed,
        log=unit.log,
        checkpoint=unit.rolling,
        spread=spread,
    )
    network = local.now()
    batch_size = _TRAINING.batch_size
    first = pictures[:batch_size].astype("float32")
    reason = runs.calibrated_at_end(
        network,
        {"picture": first, "cell": np.arange(len(first)) % grid**2},
        functools.partial(
            tasks.calibrate_location,
            network,
            pictures,
            grid,
            batch_size=batch_size,
            seed=seed,
        )
        if _TRAINING.calibrates
        else None,
    )
    return network, {"reason": reason}


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
    for split, least in _fewest().items():
        try:
            pictures, labels = sets[split] = data.labelled_pictures(
                f"{_DATASET.value}:{split}",
                _SIZE,
                count=_TRAINING.count(split),
                data_dir=flags.FLAGS.data_dir,
            )
        except (OSError, ValueError) as error:
            raise runs.InputError(
                f"{_dataset()} cannot be read: {error}"
            ) from error
        if len(pictures) < least:
            raise runs.InputError(
                f"--dataset must have at least {least} pictures to {split}. "
                f"Received: {_DATASET.value}, which has {len(pictures)}"
            )
        if not 0 <= labels.min() <= labels.max() < tasks.BACKGROUND:
            raise runs.InputError(
                "--dataset must have classes from 0 to "
                f"{tasks.BACKGROUND - 1}. "
                f"Received: {_DATASET.value}, with {labels.min()} to "
                f"{labels.max()}"
            )
    return sets


def _dataset():
    return f"--dataset={_DATASET.value}"


def _fewest():
    """The fewest pictures that will do: a batch; more than cells, classes."""
    from keras_padpos import tasks

    grids = runs.whole_numbers("grid", _GRID.value, 1)
    cells = max(tasks.BACKGROUND, max(grids) ** 2) + 1
    return {"train": _TRAINING.batch_size, "test": cells}


if __name__ == "__main__":
    runs.run(main)
