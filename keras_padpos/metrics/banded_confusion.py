"""Scores of class maps, by distance to the border."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.metrics._border_bands import BAND_EDGES
from keras_padpos.metrics._border_bands import band_names
from keras_padpos.metrics._border_bands import border_bands
from keras_padpos.metrics._border_bands import check_edges
from keras_padpos.metrics._iou import class_iou
from keras_padpos.metrics._iou import mean_iou
from keras_padpos.metrics.class_maps import VOID
from keras_padpos.metrics.class_maps import check_class_maps
from keras_padpos.metrics.class_maps import check_classes
from keras_padpos.metrics.summed_scores import SummedScores


class BandedConfusion(SummedScores):
    """Confusion matrices of segmentation in bands of distance to the border.

    Pixels are added up over all pictures, which may differ in size, in the
    bands of `border_bands`. The bands' matrices add up to the overall one.

    Example:

    >>> confusion = BandedConfusion(2, edges=(0.2,))
    >>> truth = np.zeros((1, 4, 4), "uint8")
    >>> truth[0, 1:3, 1:3] = 1
    >>> truth[0, 0, 0] = 255
    >>> confusion.update(truth, np.zeros((1, 4, 4), int))
    >>> found = confusion.result()
    >>> round(found["pixel_accuracy"], 3), found["class_iou"][1]
    (0.733, 0.0)
    >>> [(each["band"], each["mean_iou"]) for each in found["bands"]]
    [('0-20 %', 1.0), ('interior', 0.0)]

    Args:
        classes: How many there are.
        edges: Ends of the bands, as for `border_bands`.
        void: The true class of pixels that are not counted. `None`: all are.

    Raises:
        ValueError: If `classes` is not at least 1, or as `border_bands` does.
    """

    def __init__(
        self,
        classes: int,
        edges: Sequence[float] = BAND_EDGES,
        *,
        void: int | None = VOID,
    ) -> None:
        self.edges = check_edges(edges)
        self.classes = check_classes(classes)
        self.void = void
        bands = len(self.edges) + 1
        super().__init__(
            (classes, void is None, void or 0, *self.edges),
            confusion=np.zeros((bands, classes, classes), "int64"),
        )

    @property
    def confusion(self) -> np.ndarray:
        """Counts so far, `(bands, true classes, answered classes)`."""
        return self._sums["confusion"].copy()

    def update(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Add pictures of one size.

        Args:
            truth: `(pictures, height, width)`, true classes, or void.
            predicted: `(pictures, height, width)`, answered classes.

        Raises:
            ValueError: If the shapes do not fit, or a value is no class.
        """
        truth = check_class_maps("truth", truth, self.classes, self.void)
        predicted = check_class_maps("predicted", predicted, self.classes)
        if truth.shape != predicted.shape:
            raise InputError(
                "`predicted` must have the shape of `truth`, "
                f"{truth.shape}. Received: {predicted.shape}"
            )
        bands = border_bands(truth.shape[1], truth.shape[2], self.edges)
        indices = (bands * self.classes + truth) * self.classes + predicted
        if self.void is not None:
            indices = indices[truth != self.void]
        confusion = self._sums["confusion"]
        confusion += np.bincount(
            indices.ravel(), minlength=confusion.size
        ).reshape(confusion.shape)

    def result(self) -> dict[str, Any]:
        """The scores so far.

        Returns:
            A dict: `"mean_iou"`, over the classes that are true or answered
            anywhere; `"pixel_accuracy"`; `"class_iou"`, a list, `None` for
            a class that is not there; `"pixels"`, how many were counted; and
            `"bands"`, a list of such dicts from the outermost band to the
            interior, each with its name under `"band"`. Scores are in [0, 1],
            and `None` where no pixel was counted. The mean over a band is
            over the classes of that band, which can be others than overall.
        """
        matrices = self._sums["confusion"]
        names = band_names(self.edges)
        return {
            **_scores(matrices.sum(axis=0)),
            "bands": [
                {"band": name, **_scores(each)}
                for name, each in zip(names, matrices, strict=True)
            ],
        }


def _scores(confusion):
    pixels = int(confusion.sum())
    ious = class_iou(confusion)
    return {
        "mean_iou": mean_iou(confusion) if pixels else None,
        "pixel_accuracy": float(np.trace(confusion) / pixels)
        if pixels
        else None,
        "class_iou": [None if np.isnan(each) else float(each) for each in ious],
        "pixels": pixels,
    }
