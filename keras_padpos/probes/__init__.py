"""Position read-outs (PosENet): targets, heads, solvers, evaluation."""

from keras_padpos.probes._position_budget import position_budget
from keras_padpos.probes._position_probe import SOLVERS
from keras_padpos.probes._position_probe import check_heads
from keras_padpos.probes._position_probe import position_probe
from keras_padpos.probes._position_target import TARGETS
from keras_padpos.probes._position_target import position_target
from keras_padpos.probes._read_out_features import read_out_features
from keras_padpos.probes._read_out_model import read_out_model
from keras_padpos.probes._stage_read_outs import stage_read_outs
from keras_padpos.probes.evaluation import EXAMPLES
from keras_padpos.probes.evaluation import MEDIAN_MAPS
from keras_padpos.probes.evaluation import Evaluation
from keras_padpos.probes.exact_solver import RIDGES
from keras_padpos.probes.exact_solver import ExactSolver
from keras_padpos.probes.gradient_solver import BATCH
from keras_padpos.probes.gradient_solver import EPOCHS
from keras_padpos.probes.gradient_solver import GradientSolver
from keras_padpos.probes.head import Head
from keras_padpos.probes.linear_read_out import LinearReadOut

__all__ = [
    "BATCH",
    "EPOCHS",
    "EXAMPLES",
    "MEDIAN_MAPS",
    "RIDGES",
    "SOLVERS",
    "TARGETS",
    "Evaluation",
    "ExactSolver",
    "GradientSolver",
    "Head",
    "LinearReadOut",
    "check_heads",
    "position_budget",
    "position_probe",
    "position_target",
    "read_out_features",
    "read_out_model",
    "stage_read_outs",
]
