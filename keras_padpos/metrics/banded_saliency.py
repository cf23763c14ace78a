"""Saliency maps scored by the distance to the border."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.metrics._border_bands import BAND_EDGES
from keras_padpos.metrics._border_bands import band_names
from keras_padpos.metrics._border_bands import border_bands
from keras_padpos.metrics._border_bands import check_edges
from keras_padpos.metrics.summed_scores import SummedScores


def saliency_values(
    predicted: np.ndarray, *, normalize: bool = True
) -> np.ndarray:
    """A saliency map as its scores are computed from.

    Values are rounded to the 256 levels of a PNG file, as published scores
    come from such files, and stretched so that the least is 0 and the
    greatest 1, unless they are all the same. Stretching is what the field's
    programs do. It hides how sure a network is: a map that is nearly 0
    everywhere scores as if it were sure of its greatest value.

    Example:

    >>> saliency_values(np.array([[0.2, 0.4], [0.5, 0.6]]))
    array([[0.        , 0.5       ],
           [0.75490196, 1.        ]])
    >>> print(saliency_values(np.array([[51, 255]], "uint8"), normalize=False))
    [[0.2 1. ]]

    Args:
        predicted: `(height, width)`, floats in [0, 1], or uint8 from 0 to 255.
        normalize: Whether to stretch.

    Returns:
        `(height, width)`, float64 in [0, 1].

    Raises:
        ValueError: If this is no such map.
    """
    predicted = np.asarray(predicted)
    if predicted.ndim != 2 or 0 in predicted.shape:
        raise InputError(
            "`predicted` must be of shape (height, width). "
            f"Received: shape {predicted.shape}"
        )
    if predicted.dtype.kind == "f":
        # NaN is not within, either.
        if not ((predicted >= 0) & (predicted <= 1)).all():
            raise InputError(
                "`predicted` must lie in [0, 1]. Received: values from "
                f"{predicted.min()} to {predicted.max()}"
            )
        predicted = np.rint(predicted.astype("float64") * 255)
    elif predicted.dtype != np.uint8:
        raise InputError(
            "`predicted` must be floats in [0, 1] or uint8. "
            f"Received: {predicted.dtype}"
        )
    values = predicted / 255
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if normalize and high > low else values


BETA_SQUARED = 0.3
"""Weight of recall in the F-measure (Achanta et al., CVPR 2009)."""

_LEVELS = 256


class BandedSaliency(SummedScores):
    """MAE and F-measure of saliency in bands of distance to the border.

    Pixels are added up over all pictures, which may differ in size, in the
    bands of `border_bands`, and so are the counts that precision and recall
    are made of: the bands add up to the overall scores. Published scores are
    means over pictures instead (`SaliencyScores`), which bands cannot have, as
    a picture without a salient pixel in a band has no recall there.

    Example:

    >>> scores = BandedSaliency(edges=(0.3,))
    >>> truth = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    >>> scores.update(truth, np.where(truth, 1.0, [0.0, 0.5, 0.0]))
    >>> found = scores.result()
    >>> [round(each["mae"], 3) for each in (found, *found["bands"])]
    [0.112, 0.125, 0.0]
    >>> [each["max_f"] for each in (found, *found["bands"])]
    [1.0, None, 1.0]

    Args:
        edges: Ends of the bands, as for `border_bands`.
        normalize: Whether each map is stretched to [0, 1] first, as
            `saliency_values` does.

    Raises:
        ValueError: As `border_bands` does.
    """

    def __init__(
        self, edges: Sequence[float] = BAND_EDGES, *, normalize: bool = True
    ) -> None:
        self.edges = check_edges(edges)
        self.normalize = bool(normalize)
        bands = len(self.edges) + 1
        super().__init__(
            (self.normalize, *self.edges),
            # Pixels by band, truth and level of the map.
            levels=np.zeros((bands, 2, _LEVELS), "int64"),
            # Those above the picture's own threshold, by band and truth.
            adaptive=np.zeros((bands, 2), "int64"),
            errors=np.zeros(bands),
        )

    def update(
        self, truth: np.ndarray, predicted: np.ndarray
    ) -> dict[str, float] | None:
        """Add one picture.

        Args:
            truth: `(height, width)`, booleans, or 1 where salient and else 0.
            predicted: `(height, width)`, floats in [0, 1], or uint8 from 0 to
                255.

        Raises:
            ValueError: If these are no such maps of one shape.
        """
        self._add(*self._prepared(truth, predicted))
        return None

    def result(self) -> dict[str, Any]:
        """The scores so far.

        Returns:
            A dict: `"mae"`; `"max_f"` and `"mean_f"`, the greatest and the
            mean F-measure over the 256 thresholds; `"adaptive_f"`, that with
            twice the mean of each map as its threshold, at most 1;
            `"pixels"`; `"salient_pixels"`; and `"bands"`, a list of such
            dicts from the outermost band to the interior, each with its name
            under `"band"`. Each band's `"max_f"` is at its own best
            threshold. All in [0, 1]. `None` stands for the MAE where there
            are no pixels, and for an F-measure where none is salient.
        """
        sums = [self._sums[name] for name in ("levels", "adaptive", "errors")]
        names = band_names(self.edges)
        return {
            **_scores(*(each.sum(axis=0) for each in sums)),
            "bands": [
                {"band": name, **_scores(*each)}
                for name, *each in zip(names, *sums, strict=True)
            ],
        }

    def _prepared(self, truth, predicted):
        truth = np.asarray(truth)
        wrong = truth[(truth != 0) & (truth != 1)]
        if wrong.size:
            raise InputError(
                "`truth` must be booleans, or 0 and 1. "
                f"Received: {wrong.flat[0]}"
            )
        values = saliency_values(predicted, normalize=self.normalize)
        if truth.shape != values.shape:
            raise InputError(
                f"`predicted` must have the shape of `truth`, {truth.shape}. "
                f"Received: {values.shape}"
            )
        return truth.astype(bool), values

    def _add(self, truth, values):
        bands = border_bands(*truth.shape, self.edges)
        # Truncated, as pysodmetrics does.
        levels = (values * (_LEVELS - 1)).astype("int64")
        sums, groups = self._sums, bands * 2 + truth
        sums["levels"] += np.bincount(
            (groups * _LEVELS + levels).ravel(), minlength=sums["levels"].size
        ).reshape(sums["levels"].shape)
        above = values >= min(2 * values.mean(), 1)
        sums["adaptive"] += np.bincount(
            groups[above], minlength=sums["adaptive"].size
        ).reshape(sums["adaptive"].shape)
        sums["errors"] += np.bincount(
            bands.ravel(),
            np.abs(values - truth).ravel(),
            minlength=len(sums["errors"]),
        )


def _scores(levels, adaptive, error):
    pixels, salient = int(levels.sum()), int(levels[1].sum())
    # How many lie at or above each level.
    above = levels[:, ::-1].cumsum(axis=1)[:, ::-1]
    max_f = mean_f = adaptive_f = None
    if salient:
        curve = _f_measure(above, salient)
        max_f, mean_f = float(curve.max()), float(curve.mean())
        adaptive_f = float(_f_measure(adaptive, salient))
    return {
        "mae": float(error / pixels) if pixels else None,
        "max_f": max_f,
        "mean_f": mean_f,
        "adaptive_f": adaptive_f,
        "pixels": pixels,
        "salient_pixels": salient,
    }


def _f_measure(found, salient):
    # (1 + b) P R / (b P + R) with P = right / found and R = right / salient.
    wrong, right = found
    return (1 + BETA_SQUARED) * right / (BETA_SQUARED * salient + right + wrong)
