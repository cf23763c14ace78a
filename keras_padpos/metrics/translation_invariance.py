"""Whether a network's answers follow a picture that is shifted."""

from typing import Any

import numpy as np
from scipy import stats

from keras_padpos.checks import check_ints
from keras_padpos.checks import check_shape
from keras_padpos.errors import InputError
from keras_padpos.metrics.class_maps import check_class_maps
from keras_padpos.metrics.class_maps import check_classes


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
    check_ints(stride=stride)
    shape, patch = check_shape(shape, "shape"), check_shape(patch, "patch")
    sizes = list(zip(patch, shape, strict=True))
    if not all(one <= size for one, size in sizes):
        raise InputError(
            f"`patch` must fit into the picture of {shape[0]} x {shape[1]}. "
            f"Received: {patch[0]} x {patch[1]}"
        )
    tops, lefts = (
        np.arange(0, size - one + 1, stride).tolist() for one, size in sizes
    )
    return [(top, left) for top in tops for left in lefts]


class TranslationInvariance:
    """Entropy of the classes that one pixel gets from different patches.

    A network labels overlapping patches of one enlarged picture
    (`patch_offsets`). Each pixel that lies at least a patch's size away from
    all borders is seen at every position of a patch; from the classes it got,
    in all patches that hold it, its entropy is computed. `mean_entropy` (meanE)
    is the mean over these pixels, in bits, and `disagreement` (disR) the share
    of them whose entropy is not 0. A network that commutes with translation
    has 0 and 0.

    Published numbers are means over pictures: make one of these a picture. A
    patch of 475 pixels, a stride of 47 and the picture's smaller side enlarged
    to 1,050 were used.

    Example:

    >>> from keras_padpos.metrics import patch_offsets
    >>> scores = TranslationInvariance(2, (6, 6), (2, 2))
    >>> for top, left in patch_offsets((6, 6), (2, 2), 1):
    ...     # Each patch has its left column in another class.
    ...     scores.update(np.array([[1, 0], [1, 0]]), (top, left))
    >>> scores.result()
    {'mean_entropy': 1.0, 'disagreement': 1.0, 'pixels': 4}

    Args:
        classes: How many there are.
        shape: Height and width of the enlarged picture.
        patch: Height and width of the patches.

    Raises:
        ValueError: If the picture is not more than twice the size of a patch.

    Source:
        Mukai and Yamanaka, *Improving Translation Invariance in Convolutional
        Neural Networks with Peripheral Prediction Padding* (ICIP 2023), with
        the borders left out as in the program that was released later.
    """

    def __init__(
        self, classes: int, shape: tuple[int, int], patch: tuple[int, int]
    ) -> None:
        self.classes = check_classes(classes)
        self.shape, self.patch = tuple(shape), tuple(patch)
        inner = [size - 2 * one for size, one in zip(shape, patch, strict=True)]
        if min(inner) < 1 or min(patch) < 1:
            raise InputError(
                "`shape` must be more than twice the size of a patch, "
                f"{patch[0]} x {patch[1]}. Received: {shape[0]} x {shape[1]}"
            )
        self._counts = np.zeros((*inner, classes), "int32")

    def update(self, predicted: np.ndarray, offset: tuple[int, int]) -> None:
        """Add one patch.

        Args:
            predicted: The patch's classes, of the patch's shape.
            offset: Row and column of the picture where the patch begins.

        Raises:
            ValueError: If this is no such map, or does not lie in the picture.
        """
        predicted = np.asarray(predicted)
        if predicted.shape != self.patch:
            raise InputError(
                f"`predicted` must have the patches' shape, {self.patch}. "
                f"Received: {predicted.shape}"
            )
        predicted = check_class_maps(
            "predicted", predicted[None], self.classes
        )[0]
        counted, part = [], []
        for start, one, size in zip(
            offset, self.patch, self.shape, strict=True
        ):
            if not 0 <= start <= size - one:
                raise InputError(
                    "`offset` must leave the patch in the picture of "
                    f"{self.shape[0]} x {self.shape[1]}. Received: "
                    f"{tuple(offset)}"
                )
            low, high = max(start, one), min(start + one, size - one)
            counted.append(np.arange(low - one, high - one))
            part.append(slice(low - start, max(low, high) - start))
        rows, columns = counted
        # A pixel is at most once in a patch.
        self._counts[rows[:, None], columns, predicted[tuple(part)]] += 1

    def entropy(self) -> np.ndarray:
        """Entropy of the classes of each pixel.

        Returns:
            `(height, width)`, in bits, from 0 to `log2(classes)`, of the
            picture without the borders, each as wide as a patch.

        Raises:
            ValueError: If a pixel was in no patch.
        """
        return stats.entropy(self._covered(), base=2, axis=-1)

    def result(self, counted: np.ndarray | None = None) -> dict[str, Any]:
        """The scores of what was added.

        Args:
            counted: `(height, width)` of the enlarged picture, booleans: which
                pixels count. `None`: all. The published numbers without
                background count the pixels whose true class is another.

        Returns:
            `"mean_entropy"` in bits, `"disagreement"` in [0, 1], and
            `"pixels"`, of how many pixels; `None` for both scores of none.

        Raises:
            ValueError: If a pixel was in no patch, or `counted` does not fit.
        """
        entropy = self.entropy()
        several = np.count_nonzero(self._counts, axis=-1) > 1
        if counted is not None:
            counted = np.asarray(counted)
            if counted.shape != self.shape or counted.dtype != bool:
                raise InputError(
                    f"`counted` must be booleans of shape {self.shape}. "
                    f"Received: {counted.dtype} of shape {counted.shape}"
                )
            (rows, columns), (height, width) = self.patch, self.shape
            counted = counted[rows : height - rows, columns : width - columns]
            entropy, several = entropy[counted], several[counted]
        some = bool(entropy.size)
        return {
            "mean_entropy": float(entropy.mean()) if some else None,
            "disagreement": float(several.mean()) if some else None,
            "pixels": int(entropy.size),
        }

    def _covered(self):
        missing = np.argwhere(~self._counts.any(axis=-1))
        if len(missing):
            row, column = (missing[0] + self.patch).tolist()
            raise InputError(
                "Patches must cover every pixel that is a patch's size away "
                f"from the borders. None held row {row}, column {column}."
            )
        return self._counts
