"""PPP: reference features, the padding's own pattern, and its metrics."""

from keras_padpos.ppp._pattern_metrics import SILENT
from keras_padpos.ppp._pattern_metrics import pattern_maps
from keras_padpos.ppp._pattern_metrics import pattern_metrics
from keras_padpos.ppp._stage_fields import stage_fields
from keras_padpos.ppp.group_sums import GROUPS
from keras_padpos.ppp.group_sums import UNITS
from keras_padpos.ppp.group_sums import GroupSums
from keras_padpos.ppp.pattern_formation import PatternFormation
from keras_padpos.ppp.pattern_measurement import SNAPSHOTS
from keras_padpos.ppp.pattern_measurement import PatternMeasurement
from keras_padpos.ppp.reference_features import ReferenceFeatures
from keras_padpos.ppp.split_moments import SplitMoments
from keras_padpos.ppp.spread_measurement import SpreadMeasurement

__all__ = [
    "GROUPS",
    "SILENT",
    "SNAPSHOTS",
    "UNITS",
    "GroupSums",
    "PatternFormation",
    "PatternMeasurement",
    "ReferenceFeatures",
    "SplitMoments",
    "SpreadMeasurement",
    "pattern_maps",
    "pattern_metrics",
    "stage_fields",
]
