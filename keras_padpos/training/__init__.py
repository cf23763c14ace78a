"""One training loop, resumable, on every backend and device layout."""

from keras_padpos.training._divergence import divergence
from keras_padpos.training.best_weights import BestWeights
from keras_padpos.training.classifier_recipe import train_in_steps
from keras_padpos.training.data_parallel import DataParallel
from keras_padpos.training.device_pool import DevicePool
from keras_padpos.training.local_model import LocalModel
from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.one_device import suits_xla
from keras_padpos.training.state import Part
from keras_padpos.training.state import flat_state
from keras_padpos.training.state import kept_seeds
from keras_padpos.training.state import restore_variables
from keras_padpos.training.state import seed_variables
from keras_padpos.training.state import sub_state
from keras_padpos.training.state import variable_state
from keras_padpos.training.training_position import Checkpoint
from keras_padpos.training.training_position import TrainingPosition

__all__ = [
    "BestWeights",
    "Checkpoint",
    "DataParallel",
    "DevicePool",
    "LocalModel",
    "OneDevice",
    "Part",
    "TrainingPosition",
    "divergence",
    "flat_state",
    "kept_seeds",
    "restore_variables",
    "seed_variables",
    "sub_state",
    "suits_xla",
    "train_in_steps",
    "variable_state",
]
