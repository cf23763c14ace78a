"""Tasks whose difficulty depends on where things are.

A CIFAR-10 picture stands in one cell of a canvas. What is it, in which cell is
it, and which pixels are its own? Small networks are trained with each padding
mode, canvas and grid, and scored with every test picture in every cell; then
it is counted how many of their units say something about class and position.
"""

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.report.figure import draw_seeds
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import lines_figure
from keras_padpos.report.figure import mode_lines
from keras_padpos.report.table import SEEDS
from keras_padpos.report.table import SIZES
from keras_padpos.report.table import Column
from keras_padpos.report.table import Table
from keras_padpos.report.table import grouped
from keras_padpos.report.table import is_scored
from keras_padpos.report.table import mean
from keras_padpos.report.table import percent
from keras_padpos.report.table import same
from keras_padpos.runs.flags import Flag
from keras_padpos.studies.networks import by_mode
from keras_padpos.studies.networks import constant
from keras_padpos.studies.networks import dataset_flag
from keras_padpos.studies.networks import model_flag
from keras_padpos.studies.networks import padding_flag
from keras_padpos.studies.networks import plot_learning
from keras_padpos.studies.networks import tfds_sets
from keras_padpos.studies.study import Study

_FLAGS = {
    "model": model_flag(),
    "padding_mode": padding_flag(
        ["zeros", "none"], "Padding modes to train with"
    ),
    "task": Flag(
        ["location"],
        "Tasks: classification, location (which cell), both (a head each), "
        "segmentation.",
        choices=constant("tasks", "LOCATION_TASKS"),
        crossed=True,
    ),
    "canvas": Flag(
        ["black"],
        "Colours of the canvas: black, white, mean.",
        choices=constant("tasks", "FILLS"),
        crossed=True,
    ),
    "grid": Flag(
        ["3"],
        "Cells in a row and in a column of the canvas.",
        type=int,
        least=1,
        crossed=True,
    ),
    "channels": Flag(
        ["ordered"],
        "Order of the pooled channels: ordered, or permuted anew at every "
        "call, so that no unit is known by its index (PermuteNet).",
        choices=["ordered", "permuted"],
        crossed=True,
    ),
    "dataset": dataset_flag("up to ten classes"),
}

_TRAINING = {
    "epochs": 3,
    "batch_size": 48,
    "train_images": 10000,
    "test_images": 500,
    "test_note": ", each in every cell",
    "seeds_of": "first weights, cells and order",
}
_SIZE = 32


def _sets(run):
    from keras_padpos import tasks

    settings = run.settings
    if "segmentation" in settings.task and "permuted" in settings.channels:
        raise InputError(
            "--channels must be ordered with --task=segmentation, where "
            "nothing is pooled. Received: permuted"
        )
    sets = tfds_sets(run, _SIZE)
    dataset = settings.text("dataset")
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
    plans = run.crossed("model", "task", *_CANVAS)
    return [
        {**plan, "seed": seed} for seed in run.training.seeds for plan in plans
    ]


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
    text = "{model}-{task}-{canvas}-{grid}x{grid}-{padding_mode}-"
    if plan["channels"] != "ordered":
        text += "{channels}-"
    return (text + "seed{seed}").format(**plan)


def _amount(run, plan):
    """Canvases to train it, to score it, and for its units."""
    steps = run.training.steps(len(run.sets["train"]))
    cells = plan["grid"] ** 2 + 1
    return steps * run.training.batch_size + len(run.sets["test"]) * cells


def _measure(run, plan, unit):
    """Rows of one network, one for each head and one for its units; curves."""
    from keras_padpos import tasks

    grid, (pictures, labels) = plan["grid"], run.arrays["train"]
    first = pictures[: run.training.batch_size].astype("float32")
    network, note = run.trained(
        plan,
        unit,
        lambda network, **options: tasks.train_location(
            network, pictures, labels, grid, **options
        ),
        lambda network, **options: tasks.calibrate_location(
            network, pictures, grid, **options
        ),
        example={"picture": first, "cell": np.arange(len(first)) % grid**2},
    )
    if note["reason"]:
        scores = {head: {"reason": note["reason"]} for head in network.output}
    else:
        run.work.save_model(unit.label, network)
        given = network, *run.arrays["test"], grid
        scores = tasks.score_location(*given, advance=unit.advance)
        # The same cells for all networks, so that they can be compared.
        scores[_UNITS] = tasks.location_representations(
            *given, seed=run.settings.seed, advance=unit.advance
        )
    about = {
        "train_images": len(pictures),
        "test_images": len(run.arrays["test"][0]),
        "epochs": run.training.epochs,
        "steps": note["steps"],
        "arrays": unit.label,
    }
    rows = [
        {**plan, "head": head, **score, **about}
        for head, score in scores.items()
    ]
    return rows, unit.curves()


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


