"""Scores: rank correlation, chance levels, intervals, differences, units."""

from keras_padpos.metrics.bootstrap_interval import bootstrap_interval
from keras_padpos.metrics.border_contrast import SIDES
from keras_padpos.metrics.border_contrast import BorderContrast
from keras_padpos.metrics.border_contrast import border_moments
from keras_padpos.metrics.border_contrast import position_aware_units
from keras_padpos.metrics.border_profile import border_distance
from keras_padpos.metrics.border_profile import border_profile
from keras_padpos.metrics.chance_mae import chance_mae
from keras_padpos.metrics.jackknife_interval import jackknife_interval
from keras_padpos.metrics.neuron_counts import NeuronCounts
from keras_padpos.metrics.neuron_counts import neuron_counts
from keras_padpos.metrics.paired_difference import paired_difference
from keras_padpos.metrics.rank_correlation import rank_correlation
from keras_padpos.metrics.side_asymmetry import side_asymmetry
from keras_padpos.metrics.top_k_overlap import top_k_overlap
from keras_padpos.metrics.variance_share import VarianceShare
from keras_padpos.metrics.variance_share import variance_share

__all__ = [
    "SIDES",
    "BorderContrast",
    "NeuronCounts",
    "VarianceShare",
    "bootstrap_interval",
    "border_distance",
    "border_moments",
    "border_profile",
    "chance_mae",
    "jackknife_interval",
    "neuron_counts",
    "paired_difference",
    "position_aware_units",
    "rank_correlation",
    "side_asymmetry",
    "top_k_overlap",
    "variance_share",
]
