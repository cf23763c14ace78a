"""The canvases of the location-dependent tasks against ready ones.

How long a training step takes on canvases that are ready in memory, with a
layer that makes them of small pictures, as `experiments.location_task`
trains, and with tf.data that makes them; with XLA and without.
"""

import functools

from keras_padpos import report
from keras_padpos.choices import FILLS
from keras_padpos.choices import LOCATION_NETS
from keras_padpos.choices import LOCATION_TASKS
from keras_padpos.runs.flags import Flag
from keras_padpos.studies import networks
from tools.benchmark_program import Benchmark
from tools.benchmark_program import unit

_FLAGS = {
    "model": Flag(
        ["vgg5"],
        "Networks: vgg5, resnet18, bagnet9, bagnet17, bagnet33.",
        choices=LOCATION_NETS,
    ),
    "task": Flag(
        "both",
        "What to train for: classification, location, both or segmentation.",
        choices=LOCATION_TASKS,
    ),
    "grid": Flag(
        ["3"],
        "Cells in a row and in a column of the canvas.",
        type=int,
        least=1,
    ),
    "canvas": Flag(
        "black",
        "Colour of the canvas: black, white or mean.",
        choices=FILLS,
    ),
    "padding_mode": networks.one_padding_flag("Padding of the networks."),
    "batch_size": Flag(48, "Canvases a step.", least=1),
    "steps": Flag(8, "Steps of each round of the timing.", least=1),
    "rounds": Flag(5, "Rounds of the timing.", least=1),
    "jit": Flag(
        ["auto"],
        "Whether to compile with XLA (with PyTorch, torch.compile): 0, 1, "
        "auto (as training does by default).",
        choices=["auto", "0", "1"],
    ),
}
_JITS = {"auto": None, "0": False, "1": True}
# What is aimed at.
_TARGET = 1.05


def _prepare(settings):
    """Each network to time: its name, its grid, and how it is compiled."""
    from keras_padpos import tasks

    for model in settings.model:
        for grid in settings.grid:
            tasks.location_net(
                model, settings.task, grid, padding_mode=settings.padding_mode
            )
    return [
        (model, grid, jit)
        for model in dict.fromkeys(settings.model)
        for grid in dict.fromkeys(settings.grid)
        for jit in dict.fromkeys(settings.jit)
    ]


def _measure(settings, units, work):
    with report.Progress(units=len(units)) as progress:
        for model, grid, jit in units:
            label = f"{model}-{grid}x{grid}-jit_{jit}"
            key = {"model": model, "grid": grid, "jit": jit}
            measure = functools.partial(_rows, settings, **key)
            yield from unit(work, progress, label, measure)[0]


def _rows(settings, advance, **key):
    from tools.measure_canvas import measure_canvas

    rows = measure_canvas(
        key["model"],
        settings.task,
        key["grid"],
        canvas=settings.canvas,
        padding_mode=settings.padding_mode,
        batch_size=settings.batch_size,
        steps=settings.steps,
        rounds=settings.rounds,
        jit=_JITS[key["jit"]],
        seed=settings.seed,
    )
    return [{**key, **row} for row in rows], {}


def _show(results):
    from tools.measure_canvas import DATASET

    rows, config = results["rows"], results["config"]
    precision = "mixed_float16" if config["mixed_precision"] else "float32"
    notes = [f"Target: at most {_TARGET} times canvases in memory."]
    if not any(row["feed"] == DATASET for row in rows):
        notes.append("Without tf.data: TensorFlow is not installed.")
    report.print_table(
        f"A training step, {config['batch_size']} canvases, {precision}, "
        f"{config['backend']}: medians of {config['rounds']} "
        f"interleaved rounds of {config['steps']} steps",
        [
            "model",
            "grid",
            "jit",
            ("feed", "canvases from"),
            ("milliseconds", "step, ms"),
            "ratio",
            ("ratio_low", "lower quartile"),
            ("ratio_high", "upper quartile"),
            ("cpu_milliseconds", "processor, ms"),
            ("cpu_ratio", "ratio"),
        ],
        rows,
        notes,
    )


BENCHMARK = Benchmark(
    name="canvas",
    about=__doc__,
    flags=_FLAGS,
    prepare=_prepare,
    measure=_measure,
    show=_show,
)
