"""What knowing the masks' statistics alone scores."""

import numpy as np

from keras_padpos.checks import check_shape
from keras_padpos.errors import InputError
from keras_padpos.metrics.class_maps import VOID
from keras_padpos.metrics.class_maps import check_class_maps
from keras_padpos.metrics.class_maps import check_classes
from keras_padpos.metrics.summed_scores import SummedScores


class PixelPrior(SummedScores):
    """How often each class is at each position, over training masks.

    The baselines of a segmentation that sees no picture: everywhere the most
    frequent class (`predict_majority`), and at each position the class that is
    most frequent there (`predict`). A network has to beat the first to have
    seen anything, and the second to have seen more than where it looks.

    Masks of any size are brought to one by the nearest pixel, with the same
    pixel centres as Pillow's `NEAREST`.

    Example:

    >>> prior = PixelPrior(3, 2)
    >>> prior.update(np.array([[[2, 2], [0, 0]], [[2, 1], [0, 255]]]))
    >>> prior.predict((2, 4))
    array([[2, 2, 1, 1],
           [0, 0, 0, 0]])
    >>> int(prior.predict_majority((1, 1))[0, 0])
    0

    Args:
        classes: How many there are.
        size: Height and width of the map of counts, or one int for both.
        void: The class of pixels that are not counted. `None`: all are.

    Raises:
        ValueError: If `classes` or `size` is not at least 1.
    """

    def __init__(
        self,
        classes: int,
        size: int | tuple[int, int],
        *,
        void: int | None = VOID,
    ) -> None:
        self.classes = check_classes(classes)
        self.size = check_shape(size)
        self.void = void
        super().__init__(
            (classes, void is None, void or 0),
            counts=np.zeros((*self.size, classes), "int64"),
        )

    def update(self, masks: np.ndarray) -> None:
        """Add masks of one size.

        Args:
            masks: `(pictures, height, width)`, classes or void.

        Raises:
            ValueError: If a value is no class, or these are no masks.
        """
        masks = check_class_maps("masks", masks, self.classes, self.void)
        small = _nearest(masks, self.size)
        position = np.arange(self.size[0] * self.size[1]).reshape(self.size)
        indices = position * self.classes + small
        if self.void is not None:
            indices = indices[small != self.void]
        counts = self._sums["counts"]
        counts += np.bincount(indices.ravel(), minlength=counts.size).reshape(
            counts.shape
        )

    def predict(self, shape: tuple[int, int]) -> np.ndarray:
        """The most frequent class at each position.

        Args:
            shape: Height and width of the answer.

        Returns:
            `(height, width)`, classes; the lower one of two that are as
            frequent, and the overall most frequent one where nothing was
            counted.

        Raises:
            ValueError: If no pixel was counted.
        """
        counts = self._counted()
        best = np.where(
            counts.any(axis=2), counts.argmax(axis=2), self._majority()
        )
        return _nearest(best[None], shape)[0]

    def predict_majority(self, shape: tuple[int, int]) -> np.ndarray:
        """The class that is most frequent overall, everywhere.

        Args:
            shape: Height and width of the answer.

        Returns:
            `(height, width)`, all of one class.

        Raises:
            ValueError: If no pixel was counted.
        """
        return np.full(shape, self._majority())

    def shares(self, shape: tuple[int, int]) -> np.ndarray:
        """How often each class is at each position.

        The share of the salient class is the baseline of a saliency map.

        Args:
            shape: Height and width of the answer.

        Returns:
            `(height, width, classes)`, in [0, 1], their sum 1; the overall
            shares where nothing was counted.

        Raises:
            ValueError: If no pixel was counted.
        """
        counts = self._counted()
        overall = counts.sum(axis=(0, 1))
        counts = np.where(counts.any(axis=2, keepdims=True), counts, overall)
        shares = counts / counts.sum(axis=2, keepdims=True)
        return _nearest(shares[None], shape)[0]

    def _majority(self):
        return int(self._counted().sum(axis=(0, 1)).argmax())

    def _counted(self):
        counts = self._sums["counts"]
        if not counts.any():
            raise InputError("No pixel of a class was counted.")
        return counts


def _nearest(maps, size):
    """Maps `(pictures, height, width, ...)` at another size."""
    rows, columns = (
        # Whole numbers, so that no rounding decides.
        (2 * np.arange(new) + 1) * old // (2 * new)
        for new, old in zip(size, maps.shape[1:3], strict=True)
    )
    return maps[:, rows[:, None], columns]
