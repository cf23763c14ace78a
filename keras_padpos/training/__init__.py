"""One training loop: it survives interruption and spreads over devices."""

from keras_padpos.training._divergence import divergence
from keras_padpos.training._suits_xla import suits_xla
from keras_padpos.training._train_epochs import train_epochs
from keras_padpos.training._train_in_steps import TrainingStep
from keras_padpos.training._train_in_steps import train_in_steps
from keras_padpos.training._variable_state import restore_variables
from keras_padpos.training._variable_state import variable_state
from keras_padpos.training.best_weights import BestWeights
from keras_padpos.training.data_parallel import DataParallel
from keras_padpos.training.device_pool import DevicePool
from keras_padpos.training.keras_fit import KerasFit
from keras_padpos.training.local_model import LocalModel
from keras_padpos.training.one_device import OneDevice
from keras_padpos.training.training_position import Checkpoint
from keras_padpos.training.training_position import Part
from keras_padpos.training.training_position import TrainingPosition

__all__ = [
    "BestWeights",
    "Checkpoint",
    "DataParallel",
    "DevicePool",
    "KerasFit",
    "LocalModel",
    "OneDevice",
    "Part",
    "TrainingPosition",
    "TrainingStep",
    "divergence",
    "restore_variables",
    "suits_xla",
    "train_epochs",
    "train_in_steps",
    "variable_state",
]
