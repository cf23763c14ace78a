"""Tasks whose difficulty depends on where things are.

A CIFAR-10 picture stands in one cell of a canvas. What is it, in which cell is
it, and which pixels are its own? Small networks are trained with each padding
mode, canvas and grid, and scored with every test picture in every cell; then
it is counted how many of their units say something about class and position.
"""

import functools

import numpy as np

from keras_padpos.choices import FILLS
from keras_padpos.choices import LOCATION_TASKS
from keras_padpos.errors import InputError
from keras_padpos.report import figure
from keras_padpos.report import table
from keras_padpos.report.table import Column
from keras_padpos.report.table import percent
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import networks
from keras_padpos.studies.study import Study

_FLAGS = {
    "model": networks.model_flag(),
    "padding_mode": networks.padding_flag(
        ["zeros", "none"], "Padding modes to train with"
    ),
    "task": Flag(
        ["location"],
        "Tasks: classification, location (which cell), both, segmentation.",
        choices=LOCATION_TASKS,
        crossed=True,
    ),
    "canvas": Flag(
        ["black"],
        "Colours of the canvas: black, white, mean.",
        choices=FILLS,
        crossed=True,
    ),
    "grid": Flag(
        ["3"],
        "Cells in a row and in a column of the canvas.",
        type=int,
        least=1,
        most=100,
        crossed=True,
    ),
    "channels": Flag(
        ["ordered"],
        "Pooled channels: ordered, or permuted at every call (PermuteNet).",
        choices=["ordered", "permuted"],
        crossed=True,
    ),
    "dataset": networks.dataset_flag("up to ten classes"),
}

_TRAINING = {
    "epochs": 3,
    "batch_size": 48,
    "train_images": 10000,
    "test_images": 500,
    "test_note": ", each in every cell",
    "without": ["learning_rate"],
    "seeds_of": "first weights, cells and order",
}
_SIZE = 32


def _sets(run):
    from keras_padpos import tasks

    settings, dataset = run.settings, run.settings.text("dataset")
    if "segmentation" in settings.task and "permuted" in settings.channels:
        raise InputError(
            "--channels must be ordered with --task=segmentation, where "
            "nothing is pooled. Received: permuted"
        )
    sets = networks.tfds_sets(run, _SIZE)
    if sets["train"].classes > tasks.BACKGROUND:
        raise InputError(
            f"--dataset must have at most {tasks.BACKGROUND} classes. "
            f"Received: {dataset}, which has {sets['train'].classes}"
        )
    least = max(tasks.BACKGROUND, max(settings.grid) ** 2) + 1
    if len(sets["test"]) < least:
        raise InputError(
            f"--test_images must be at least {least}, more than cells and "
            f"classes. Received: {len(sets['test'])}, with "
            f"{run.training.count_flag('test')} and {dataset}"
        )
    return sets


def _plans(run):
    """All combinations: the padding mode changes first, the seed last."""
    return run.training.seeded(run.crossed("model", "task", *_CANVAS))


def _network(run, plan):
    import keras

    from keras_padpos import tasks

    keras.utils.set_random_seed(plan.get("seed", run.settings.seed))
    return tasks.location_net(
        plan["model"],
        plan["task"],
        plan["grid"],
        canvas=plan["canvas"],
        padding_mode=plan["padding_mode"],
        permuted=plan["channels"] == "permuted",
        size=_SIZE,
    )


def _label(plan):
    permuted = "" if plan["channels"] == "ordered" else "{channels}-"
    text = "{model}-{task}-{canvas}-{grid}x{grid}-{padding_mode}-"
    return f"{text}{permuted}seed{{seed}}".format(**plan)


def _amount(run, plan):
    """Canvases to train it, to score it, and for its units."""
    cells = plan["grid"] ** 2 + 1
    return run.training_pictures + len(run.sets["test"]) * cells


def _measure(run, plan, unit):
    """Rows of one network, one for each head and one for its units; curves."""
    from keras_padpos import tasks

    grid, (pictures, labels) = plan["grid"], run.arrays["train"]
    canvases = {"pictures": pictures, "grid": grid}
    first = pictures[: run.settings.batch_size].astype("float32")
    network, note = run.trained(
        plan,
        unit,
        functools.partial(tasks.train_location, labels=labels, **canvases),
        functools.partial(tasks.calibrate_location, **canvases),
        example={"picture": first, "cell": np.arange(len(first)) % grid**2},
    )
    if note["reason"]:
        scores = {head: {"reason": note["reason"]} for head in network.output}
    else:
        run.work.save_model(unit.label, network)
        test, options = run.arrays["test"], {"advance": unit.advance}
        scores = tasks.score_location(network, *test, grid, **options)
        # The same cells for all networks, so that they can be compared.
        scores[_UNITS] = tasks.location_representations(
            network, *test, grid, seed=run.settings.seed, **options
        )
    about = networks.training_fields(run, unit, note)
    return [
        {**plan, "head": head, **score, **about}
        for head, score in scores.items()
    ], unit.rolling.curves()


