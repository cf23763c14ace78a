"""Bands of pixels by their distance to the border."""

from collections.abc import Sequence

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError

BAND_EDGES = (0.05, 0.10, 0.15, 0.20, 0.25)
"""Where one band ends and the next begins, as shares of the smaller side."""


def border_bands(
    height: int, width: int, edges: Sequence[float] = BAND_EDGES
) -> np.ndarray:
    """The band that each pixel of a picture lies in.

    A pixel's distance is that of its centre to the nearest border, so that of
    the outermost pixels is half a pixel, and is divided by the picture's
    smaller side. Band 0 holds the distances from 0 to below `edges[0]`, band
    `i` those from `edges[i - 1]` to below `edges[i]`, and the last band, the
    interior, all others. Every pixel lies in exactly one band; a small picture
    may leave a band empty, as one of ten pixels or less leaves the first.

    Islam et al. (IJCV 2024) score segmentation in bands of 5 %. How they
    measure the distance, and of what side the share is, is not known to us:
    this definition is our own.

    Example:

    >>> border_bands(4, 6, edges=(0.2,))
    array([[0, 0, 0, 0, 0, 0],
           [0, 1, 1, 1, 1, 0],
           [0, 1, 1, 1, 1, 0],
           [0, 0, 0, 0, 0, 0]])

    Args:
        height: Rows of the picture.
        width: Its columns.
        edges: Ends of the bands, increasing, between 0 and 0.5.

    Returns:
        `(height, width)`, integers from 0 to `len(edges)`.

    Raises:
        ValueError: If the size is not positive, or the edges are not
            increasing or not between 0 and 0.5.
    """
    edges = check_edges(edges)
    check_ints(height=height, width=width)
    lines = []
    for size in (height, width):
        position = np.arange(size)
        distance = np.minimum(position, size - 1 - position) + 0.5
        # A quotient is rounded once, as a decimal edge is, so that a pixel
        # right on an edge is not below it.
        share = distance / min(height, width)
        lines.append(np.searchsorted(edges, share, side="right"))
    return np.minimum(lines[0][:, None], lines[1][None, :])


def band_names(edges: Sequence[float] = BAND_EDGES) -> tuple[str, ...]:
    """Names of the bands of `border_bands`.

    Example:

    >>> band_names((0.05, 0.125))
    ('0-5 %', '5-12.5 %', 'interior')

    Args:
        edges: As for `border_bands`.

    Returns:
        From the outermost band to the interior.

    Raises:
        ValueError: As `border_bands` does.
    """
    ends = [f"{100 * edge:g}" for edge in (0, *check_edges(edges))]
    pairs = zip(ends[:-1], ends[1:], strict=True)
    return (*(f"{low}-{high} %" for low, high in pairs), "interior")


def check_edges(edges: Sequence[float]) -> tuple[float, ...]:
    """Check the edges of bands."""
    checked = tuple(float(edge) for edge in edges)
    # NaN is not greater, either.
    if not (np.diff((0.0, *checked, 0.5)) > 0).all():
        raise InputError(
            "`edges` must increase and lie between 0 and 0.5. "
            f"Received: {list(edges)}"
        )
    return checked
