"""Whole networks: backbones with stage outputs, and their conversion."""

from keras_padpos.models.backbone import backbone
from keras_padpos.models.backbone import backbone_names
from keras_padpos.models.backbone import check_weights
from keras_padpos.models.backbone import stage_names
from keras_padpos.models.backbone_of import backbone_of
from keras_padpos.models.bagnet import bagnet
from keras_padpos.models.calibrate_batch_norm import calibrate_batch_norm
from keras_padpos.models.classifier import classifier
from keras_padpos.models.convert_padding import convert_padding
from keras_padpos.models.deeplab import DEEPLAB_ENCODERS
from keras_padpos.models.deeplab import deeplab
from keras_padpos.models.even_sizes import EvenSizes
from keras_padpos.models.even_sizes import even_sizes
from keras_padpos.models.find_padding_sites import find_padding_sites
from keras_padpos.models.model_file import is_model_file
from keras_padpos.models.model_file import load_model_file
from keras_padpos.models.open_pyramids import open_pyramids
from keras_padpos.models.padding_site import PaddingSite
from keras_padpos.models.receptive_field import ReceptiveField
from keras_padpos.models.receptive_field import receptive_field
from keras_padpos.models.red_green_net import red_green_net
from keras_padpos.models.resnet18 import resnet18
from keras_padpos.models.semantic_net import ENLARGEMENTS
from keras_padpos.models.semantic_net import SEMANTIC_HEADS
from keras_padpos.models.semantic_net import semantic_net
from keras_padpos.models.stage_model import stage_candidates
from keras_padpos.models.unfit_layer import unfit_layer
from keras_padpos.models.vgg5 import vgg5

__all__ = [
    "DEEPLAB_ENCODERS",
    "ENLARGEMENTS",
    "SEMANTIC_HEADS",
    "EvenSizes",
    "PaddingSite",
    "ReceptiveField",
    "backbone",
    "backbone_names",
    "backbone_of",
    "bagnet",
    "calibrate_batch_norm",
    "check_weights",
    "classifier",
    "convert_padding",
    "deeplab",
    "even_sizes",
    "find_padding_sites",
    "is_model_file",
    "load_model_file",
    "open_pyramids",
    "receptive_field",
    "red_green_net",
    "resnet18",
    "semantic_net",
    "stage_candidates",
    "stage_names",
    "unfit_layer",
    "vgg5",
]
