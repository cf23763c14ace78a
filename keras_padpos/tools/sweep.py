"""Many runs: the product of flags that a file lists, on Ray.

    keras-padpos sweep experiments/grids/padding_modes.yaml --out=runs/modes

GRID names experiments, flags that runs share, and flags to combine:

    experiment: position_probe
    flags: {train_images: "samples:train"}
    grid:
      backbone: [vgg16, resnet18]
      padding_mode: [zeros, reflect]

Each run works in a directory of its own in --out and prints into --out/logs.
The same command goes on where it was stopped or killed: finished runs are
never run again, the others go on from their checkpoints. So does a run that is
lost with a node of a cluster (--address), for which all nodes need --out, and
the folder that the sweep is started in, under the same path. docs/sweep.md
says more.
"""

import shlex

from keras_padpos import runs
from keras_padpos import sweep
from keras_padpos.runs import Flag
from keras_padpos.runs import Program

_FLAGS = {
    "out": Flag(
        None,
        "Folder for the work directories, logs and sweep.json.",
        required=True,
    ),
    "address": Flag(
        None,
        "HOST:PORT of a Ray cluster that this machine is a node of, or "
        "auto. If not given: this machine alone.",
    ),
    "cpus_per_run": Flag(
        1.0,
        "Processors set apart for a run, so as many runs go at once as "
        "fit. A run may use more threads; see --limit_threads.",
        least=0.001,
    ),
    "gpus_per_run": Flag(
        None,
        "GPUs of a run, which sees no others; may be a fraction. If not"
        " given: 1 where a node has any.",
        type=float,
        least=0,
    ),
    "limit_threads": Flag(
        False,
        "Let TensorFlow and OpenMP use --cpus_per_run threads and no "
        "more, by environment variables. The last digits of results may"
        " depend on it.",
    ),
    "max_runs": Flag(
        None,
        "Runs at once, at most. If not given: as many as have room.",
        type=int,
        least=1,
    ),
    "retries": Flag(
        3,
        "How many times a run that is lost with its worker or node is "
        "started again. One that fails by itself is not.",
        least=0,
    ),
    "dry_run": Flag(
        False,
        "Print the commands of the runs that are not finished, and run none.",
    ),
}


def _main(settings, path):
    """Read the grid, run it, and print a summary."""
    for name in ("cpus_per_run", "gpus_per_run"):
        share = getattr(settings, name)
        if share and share > 1 and not share.is_integer():
            raise runs.InputError(
                f"--{name} must be whole, or a fraction of one. "
                f"Received: {share:g}"
            )
    grid = sweep.sweep_grid(path)
    if settings.dry_run:
        for command in sweep.sweep_commands(grid, settings.out):
            print(shlex.join(command))
        return 0
    outcome = sweep.run_sweep(
        grid,
        settings.out,
        address=settings.address,
        cpus_per_run=settings.cpus_per_run,
        gpus_per_run=settings.gpus_per_run,
        limit_threads=settings.limit_threads,
        max_runs=settings.max_runs,
        retries=settings.retries,
    )
    sweep.print_sweep(outcome, settings.out)
    return outcome.status


TOOL = Program(
    name="sweep",
    about=__doc__,
    flags=_FLAGS,
    main=_main,
    arguments=["GRID"],
    needs_keras=False,
)
