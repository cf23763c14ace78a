"""Exact prediction of pictures of any size, in tiles."""

from keras_padpos.tiling._plan import plan
from keras_padpos.tiling._predict import TiledModel
from keras_padpos.tiling._predict import predict_tiles
from keras_padpos.tiling.tiling_plan import TiledOutput
from keras_padpos.tiling.tiling_plan import TilingPlan

predict = predict_tiles

__all__ = [
    "TiledModel",
    "TiledOutput",
    "TilingPlan",
    "plan",
    "predict",
    "predict_tiles",
]
