"""The cells that a k x k head sees at each place."""

import numpy as np


def head_size(grid: int, kernel_size: int, padding: int) -> int:
    """Cells a side of what a head of stride 1 gives.

    Example:

    >>> head_size(28, kernel_size=3, padding=0)
    26
    """
    return grid + 2 * padding - kernel_size + 1


def windows(features: np.ndarray, kernel_size: int, padding: int) -> np.ndarray:
    """Lay out the window of every place, as a convolution would see it.

    Example:

    >>> windows(np.zeros((2, 28, 28, 5), "float32"), 3, 0).shape
    (2, 26, 26, 45)

    Args:
        features: `(batch, height, width, channels)`.
        kernel_size: Cells a side of the window.
        padding: Zeros added on each side (the head's own padding).

    Returns:
        `(batch, height', width', kernel_size**2 * channels)`, in the order
        of a reshaped convolution kernel.
    """
    if padding:
        sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        features = np.pad(features, sides)
    if kernel_size == 1:
        return features
    view = np.lib.stride_tricks.sliding_window_view(
        features, (kernel_size, kernel_size), axis=(1, 2)
    )
    # (batch, height', width', channels, k, k) to kernel order (k, k, channels)
    view = np.moveaxis(view, 3, -1)
    return view.reshape(*view.shape[:3], -1)
