"""Many runs: the product of flags that a file lists, on Ray.

    python -m tools.sweep experiments/grids/padding_modes.yaml --out=runs/modes

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

from absl import flags

from keras_padpos import runs
from keras_padpos import sweep

_OUT = flags.DEFINE_string(
    "out", None, "Folder for the work directories, logs and sweep.json."
)
_ADDRESS = flags.DEFINE_string(
    "address",
    None,
    "HOST:PORT of a Ray cluster that this machine is a node of, or auto. If "
    "not given: this machine alone.",
)
_CPUS = flags.DEFINE_float(
    "cpus_per_run",
    1,
    "Processors set apart for a run, so as many runs go at once as fit. A run "
    "may use more threads; see --limit_threads.",
    lower_bound=0.001,
)
_GPUS = flags.DEFINE_float(
    "gpus_per_run",
    None,
    "GPUs of a run, which sees no others; may be a fraction. If not given: 1 "
    "where a node has any.",
    lower_bound=0,
)
_LIMIT_THREADS = flags.DEFINE_bool(
    "limit_threads",
    False,
    "Let TensorFlow and OpenMP use --cpus_per_run threads and no more, by "
    "environment variables. The last digits of results may depend on it.",
)
_MAX_RUNS = flags.DEFINE_integer(
    "max_runs",
    None,
    "Runs at once, at most. If not given: as many as have room.",
    lower_bound=1,
)
_RETRIES = flags.DEFINE_integer(
    "retries",
    3,
    "How many times a run that is lost with its worker or node is started "
    "again. One that fails by itself is not.",
    lower_bound=0,
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run",
    False,
    "Print the commands of the runs that are not finished, and run none.",
)


def main(argv):
    """Read the grid, run it, and print a summary."""
    if not _OUT.value:
        raise runs.InputError("--out must name a folder. Received: nothing")
    for flag in (_CPUS, _GPUS):
        if flag.value and flag.value > 1 and not flag.value.is_integer():
            raise runs.InputError(
                f"--{flag.name} must be whole, or a fraction of one. "
                f"Received: {flag.value:g}"
            )
    grid = sweep.sweep_grid(argv[1])
    if _DRY_RUN.value:
        for command in sweep.sweep_commands(grid, _OUT.value):
            print(shlex.join(command))
        return 0
    outcome = sweep.run_sweep(
        grid,
        _OUT.value,
        address=_ADDRESS.value,
        cpus_per_run=_CPUS.value,
        gpus_per_run=_GPUS.value,
        limit_threads=_LIMIT_THREADS.value,
        max_runs=_MAX_RUNS.value,
        retries=_RETRIES.value,
    )
    sweep.print_sweep(outcome, _OUT.value)
    return outcome.status


if __name__ == "__main__":
    runs.run(main, needs_keras=False, arguments=["GRID"])
