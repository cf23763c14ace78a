"""Scores: rank correlation, chance levels, intervals, differences."""

from keras_padpos.metrics.bootstrap_interval import bootstrap_interval
from keras_padpos.metrics.chance_mae import chance_mae
from keras_padpos.metrics.paired_difference import paired_difference
from keras_padpos.metrics.rank_correlation import rank_correlation
from keras_padpos.metrics.top_k_overlap import top_k_overlap

__all__ = [
    "bootstrap_interval",
    "chance_mae",
    "paired_difference",
    "rank_correlation",
    "top_k_overlap",
]
