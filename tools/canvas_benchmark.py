"""The canvases of the location-dependent tasks against ready ones.

How long a training step takes on canvases that are ready in memory, with a
layer that makes them of small pictures, as `experiments.location_task`
trains, and with tf.data that makes them; with XLA and without.
"""

from absl import flags

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.studies import networks

_MODEL = flags.DEFINE_list(
    "model", ["vgg5"], "Networks: vgg5, resnet18, bagnet9, bagnet17, bagnet33."
)
_TASK = flags.DEFINE_string(
    "task",
    "both",
    "What to train for: classification, location, both or segmentation.",
)
_GRID = flags.DEFINE_list(
    "grid", ["3"], "Cells in a row and in a column of the canvas."
)
_CANVAS = flags.DEFINE_string(
    "canvas", "black", "Colour of the canvas: black, white or mean."
)
_PADDING_MODE = flags.DEFINE_string(
    "padding_mode", "zeros", "Padding of the networks."
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", 48, "Canvases a step.", lower_bound=1
)
_STEPS = flags.DEFINE_integer(
    "steps", 8, "Steps of each round of the timing.", lower_bound=1
)
_ROUNDS = flags.DEFINE_integer(
    "rounds", 5, "Rounds of the timing.", lower_bound=1
)
_JIT = flags.DEFINE_list(
    "jit",
    ["auto"],
    "Whether to compile with XLA (with PyTorch, torch.compile): 0, 1, auto "
    "(as training does by default).",
)
runs.define_common_flags()

_SCIENCE = (
    "model",
    "task",
    "grid",
    "canvas",
    "padding_mode",
    "batch_size",
    "steps",
    "rounds",
    "jit",
)

_JITS = {"auto": None, "0": False, "1": True}
# What is aimed at.
_TARGET = 1.05


def main(argv):
    """Time every network, then write and print it."""
    del argv
    import keras

    units = _units()
    provenance = runs.Provenance(seed=flags.FLAGS.seed)
    work = runs.open_work_directory(
        "benchmark_canvas",
        {
            **runs.resolved_flags(_SCIENCE),
            "backend": keras.backend.backend(),
        },
    )
    if not work.finished:
        runs.apply_common_flags()
        rows = []
        with report.Progress(units=len(units)) as progress:
            for model, grid, jit in units:
                label = f"{model}-{grid}x{grid}-jit_{jit}"
                found = work.checkpoint(label)
                if found:
                    progress.done_before(label)
                else:
                    with progress.unit(label):
                        found = work.save_checkpoint(
                            label, _measure(model, grid, jit)
                        )
                rows += found[0]
        work.write_results(rows, provenance.as_dict())
    _report(work)


def _units():
    """Each network to time: its name, its grid, and how it is compiled.

    What cannot work is refused here, before anything is computed or written.
    """
    from keras_padpos import tasks

    for flag, values, known in (
        (_MODEL, _MODEL.value, tasks.LOCATION_NETS),
        (_TASK, [_TASK.value], tasks.LOCATION_TASKS),
        (_CANVAS, [_CANVAS.value], tasks.FILLS),
        (_JIT, _JIT.value, _JITS),
    ):
        if not values or not set(values) <= set(known):
            raise runs.InputError(
                f"--{flag.name} must be one of {', '.join(known)}. "
                f"Received: {','.join(values) or 'nothing'}"
            )
    networks.check_padding_mode(_PADDING_MODE.value)
    grids = runs.Flag([], "", type=int, least=1).value("grid", _GRID.value)
    for model in _MODEL.value:
        for grid in grids:
            tasks.location_net(
                model, _TASK.value, grid, padding_mode=_PADDING_MODE.value
            )
    return [
        (model, grid, jit)
        for model in dict.fromkeys(_MODEL.value)
        for grid in dict.fromkeys(grids)
        for jit in dict.fromkeys(_JIT.value)
    ]


def _measure(model, grid, jit):
    from tools.measure_canvas import measure_canvas

    found = measure_canvas(
        model,
        _TASK.value,
        grid,
        canvas=_CANVAS.value,
        padding_mode=_PADDING_MODE.value,
        batch_size=_BATCH_SIZE.value,
        steps=_STEPS.value,
        rounds=_ROUNDS.value,
        jit=_JITS[jit],
        seed=flags.FLAGS.seed,
    )
    return [{"model": model, "grid": grid, "jit": jit, **row} for row in found]


def _report(work):
    from tools.measure_canvas import DATASET

    results = work.load_results()
    rows, provenance = results["rows"], results["provenance"]
    config = results["config"]
    precision = "mixed_float16" if config["mixed_precision"] else "float32"
    notes = [f"Target: at most {_TARGET} times canvases in memory."]
    if not any(row["feed"] == DATASET for row in rows):
        notes.append("Without tf.data: TensorFlow is not installed.")
    report.print_table(
        f"A training step, {_BATCH_SIZE.value} canvases, {precision}, "
        f"{config['backend']}: medians of {_ROUNDS.value} "
        f"interleaved rounds of {_STEPS.value} steps",
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
    print(
        f"{provenance['machine']['line']}; {provenance['start']}, "
        f"{provenance['wall_seconds']:.0f} s; results in {work.path}"
    )
