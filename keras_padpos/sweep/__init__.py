"""Many runs, on Ray."""

from keras_padpos.sweep.grid import SweepRun
from keras_padpos.sweep.grid import sweep_grid
from keras_padpos.sweep.sweep import SweepOutcome
from keras_padpos.sweep.sweep import print_sweep
from keras_padpos.sweep.sweep import run_sweep
from keras_padpos.sweep.sweep import sweep_commands

__all__ = [
    "SweepOutcome",
    "SweepRun",
    "print_sweep",
    "run_sweep",
    "sweep_commands",
    "sweep_grid",
]
