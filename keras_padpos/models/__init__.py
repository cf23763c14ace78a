"""Whole networks: backbones with stage outputs, and their conversion."""

from keras_padpos.models.backbone import backbone
from keras_padpos.models.backbone import backbone_names
from keras_padpos.models.backbone import check_weights
from keras_padpos.models.backbone import stage_names
from keras_padpos.models.convert_padding import convert_padding
from keras_padpos.models.receptive_field import ReceptiveField
from keras_padpos.models.receptive_field import receptive_field

__all__ = [
    "ReceptiveField",
    "backbone",
    "backbone_names",
    "check_weights",
    "convert_padding",
    "receptive_field",
    "stage_names",
]
