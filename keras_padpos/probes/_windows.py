"""The cells that a k x k head sees at each position."""

import numpy as np


def head_size(grid: int, kernel_size: int, padding: int) -> int:
    """Cells a side of what a head of stride 1 gives."""
    return grid + 2 * padding - kernel_size + 1


def framed(features: np.ndarray, padding: int) -> np.ndarray:
    """Features with the zeros that a head adds around them."""
    if not padding:
        return features
    sides = (padding, padding)
    return np.pad(features, ((0, 0), sides, sides, (0, 0)))


def windows(
    features: np.ndarray,
    kernel_size: int,
    padding: int,
    cells: np.ndarray | None = None,
) -> np.ndarray:
    """Lay out the window of every position, as a convolution would see it.

    Example:

    >>> features = np.zeros((2, 28, 28, 5), "float32")
    >>> windows(features, 3, 0).shape
    (2, 676, 45)
    >>> windows(features, 3, 0, cells=np.array([[0, 675], [3, 4]])).shape
    (2, 2, 45)

    Args:
        features: `(batch, height, width, channels)`.
        kernel_size: Cells a side of the window.
        padding: Zeros added on each side (the head's own padding).
        cells: `(batch, n)`, the positions to lay out of each picture, counted
            row by row. `None`: all.

    Returns:
        `(batch, n, kernel_size**2 * channels)`, in the order of a reshaped
        convolution kernel.
    """
    features = framed(features, padding)
    batch, height, width, channels = features.shape
    height, width = height - kernel_size + 1, width - kernel_size + 1
    if kernel_size == 1 and cells is None:
        return features.reshape(batch, height * width, channels)
    if cells is None:
        number = height * width
    else:
        number = cells.shape[1]
        picture = np.arange(batch)[:, None]
        top, left = np.divmod(cells, width)
    laid = np.empty((batch, number, kernel_size**2, channels), features.dtype)
    for offset in range(kernel_size**2):
        down, right = divmod(offset, kernel_size)
        if cells is None:
            view = features[:, down : down + height, right : right + width]
            laid[:, :, offset] = view.reshape(batch, number, channels)
        else:
            laid[:, :, offset] = features[picture, top + down, left + right]
    return laid.reshape(batch, number, kernel_size**2 * channels)
