"""The scores that papers on salient objects print."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import
from keras_padpos.metrics._border_bands import BAND_EDGES
from keras_padpos.metrics.banded_saliency import BETA_SQUARED
from keras_padpos.metrics.banded_saliency import BandedSaliency


class SaliencyScores(BandedSaliency):
    """F-measure, MAE, S- and E-measure of saliency, and those of bands.

    All of a picture's scores are computed by `pysodmetrics` (extra
    `segmentation`), so that they compare with published ones, and their means
    over pictures are reported. What to know of it:

    * It stretches every map to [0, 1] (`saliency_values`).
    * It takes maps and masks as uint8 from 0 to 255, and a mask's pixels as
      salient above 128. Masks are booleans, or 0 and 1, here, so that 1 of 255
      is not taken for background; `data.open_masks` counts 128 as salient.
    * The F-measure of a picture without a salient pixel is 0, however right
      the map. Where a map is 0 everywhere, its adaptive threshold is 0 and all
      pixels are taken as salient.
    * The E-measure divides by one pixel less than there are: a perfect map
      scores a little above 1.
    * The S-measure is NaN where all salient pixels are in the last row or the
      last column, from a region of no pixels. Here such a region adds
      nothing, as its weight is 0.
    * The greatest F- and E-measure are those of the mean curve over pictures,
      not means of each picture's greatest.

    Example:

    >>> scores = SaliencyScores()
    >>> truth = np.zeros((20, 20), bool)
    >>> truth[5:15, 5:15] = True
    >>> print(scores.update(truth, 0.9 * truth)["mae"])
    0.0
    >>> _ = scores.update(truth, np.where(truth, 0.5, 1))
    >>> found = scores.result()
    >>> found["images"], round(found["mae"], 3), found["pooled"]["mae"]
    (2, 0.5, 0.5)

    Args:
        edges: Ends of the bands, as for `border_bands`.
        normalize: Whether each map is stretched to [0, 1] first. Published
            scores need it.

    Raises:
        ImportError: If `pysodmetrics` is not installed.
        ValueError: As `border_bands` does.
    """

    def __init__(
        self, edges: Sequence[float] = BAND_EDGES, *, normalize: bool = True
    ) -> None:
        _package()
        super().__init__(edges, normalize=normalize)
        self._sums |= {
            "images": np.array(0),
            "mae": np.array(0.0),
            "s_measure": np.array(0.0),
            "adaptive_f": np.array(0.0),
            "adaptive_e": np.array(0.0),
            "f_curve": np.zeros(256),
            "e_curve": np.zeros(256),
        }

    def update(
        self, truth: np.ndarray, predicted: np.ndarray
    ) -> dict[str, float]:
        """Add one picture.

        Args:
            truth: `(height, width)`, booleans, or 1 where salient and else 0.
            predicted: `(height, width)`, floats in [0, 1], or uint8 from 0 to
                255.

        Returns:
            The picture's own scores: `"mae"`, `"s_measure"`, `"adaptive_f"`
            and `"adaptive_e"`.

        Raises:
            ValueError: If these are no such maps of one shape.
        """
        truth, values = self._prepared(truth, predicted)
        scores = _picture_scores(truth, values)
        self._add(truth, values)
        self._sums["images"] += 1
        for name, each in scores.items():
            self._sums[name] += each
        return {
            name: float(each)
            for name, each in scores.items()
            if not name.endswith("curve")
        }

    def result(self) -> dict[str, Any]:
        """The scores so far.

        Returns:
            A dict of means over pictures: `"max_f"`, `"mean_f"` (over the
            256 thresholds), `"adaptive_f"`, `"mae"`, `"s_measure"`,
            `"max_e"`, `"mean_e"` and `"adaptive_e"`, with `"images"`;
            `"pooled"`, the overall scores of `BandedSaliency`, which are over
            pixels and not pictures; and `"bands"`, as there, that add up to
            those.

        Raises:
            ValueError: If no picture was added.
        """
        pooled = super().result()
        bands = pooled.pop("bands")
        means = self._means()
        return {
            "images": int(self._sums["images"]),
            "max_f": float(means["f_curve"].max()),
            "mean_f": float(means["f_curve"].mean()),
            "adaptive_f": float(means["adaptive_f"]),
            "mae": float(means["mae"]),
            "s_measure": float(means["s_measure"]),
            "max_e": float(means["e_curve"].max()),
            "mean_e": float(means["e_curve"].mean()),
            "adaptive_e": float(means["adaptive_e"]),
            "pooled": pooled,
            "bands": bands,
        }

    def curves(self) -> dict[str, np.ndarray]:
        """Mean F- and E-measure over pictures at each threshold.

        Returns:
            `"f_curve"` and `"e_curve"`, each `(256,)`: at index `i`, all
            pixels of at least `i / 255` are taken as salient.

        Raises:
            ValueError: If no picture was added.
        """
        means = self._means()
        return {name: means[name] for name in ("f_curve", "e_curve")}

    def _means(self):
        images = int(self._sums["images"])
        if not images:
            raise InputError("No picture was added.")
        return {name: each / images for name, each in self._sums.items()}


def _picture_scores(truth, values):
    sod = _package()

    class Smeasure(sod.Smeasure):
        def ssim(self, pred, gt):
            return super().ssim(pred, gt) if pred.size else 0.0

    # `Fmeasure` is the same, and warns that it will be removed.
    f_measure = sod.FmeasureV2(
        {
            "f": sod.FmeasureHandler(
                with_dynamic=True, with_adaptive=True, beta=BETA_SQUARED
            )
        }
    )
    mae, s_measure, e_measure = sod.MAE(), Smeasure(), sod.Emeasure()
    # Fresh ones for each picture, as they keep every picture's curves.
    for each in (f_measure, mae, s_measure, e_measure):
        each.step(values, truth, normalize=False)
    f_found, e_found = f_measure.get_results()["f"], e_measure.get_results()
    return {
        "mae": mae.get_results()["mae"],
        "s_measure": s_measure.get_results()["sm"],
        "adaptive_f": f_found["adaptive"],
        "adaptive_e": e_found["em"]["adp"],
        # Theirs begin with the highest threshold.
        "f_curve": f_found["dynamic"][::-1],
        "e_curve": e_found["em"]["curve"][::-1],
    }


def _package():
    return optional_import("py_sod_metrics", "segmentation", "A saliency score")
