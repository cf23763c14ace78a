"""What makes two networks the same."""

import functools
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from keras_padpos.report._position_rows import NETWORK


def network_identity(row: Mapping[str, Any]) -> tuple:
    """What tells a row's network from others, its seed aside.

    Example:

    >>> row = {"backbone": "vgg16", "weights": "./nets/a.h5",
    ...        "padding_mode": "zeros"}
    >>> network_identity(row)
    ('vgg16', 'nets/a.h5', 'zeros', 0)

    Args:
        row: A row of `position_probe`. Without `calibration_images`, which
            runs of earlier versions did not know, none were used.

    Returns:
        The values of `NETWORK`; a path is the same however it is spelt.
    """
    shown = {
        **row,
        "backbone": _spelt(row["backbone"]),
        "weights": _spelt(row["weights"]),
        "calibration_images": row.get("calibration_images") or 0,
    }
    return tuple(shown.get(name) for name in NETWORK)


@functools.lru_cache(maxsize=1024)
def _spelt(path: str) -> str:
    return PurePath(path).as_posix()
