"""Scores: of probes, units, segmentation and saliency; intervals."""

from keras_padpos.metrics._bootstrap_interval import bootstrap_interval
from keras_padpos.metrics._border_bands import BAND_EDGES
from keras_padpos.metrics._border_bands import band_names
from keras_padpos.metrics._border_bands import border_bands
from keras_padpos.metrics._border_profile import border_distance
from keras_padpos.metrics._border_profile import border_profile
from keras_padpos.metrics._chance_mae import chance_mae
from keras_padpos.metrics._class_iou import class_iou
from keras_padpos.metrics._jackknife_interval import jackknife_interval
from keras_padpos.metrics._mean_iou import mean_iou
from keras_padpos.metrics._neuron_counts import NeuronCounts
from keras_padpos.metrics._neuron_counts import neuron_counts
from keras_padpos.metrics._paired_difference import paired_difference
from keras_padpos.metrics._patch_offsets import patch_offsets
from keras_padpos.metrics._rank_correlation import rank_correlation
from keras_padpos.metrics._saliency_values import saliency_values
from keras_padpos.metrics._side_asymmetry import side_asymmetry
from keras_padpos.metrics._top_k_overlap import top_k_overlap
from keras_padpos.metrics._variance_share import VarianceShare
from keras_padpos.metrics._variance_share import variance_share
from keras_padpos.metrics.banded_confusion import BandedConfusion
from keras_padpos.metrics.banded_saliency import BETA_SQUARED
from keras_padpos.metrics.banded_saliency import BandedSaliency
from keras_padpos.metrics.border_contrast import SIDES
from keras_padpos.metrics.border_contrast import BorderContrast
from keras_padpos.metrics.border_contrast import border_moments
from keras_padpos.metrics.border_contrast import position_aware_units
from keras_padpos.metrics.class_maps import VOID
from keras_padpos.metrics.pixel_prior import PixelPrior
from keras_padpos.metrics.saliency_scores import SaliencyScores
from keras_padpos.metrics.translation_invariance import TranslationInvariance

__all__ = [
    "BAND_EDGES",
    "BETA_SQUARED",
    "SIDES",
    "VOID",
    "BandedConfusion",
    "BandedSaliency",
    "BorderContrast",
    "NeuronCounts",
    "PixelPrior",
    "SaliencyScores",
    "TranslationInvariance",
    "VarianceShare",
    "band_names",
    "bootstrap_interval",
    "border_bands",
    "border_distance",
    "border_moments",
    "border_profile",
    "chance_mae",
    "class_iou",
    "jackknife_interval",
    "mean_iou",
    "neuron_counts",
    "paired_difference",
    "patch_offsets",
    "position_aware_units",
    "rank_correlation",
    "saliency_values",
    "side_asymmetry",
    "top_k_overlap",
    "variance_share",
]
