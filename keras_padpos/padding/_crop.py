"""The inside of a frame."""

from collections.abc import Sequence
from typing import Any


def crop(inputs: Any, pad_width: Sequence[tuple[int, int]]) -> Any:
    """Cut a frame off.

    Example:

    >>> import numpy as np
    >>> print(crop(np.arange(5), [(1, 2)]))
    [1 2]

    Args:
        inputs: Array or tensor with the frame.
        pad_width: Cells of the frame, one pair `(before, after)` an axis.

    Returns:
        What is inside.
    """
    return inputs[
        tuple(slice(before, -after or None) for before, after in pad_width)
    ]
