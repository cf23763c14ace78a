"""Values that every JSON reader takes."""

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np


def strict_json(value: Any) -> Any:
    """Turn a value into what strict JSON can say.

    JSON has no NaN and no infinity (Python's own writer emits them all the
    same, and other readers refuse the file), so both become `None`.

    Example:
        >>> import numpy as np
        >>> strict_json({"mae": np.float64("nan"), "grid": (7, np.int64(7))})
        {'mae': None, 'grid': [7, 7]}

    Args:
        value: A number, string, bool, `None`, path, NumPy scalar or array, a
            tensor of any backend, or a mapping, list or tuple of those.

    Returns:
        The value made of dict, list, str, int, float, bool and `None` only.

    Raises:
        TypeError: If a value, or the key of a mapping, is of another kind.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    # int() and float() also undo subclasses, such as enum's IntEnum.
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_key(key): strict_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict_json(item) for item in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "__array__"):
        return strict_json(np.asarray(value).tolist())
    raise TypeError(
        "`value` must be made of numbers, strings, bools, None, arrays, "
        "mappings, lists and tuples to be written as JSON. Received: "
        f"value={value!r} of type {type(value).__name__}. Convert it first."
    )


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return str(int(key))
    raise TypeError(
        "`value` must have strings or integers as keys to be written as JSON. "
        f"Received: key={key!r} of type {type(key).__name__}. Convert it first."
    )
