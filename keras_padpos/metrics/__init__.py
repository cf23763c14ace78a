"""Scores: of probes, units, segmentation and saliency; intervals."""

from keras_padpos.metrics._border_bands import BAND_EDGES
from keras_padpos.metrics._border_bands import band_names
from keras_padpos.metrics._border_bands import border_bands
from keras_padpos.metrics._border_distance import border_profile
from keras_padpos.metrics._border_distance import side_asymmetry
from keras_padpos.metrics._intervals import bootstrap_interval
from keras_padpos.metrics._intervals import holm
from keras_padpos.metrics._intervals import jackknife_interval
from keras_padpos.metrics._intervals import mean_p_value
from keras_padpos.metrics._intervals import paired_difference
from keras_padpos.metrics._iou import mean_iou
from keras_padpos.metrics._map_scores import chance_mae
from keras_padpos.metrics._map_scores import rank_correlation
from keras_padpos.metrics._neuron_counts import neuron_counts
from keras_padpos.metrics._top_k_overlap import top_k_overlap
from keras_padpos.metrics._variance_share import variance_share
from keras_padpos.metrics.banded_confusion import BandedConfusion
from keras_padpos.metrics.banded_saliency import BandedSaliency
from keras_padpos.metrics.border_contrast import SIDES
from keras_padpos.metrics.border_contrast import BorderContrast
from keras_padpos.metrics.border_contrast import border_moments
from keras_padpos.metrics.border_contrast import position_aware_units
from keras_padpos.metrics.class_maps import VOID
from keras_padpos.metrics.pixel_prior import PixelPrior
from keras_padpos.metrics.saliency_scores import SaliencyScores
from keras_padpos.metrics.translation_invariance import TranslationInvariance
from keras_padpos.metrics.translation_invariance import patch_offsets

__all__ = [
    "BAND_EDGES",
    "SIDES",
    "VOID",
    "BandedConfusion",
    "BandedSaliency",
    "BorderContrast",
    "PixelPrior",
    "SaliencyScores",
    "TranslationInvariance",
    "band_names",
    "bootstrap_interval",
    "border_bands",
    "border_moments",
    "border_profile",
    "chance_mae",
    "holm",
    "jackknife_interval",
    "mean_iou",
    "mean_p_value",
    "neuron_counts",
    "paired_difference",
    "patch_offsets",
    "position_aware_units",
    "rank_correlation",
    "side_asymmetry",
    "top_k_overlap",
    "variance_share",
]
