"""TensorBoard's messages, made without TensorFlow.

The package tensorboard is imported where it is needed.
"""

import io
import time
from collections.abc import Mapping
from typing import Any

import numpy as np


def scalars_summary(values: Mapping[str, float]) -> Any:
    """A message with points of curves.

    Args:
        values: From a curve's name to its value.

    Returns:
        TensorBoard's `Summary`.
    """
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb

    summary = summary_pb2.Summary()
    for tag, value in values.items():
        summary.MergeFrom(scalar_pb(tag, value))
    return summary


def image_summary(tag: str, png: bytes) -> Any:
    """A message with a picture.

    Args:
        tag: Name of the picture.
        png: The picture, a whole PNG file.

    Returns:
        TensorBoard's `Summary`.

    Raises:
        PIL.UnidentifiedImageError: If it is no picture.
    """
    from PIL import Image
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.image import metadata
    from tensorboard.util import tensor_util

    with Image.open(io.BytesIO(png)) as image:
        sizes = [str(size).encode() for size in image.size]
    summary = summary_pb2.Summary()
    summary.value.add(
        tag=tag,
        tensor=tensor_util.make_tensor_proto([*sizes, png]),
        metadata=metadata.create_summary_metadata("", ""),
    )
    return summary


def map_png(
    picture: np.ndarray, low: float | None = None, high: float | None = None
) -> bytes:
    r"""Draw a map in colours, a pixel for each cell.

    Example:
        >>> map_png(np.eye(2))[:4]
        b'\x89PNG'

    Args:
        picture: The map, `(height, width)`.
        low: Value of the darkest colour; the least of the map if not given.
        high: Value of the brightest one; the greatest if not given.

    Returns:
        A PNG file.
    """
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, picture, vmin=low, vmax=high, cmap="viridis", format="png")
    return file.getvalue()


def session_start_summary(flags: Mapping[str, Any]) -> Any:
    """A message with the hyperparameters of a run that begins.

    Args:
        flags: Its flags. Lists and mappings are told as text, `None` is left
            out.

    Returns:
        TensorBoard's `Summary`.
    """
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    return hparams_pb(
        {
            name: _plain(value)
            for name, value in flags.items()
            if value is not None
        }
    )


def session_end_summary() -> Any:
    """A message that a run has ended well.

    Returns:
        TensorBoard's `Summary`.
    """
    from tensorboard.compat.proto import summary_pb2
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams import plugin_data_pb2

    data = plugin_data_pb2.HParamsPluginData(
        session_end_info=plugin_data_pb2.SessionEndInfo(
            status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time()
        )
    )
    summary = summary_pb2.Summary()
    summary.value.add(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(data),
        tensor=metadata.NULL_TENSOR,
    )
    return summary


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value) if isinstance(value, dict) else value
