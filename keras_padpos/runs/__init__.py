"""What every experiment binary shares.

Importing this imports neither Keras nor a backend, so that a binary answers
`--help` and a mistyped flag at once.
"""

from keras_padpos.errors import InputError
from keras_padpos.runs.application import quiet_tensorflow
from keras_padpos.runs.application import run
from keras_padpos.runs.devices import open_spread
from keras_padpos.runs.flags import apply_common_flags
from keras_padpos.runs.flags import conversion_modes
from keras_padpos.runs.flags import define_common_flags
from keras_padpos.runs.flags import picture_sets
from keras_padpos.runs.flags import positions_value
from keras_padpos.runs.flags import resolved_flags
from keras_padpos.runs.flags import ridge_value
from keras_padpos.runs.flags import stage_layers
from keras_padpos.runs.flags import stage_words
from keras_padpos.runs.flags import whole_numbers
from keras_padpos.runs.provenance import Provenance
from keras_padpos.runs.rolling_checkpoint import RollingCheckpoint
from keras_padpos.runs.shared_directory import open_work_directory
from keras_padpos.runs.training_flags import TrainingFlags
from keras_padpos.runs.training_flags import define_training_flags
from keras_padpos.runs.units import FoundRows
from keras_padpos.runs.units import TrainingUnit
from keras_padpos.runs.units import calibrated_at_end
from keras_padpos.runs.units import calibrated_at_first
from keras_padpos.runs.units import train_units
from keras_padpos.runs.units import trained_classifier
from keras_padpos.runs.work_directory import WorkDirectory

__all__ = [
    "InputError",
    "quiet_tensorflow",
    "run",
    "open_spread",
    "apply_common_flags",
    "conversion_modes",
    "define_common_flags",
    "picture_sets",
    "positions_value",
    "resolved_flags",
    "ridge_value",
    "stage_layers",
    "stage_words",
    "whole_numbers",
    "Provenance",
    "RollingCheckpoint",
    "open_work_directory",
    "TrainingFlags",
    "define_training_flags",
    "FoundRows",
    "TrainingUnit",
    "calibrated_at_end",
    "calibrated_at_first",
    "train_units",
    "trained_classifier",
    "WorkDirectory",
]
