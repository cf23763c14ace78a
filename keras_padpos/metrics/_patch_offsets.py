"""Where overlapping patches of a picture begin."""

import numpy as np

from keras_padpos.errors import InputError


def patch_offsets(
    shape: tuple[int, int], patch: tuple[int, int], stride: int
) -> list[tuple[int, int]]:
    """Offsets of overlapping patches, all of them inside the picture.

    Example:

    >>> patch_offsets((5, 6), (4, 4), 1)
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]

    Args:
        shape: Height and width of the picture.
        patch: Height and width of the patches.
        stride: Pixels from one patch to the next.

    Returns:
        Top and left of each patch, row by row.

    Raises:
        ValueError: If the stride is not at least 1, or no patch fits.
    """
    if stride < 1:
        raise InputError(f"`stride` must be at least 1. Received: {stride}")
    sizes = list(zip(patch, shape, strict=True))
    if not all(1 <= one <= size for one, size in sizes):
        raise InputError(
            f"`patch` must fit into the picture of {shape[0]} x {shape[1]}. "
            f"Received: {patch[0]} x {patch[1]}"
        )
    tops, lefts = (
        np.arange(0, size - one + 1, stride).tolist() for one, size in sizes
    )
    return [(top, left) for top in tops for left in lefts]
