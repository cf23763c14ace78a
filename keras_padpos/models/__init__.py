"""Whole networks: backbones with stage outputs, and their conversion."""

from keras_padpos.choices import ENLARGEMENTS
from keras_padpos.models._backbone import backbone
from keras_padpos.models._backbone import backbone_names
from keras_padpos.models._backbone import check_weights
from keras_padpos.models._backbone import stage_names
from keras_padpos.models._calibrate_batch_norm import calibrate_batch_norm
from keras_padpos.models._call import Call
from keras_padpos.models._classifier import classifier
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.fields._receptive_field import receptive_field
from keras_padpos.models.fields.receptive_fields import ReceptiveField
from keras_padpos.models.fields.receptive_fields import ReceptiveFields
from keras_padpos.models.graph._convert_downsampling import convert_downsampling
from keras_padpos.models.graph._convert_padding import convert_padding
from keras_padpos.models.graph._even_sizes import even_sizes
from keras_padpos.models.graph._even_sizes import square_shape
from keras_padpos.models.graph._even_sizes import unfit_layer
from keras_padpos.models.graph._find_padding_sites import find_padding_sites
from keras_padpos.models.graph._model_graph import Graph
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph._stage_model import stage_candidates
from keras_padpos.models.graph._stage_model import stage_model as stages
from keras_padpos.models.graph._tried_calls import TriedCall
from keras_padpos.models.graph._tried_calls import tried_calls
from keras_padpos.models.graph.copy_difference import model_difference
from keras_padpos.models.graph.network_copies import resized
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.padding_site import PaddingSites
from keras_padpos.models.model_file import is_model_file
from keras_padpos.models.model_file import load_model_file
from keras_padpos.models.nets._bagnet import bagnet
from keras_padpos.models.nets._deeplab import deeplab
from keras_padpos.models.nets._formation_net import FORMATION_STAGES
from keras_padpos.models.nets._formation_net import formation_net
from keras_padpos.models.nets._red_green_net import red_green_net
from keras_padpos.models.nets._resnet18 import resnet18
from keras_padpos.models.nets._semantic_net import SEMANTIC_HEADS
from keras_padpos.models.nets._semantic_net import backbone_of
from keras_padpos.models.nets._semantic_net import semantic_net
from keras_padpos.models.nets._vgg5 import vgg5

__all__ = [
    "ENLARGEMENTS",
    "FORMATION_STAGES",
    "SEMANTIC_HEADS",
    "Call",
    "Graph",
    "PaddingSite",
    "PaddingSites",
    "ReceptiveField",
    "ReceptiveFields",
    "TriedCall",
    "backbone",
    "backbone_names",
    "backbone_of",
    "bagnet",
    "calibrate_batch_norm",
    "check_weights",
    "classifier",
    "convert_downsampling",
    "convert_padding",
    "deeplab",
    "even_sizes",
    "find_padding_sites",
    "formation_net",
    "is_model_file",
    "load_model_file",
    "model_difference",
    "model_graph",
    "plain_reason",
    "receptive_field",
    "red_green_net",
    "resized",
    "resnet18",
    "semantic_net",
    "square_shape",
    "stage_candidates",
    "stage_names",
    "stages",
    "tried_calls",
    "unfit_layer",
    "vgg5",
]
