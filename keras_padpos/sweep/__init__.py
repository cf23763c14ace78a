"""Many runs, on Ray."""

from keras_padpos.sweep.folder import SweepFolder
from keras_padpos.sweep.grid import check_sweep_flags
from keras_padpos.sweep.grid import sweep_grid
from keras_padpos.sweep.progress import print_sweep
from keras_padpos.sweep.run import SweepOutcome
from keras_padpos.sweep.run import SweepRun
from keras_padpos.sweep.sweep import run_sweep

__all__ = [
    "SweepFolder",
    "check_sweep_flags",
    "sweep_grid",
    "print_sweep",
    "SweepOutcome",
    "SweepRun",
    "run_sweep",
]