def _score(row):
    return row["mean_iou" if row["head"] == "pixels" else "accuracy"]


def _aware_share(row):
    """Of the channels of all layers whose maps have an interior."""
    layers = [
        layer
        for layer in row["position_units"].values()
        if layer["aware"] is not None
    ]
    units = sum(layer["units"] for layer in layers)
    return sum(layer["aware"] for layer in layers) / max(units, 1)


_TABLES = (
    Table(
        "Location-dependent tasks: accuracy, of pixels mean IoU, in percent",
        {**_HEAD, **_CANVAS},
        {
            **SEEDS,
            "score": Column("score", _score, percent),
            "border": Column("border", _at_distance(0), _percent_of_mean),
            "centre": Column("centre", _at_distance(-1), _percent_of_mean),
            "chance": Column("chance", "chance", _percent_of_mean),
            **SIZES,
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
    Table(
        "What units say of place and class",
        {"model": "model", "task": "task", **_CANVAS},
        {
            **SEEDS,
            "canvases": same("test_images", "canvases"),
            "units": same("units"),
            **{
                f"neurons_{name}": Column(heading, f"neurons_{name}", mean())
                for name, heading in (
                    ("location", "for place"),
                    ("class", "for class"),
                    ("residual", "residual"),
                )
            },
            **{
                f"score_{name}": Column(heading, f"score_{name}", mean(".3f"))
                for name, heading in (
                    ("location", "score of place"),
                    ("class", "score of class"),
                )
            },
            "aware": Column("position-aware, %", _aware_share, percent),
        },
        (
            "Units of the last map, pooled: how many are for place, for class "
            "and for neither, by dimensionality estimation; mean ± standard "
            "deviation over seeds.",
            "position-aware: channels of all layers that differ between a "
            "border and the interior by a standard deviation or more.",
        ),
        rows=lambda row: row["head"] == _UNITS,
    ),
)

_COLUMNS = 6


def _figures(work, rows, arrays):
    """Plot scores: of each cell, by distance to the border, while training.

    For each model, task, head, canvas, grid and order of channels:
    `cells_...`, a map for each padding mode on one scale, mean over seeds;
    `distance_...` and `learning_...`, a line for each. What has diverged is
    left out.
    """
    rows = [r for r in rows if is_scored(r) and r["head"] != _UNITS]
    fields = [name for name in {**_HEAD, **_CANVAS} if name != "padding_mode"]
    for key, group in grouped(rows, fields).items():
        name = "_".join(map(str, key))
        title = (
            "{model}, {task} ({head}), {canvas} canvas, {grid} x {grid} cells, "
            "{channels} channels"
        ).format(**group[0])
        modes = by_mode(group)
        _plot_cells(work.figure_path(f"cells_{name}"), title, modes)
        _plot_distances(work.figure_path(f"distance_{name}"), title, modes)
        # Keras names the head where there are several.
        metric = f"{group[0]['head']}_accuracy"
        if f"{group[0]['arrays']}/{metric}" not in arrays:
            metric = "accuracy"
        pixel = "pixel " * (group[0]["head"] == "pixels")
        plot_learning(
            work,
            name,
            title,
            group,
            arrays,
            metric=metric,
            words=f"{pixel}accuracy while training",
        )


def _plot_cells(path, title, modes):
    maps = {
        mode: np.mean([row["per_cell"] for row in seeds], axis=0)
        for mode, seeds in modes.items()
    }
    columns = min(len(maps), _COLUMNS)
    low = min(each.min() for each in maps.values())
    high = max(each.max() for each in maps.values())
    with figure_panels(
        path, title, -(-len(maps) // columns), columns, size=(1.9, 1.9)
    ) as panels:
        for axis in panels.ravel()[len(maps) :]:
            axis.set_axis_off()
        for axis, (mode, values) in zip(
            panels.ravel(), maps.items(), strict=False
        ):
            image = axis.imshow(values, vmin=low, vmax=max(high, low + 1e-6))
            axis.set_title(mode, fontsize="small")
            hide_ticks(axis)
        axis.figure.colorbar(image, ax=panels.ravel().tolist(), shrink=0.8)


def _plot_distances(path, title, modes):
    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(list(modes)).items():
            scores = [row["by_border_distance"] for row in modes[mode]]
            draw_seeds(axis, np.array(scores), marker="o", **style)
        chance = np.mean([row["chance"] for row in modes[mode]])
        axis.axhline(chance, color="grey", linestyle=":", label="chance")
        axis.set_xticks(range(len(scores[0])))
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
