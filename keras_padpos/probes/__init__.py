"""Position probes (PosENet): targets, heads, solvers, evaluation."""

from keras_padpos.choices import RESIZES
from keras_padpos.choices import TARGETS
from keras_padpos.probes._position_budget import position_budget
from keras_padpos.probes._position_probe import check_heads
from keras_padpos.probes._position_probe import position_probe
from keras_padpos.probes._position_target import position_target
from keras_padpos.probes._probe_model import probe_features
from keras_padpos.probes._probe_model import probe_model
from keras_padpos.probes._probe_model import reference_features
from keras_padpos.probes._probe_model import stage_of_input
from keras_padpos.probes._probe_model import stage_probes
from keras_padpos.probes.evaluation import EXAMPLES
from keras_padpos.probes.evaluation import MEDIAN_MAPS
from keras_padpos.probes.exact_solver import ExactSolver
from keras_padpos.probes.gradient_solver import BATCH
from keras_padpos.probes.gradient_solver import EPOCHS
from keras_padpos.probes.gradient_solver import GradientSolver
from keras_padpos.probes.head import Head
from keras_padpos.probes.linear_probe import LinearProbe

__all__ = [
    "BATCH",
    "EPOCHS",
    "EXAMPLES",
    "MEDIAN_MAPS",
    "RESIZES",
    "TARGETS",
    "ExactSolver",
    "GradientSolver",
    "Head",
    "LinearProbe",
    "check_heads",
    "position_budget",
    "position_probe",
    "position_target",
    "probe_features",
    "probe_model",
    "reference_features",
    "stage_of_input",
    "stage_probes",
]
