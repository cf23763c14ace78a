"""Which channels behave differently at a border."""

from typing import Any

import numpy as np

from keras_padpos.checks import as_floats
from keras_padpos.checks import check_ints
from keras_padpos.errors import InputError

SIDES = ("top", "bottom", "left", "right")
"""The borders of a map, in the order of every result."""

# A difference below this share of a layer's size is rounding.
_NOISE = 1e-6


class BorderContrast:
    """Contrast of each channel between a map's borders and its interior.

    The contrast of a channel on a side is

        (mean over the side's cells - mean over the interior) / deviation

    where the side's cells are its outermost `width` rows or columns, corners
    included, the interior is what lies `width` cells away from all borders,
    and the deviation is the standard deviation over the interior; all over
    all samples. It is 0 where the means are the same, and infinite where they
    differ and the interior is constant. Differences and deviations of no more
    than 1e-6 of the layer's size are rounding, and count as none: the square
    of that size is the mean, over channels and samples, of the interior's
    variance and of the squared means of interior and sides.

    Sums are kept and no maps, so memory does not depend on their number.

    Example:

    >>> contrast = BorderContrast()
    >>> maps = np.random.default_rng(0).normal(size=(50, 8, 8, 2))
    >>> maps[:, 0, :, 1] += 2
    >>> contrast.update(maps[:25])
    >>> contrast.update(maps[25:])
    >>> print(abs(contrast.result()).round())
    [[0. 2.]
     [0. 0.]
     [0. 0.]
     [0. 0.]]

    Args:
        width: Rows or columns that are the border.

    Raises:
        ValueError: If `width` is not an int of at least 1.
    """

    def __init__(self, width: int = 1) -> None:
        check_ints(width=width)
        self.width = width
        self._size: tuple[int, ...] | None = None
        self._samples = 0
        # Arrays, once there are maps.
        self._mean: Any = 0.0
        self._between: Any = 0.0
        self._within: Any = 0.0
        self._squares: Any = 0.0

    def update(self, maps: np.ndarray) -> None:
        """Add maps.

        Args:
            maps: `(samples, height, width, channels)`. All calls need the
                same size and channels.

        Raises:
            ValueError: If these are no maps, have no interior or another
                size, or are not finite.
        """
        # That they are finite shows in their moments.
        maps = as_floats(
            "maps",
            maps,
            "(samples, height, width, channels)",
            empty=True,
            finite=False,
        )
        with np.errstate(invalid="ignore"):
            moments = border_moments(maps, self.width)
        self._size = self._size or maps.shape[1:]
        if maps.shape[1:] != self._size:
            raise InputError(
                f"All maps must be of one size, {self._size} so far. "
                f"Received: {maps.shape[1:]}"
            )
        self.update_moments(moments)

    def update_moments(self, moments: np.ndarray) -> None:
        """Add maps of which `border_moments` are known.

        Args:
            moments: `(samples, 6, channels)`, of maps of one size.

        Raises:
            ValueError: If the moments have another shape, or are not finite.
        """
        moments = np.asarray(moments, "float64")
        expected = np.shape(self._mean)[1:] or moments.shape[2:]
        if moments.ndim != 3 or moments.shape[1:] != (6, *expected):
            raise InputError(
                "`moments` must be of shape (samples, 6, "
                f"{', '.join(map(str, expected)) or 'channels'}). "
                f"Received: shape {moments.shape}"
            )
        if not np.isfinite(moments).all():
            raise InputError(
                "`maps` must be finite. Received: NaN or infinite values"
            )
        if not len(moments):
            return
        means, variances = moments[:, :5], moments[:, 5]
        mean, count = means.mean(axis=0), len(moments)
        self._squares = self._squares + np.square(means).mean(axis=1).sum(
            axis=0
        )
        self._within = self._within + variances.sum(axis=0)
        # Chan, Golub and LeVeque (1979): nothing large is subtracted.
        step, total = mean - self._mean, self._samples + count
        self._between = (
            self._between
            + np.square(means[:, 4] - mean[4]).sum(axis=0)
            + np.square(step[4]) * (self._samples * count / total)
        )
        self._mean = self._mean + step * (count / total)
        self._samples = total

    def result(self) -> np.ndarray:
        """The contrasts so far.

        Returns:
            `(4, channels)`: top, bottom, left, right.

        Raises:
            ValueError: If no maps were added.
        """
        if not self._samples:
            raise InputError("No maps were added.")
        size = np.mean(self._squares + self._within) / self._samples
        rounding = _NOISE * np.sqrt(size)
        deviation = np.sqrt((self._between + self._within) / self._samples)
        difference = self._mean[:4] - self._mean[4]
        with np.errstate(divide="ignore", invalid="ignore"):
            contrast = difference / np.where(
                deviation > rounding, deviation, 0.0
            )
        return np.where(np.abs(difference) > rounding, contrast, 0.0)


