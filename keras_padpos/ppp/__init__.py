"""PPP: reference features, the padding's own pattern, and its metrics."""

from keras_padpos.ppp.distributed_measurement import DistributedMeasurement
from keras_padpos.ppp.pattern_formation import PatternFormation
from keras_padpos.ppp.pattern_measurement import PatternMeasurement
from keras_padpos.ppp.reference_features import ReferenceFeatures

__all__ = [
    "PatternFormation",
    "PatternMeasurement",
    "ReferenceFeatures",
    "DistributedMeasurement",
]