_UNITS = "latent"  # In the column `head` of rows about a network's units.
_HEAD = {"model": "model", "task": "task", "head": "head"}
_CANVAS = {
    "canvas": "canvas",
    "grid": "grid",
    "channels": "channels",
    "padding_mode": "padding",
}


def _percent_of_mean(values):
    """Percent of a mean over seeds, without a standard deviation."""
    return percent([np.mean(values)] if values else [])


def _at_distance(index):
    return lambda row: row["by_border_distance"][index]


def _aware_share(row):
    """Of the channels of all layers whose maps have an interior."""
    layers = row["position_units"].values()
    layers = [layer for layer in layers if layer["aware"] is not None]
    units = sum(layer["units"] for layer in layers)
    return sum(layer["aware"] for layer in layers) / max(units, 1)


_TABLES = (
    table.Table(
        "Location-dependent tasks: accuracy, of pixels mean IoU, in percent",
        {**_HEAD, **_CANVAS},
        {
            **table.SEEDS,
            "score": Column(
                "score",
                lambda row: row.get("mean_iou", row.get("accuracy")),
                percent,
            ),
            "border": Column("border", _at_distance(0), _percent_of_mean),
            "centre": Column("centre", _at_distance(-1), _percent_of_mean),
            "chance": Column("chance", "chance", _percent_of_mean),
            **table.SIZES,
        },
        (
            "Every test picture in every cell. score: mean ± standard "
            "deviation over seeds; border, centre: cells next to the border, "
            "and those farthest from it; chance: the commonest class, one of "
            "the cells, an empty canvas.",
            "No number of the paper's could be read: there is none beside.",
        ),
        rows=lambda row: row["head"] != _UNITS,
    ),
    table.Table(
        "What units say of position and class",
        {"model": "model", "task": "task", **_CANVAS},
        {
            **table.SEEDS,
            "canvases": table.same("test_images", "canvases"),
            "units": table.same("units"),
            **table.columns(
                table.mean(),
                neurons_location="for position",
                neurons_class="for class",
                neurons_residual="residual",
            ),
            **table.columns(
                table.mean(".3f"),
                score_location="score of position",
                score_class="score of class",
            ),
            "aware": Column("position-aware, %", _aware_share, percent),
        },
        (
            "Units of the last map, pooled: how many are for position, for "
            "class and for neither, by dimensionality estimation; mean ± "
            "standard deviation over seeds.",
            "position-aware: channels of all layers that differ between a "
            "border and the interior by a standard deviation or more.",
        ),
        rows=lambda row: row["head"] == _UNITS,
    ),
)


def _figures(work, rows, arrays):
    """Plot scores: of each cell, by distance to the border, while training.

    For each head of each network: `cells_...`, a map for each padding mode,
    mean over seeds; `distance_...` and `learning_...`, a line for each.
    """
    rows = [r for r in rows if table.is_scored(r) and r["head"] != _UNITS]
    fields = [name for name in {**_HEAD, **_CANVAS} if name != "padding_mode"]
    for key, group in table.grouped(rows, fields).items():
        name = "_".join(map(str, key))
        title = (
            "{model}, task {task} (head {head}), {canvas} canvas, "
            "{grid} x {grid} cells, {channels} channels"
        ).format(**group[0])
        modes = networks.by_mode(group)
        maps = {
            mode: np.mean([row["per_cell"] for row in seeds], axis=0)
            for mode, seeds in modes.items()
        }
        path = work.figure_path(f"cells_{name}")
        about = f"Score in each cell, mean over seeds\n{title}"
        with figure.map_panels(path, about, maps, bar="score") as panels:
            list(map(figure.hide_ticks, panels))
        _plot_distances(work.figure_path(f"distance_{name}"), title, modes)
        # Keras names the head where there are several.
        head, label = group[0]["head"], group[0]["arrays"]
        prefix = f"{head}_" if f"{label}/{head}_accuracy" in arrays else ""
        text = "pixel " * (head == "pixels") + "accuracy while training"
        options = {"metric": f"{prefix}accuracy", "text": text}
        networks.plot_learning(work, name, title, group, arrays, **options)


def _plot_distances(path, title, modes):
    scores = {
        mode: [row["by_border_distance"] for row in seeds]
        for mode, seeds in modes.items()
    }
    *_, last = modes.values()
    title = f"Score by distance to the border\n{title}"
    with figure.mode_figure(path, title, scores) as axis:
        chance = np.mean([row["chance"] for row in last])
        axis.axhline(chance, color="grey", linestyle=":", label="chance")
        axis.set_xticks(range(len(last[0]["by_border_distance"])))
        axis.set_xlabel("cells between picture and border")
        axis.set_ylabel("score")


STUDY = Study(
    name="location_task",
    about=__doc__,
    flags=_FLAGS,
    training=_TRAINING,
    sets=_sets,
    plans=_plans,
    network=_network,
    label=_label,
    amount=_amount,
    noun="canvases",
    measure=_measure,
    tables=_TABLES,
    figures=_figures,
)
