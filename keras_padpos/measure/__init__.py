"""What a notebook calls: position, pattern and padding modes in one call."""

from keras_padpos.measure._callbacks import PatternCallback
from keras_padpos.measure._callbacks import PositionCallback
from keras_padpos.measure._compare import PaddingComparison
from keras_padpos.measure._compare import compare_padding
from keras_padpos.measure._pattern import PatternResult
from keras_padpos.measure._pattern import measure_pattern
from keras_padpos.measure._pattern import pattern_rows
from keras_padpos.measure._position import PositionResult
from keras_padpos.measure._position import measure_position
from keras_padpos.measure._position import probe_network
from keras_padpos.measure._result import Result

__all__ = [
    "PaddingComparison",
    "PatternCallback",
    "PatternResult",
    "PositionCallback",
    "PositionResult",
    "Result",
    "compare_padding",
    "measure_pattern",
    "measure_position",
    "pattern_rows",
    "probe_network",
]