def border_moments(maps: Any, width: int = 1, *, xp: Any = np) -> Any:
    """Means of a map's borders and interior, and the interior's variance.

    They are all that `BorderContrast` needs of a map, and small enough to be
    computed where the map is: `xp=keras.ops` takes tensors and symbolic
    tensors of any backend.

    Example:

    >>> border_moments(np.arange(9.0).reshape(1, 3, 3, 1))[0, :, 0]
    array([1., 7., 3., 5., 4., 0.])

    Args:
        maps: `(samples, height, width, channels)`.
        width: Rows or columns that are the border.
        xp: What has `mean`, `square` and `stack`: NumPy or `keras.ops`.

    Returns:
        `(samples, 6, channels)`: means of top, bottom, left, right and
        interior, and the variance over the interior.

    Raises:
        ValueError: If these are no maps, or no cell lies `width` cells away
            from all borders.
    """
    check_ints(width=width)
    shape = tuple(getattr(maps, "shape", ()))
    if len(shape) != 4:
        raise InputError(
            "`maps` must be of shape (samples, height, width, channels). "
            f"Received: shape {shape}"
        )
    if min(shape[1:3]) <= 2 * width:
        raise InputError(
            f"`maps` must be larger than {2 * width} x {2 * width} to have an "
            f"interior beside borders of width {width}. "
            f"Received: {shape[1]} x {shape[2]}"
        )
    _, height, across, _ = shape
    middle = maps[
        :, height // 2 : height // 2 + 1, across // 2 : across // 2 + 1, :
    ]
    # Means of equal values are then exactly that value, in any precision.
    rest = maps - middle
    inner = rest[:, width : height - width, width : across - width, :]
    means = [
        xp.mean(each, axis=(1, 2), keepdims=True)
        for each in (
            rest[:, :width],
            rest[:, height - width :],
            rest[:, :, :width],
            rest[:, :, across - width :],
            inner,
        )
    ]
    variance = xp.mean(xp.square(inner - means[4]), axis=(1, 2))
    return xp.stack(
        [*((middle + mean)[:, 0, 0, :] for mean in means), variance], axis=1
    )


def position_aware_units(
    contrast: np.ndarray, threshold: float = 1.0
) -> dict[int, tuple[str, ...]]:
    """Channels that behave differently at a border, and at which.

    After the padding aware neurons of Garcia-Gasulla et al. (2023), typed by
    side as theirs. Their test and its threshold are not known to us, so this
    definition is our own, and no count is comparable with theirs. By default
    a border must differ by a standard deviation of the interior: well above
    what the contents of pictures do to means over many of them, and a large
    difference by Cohen's convention (0.8). What contents do can be seen from
    the same network without padding.

    Example:

    >>> contrast = np.array([[0.2, 3.0, 0.1], [0.0, 0.0, 0.0],
    ...                      [0.1, -1.5, 0.0], [0.0, 0.0, np.inf]])
    >>> position_aware_units(contrast)
    {1: ('top', 'left'), 2: ('right',)}

    Args:
        contrast: `(4, channels)`, of `BorderContrast`; a high border counts
            as a low one does.
        threshold: The least absolute contrast, above 0.

    Returns:
        From the index of each position-aware channel to the sides on which
        it is, in the order of `SIDES`.

    Raises:
        ValueError: If the shape is another, an entry is NaN, or the threshold
            is not above 0.
    """
    contrast = as_floats("contrast", contrast, "(4, channels)", finite=False)
    if len(contrast) != len(SIDES) or np.isnan(contrast).any():
        raise InputError(
            "`contrast` must be of shape (4, channels), without NaN. "
            f"Received: shape {contrast.shape}, "
            f"{np.isnan(contrast).sum()} NaN"
        )
    if not threshold > 0:
        raise InputError(
            f"`threshold` must be above 0. Received: threshold={threshold}"
        )
    aware = np.abs(contrast) >= threshold
    return {
        int(channel): tuple(
            side for side, there in zip(SIDES, sides, strict=True) if there
        )
        for channel, sides in enumerate(aware.T)
        if sides.any()
    }
