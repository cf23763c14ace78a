"""Scores of predicted position maps, picture by picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.metrics import bootstrap_interval
from keras_padpos.metrics import chance_mae
from keras_padpos.metrics import rank_correlation

EXAMPLES = 4
"""Pictures whose predicted maps are kept."""

MEDIAN_MAPS = 50
"""Pictures whose median map is kept; memory must not grow with their number."""


class Evaluation:
    """Accumulates SPC and MAE over pictures.

    Example:

    >>> target = np.linspace(0, 1, 16).reshape(4, 4)
    >>> evaluation = Evaluation(target)
    >>> evaluation.update(np.stack([target, target + 0.1]))
    >>> row = evaluation.row([0, 1])
    >>> row["images"], round(row["spearman"], 3), round(row["mae"], 3)
    (2, 1.0, 0.05)

    Args:
        target: `(height, width)`.
        seed: Seed of the bootstrap.
    """

    def __init__(self, target: np.ndarray, seed: int = 0) -> None:
        self.target = np.asarray(target, "float64")
        self._seed = seed
        self._spearman: list[float] = []
        self._mae: list[float] = []
        self._maps: list[np.ndarray] = []

    def update(self, predictions: np.ndarray) -> None:
        """Take in the predicted maps `(batch, height, width)`."""
        # As one block in memory: sums over a slice of several targets' maps
        # would round in another order.
        predictions = np.ascontiguousarray(predictions)
        errors = np.abs(predictions - self.target)
        self._spearman.extend(rank_correlation(predictions, self.target))
        self._mae.extend(errors.mean(axis=(1, 2)))
        room = MEDIAN_MAPS - len(self._maps)
        self._maps.extend(np.array(predictions[:room], "float32"))

    def row(
        self, photographs: Sequence[int] | np.ndarray | None = None
    ) -> dict[str, Any]:
        """Mean scores of the maps taken in.

        Args:
            photographs: `(pictures,)`, the number of the photograph that each
                picture is a crop of; see `bootstrap_interval`.

        Returns:
            `images`, `photographs` (how many), `spearman`, `spearman_sd` (its
            deviation over pictures), `spearman_ci95`, which resamples
            photographs, `mae` and `chance_mae`.
        """
        if photographs is None:
            photographs = range(len(self._spearman))
        return {
            "images": len(self._spearman),
            "photographs": len(np.unique(photographs)),
            "spearman": float(np.mean(self._spearman)),
            "spearman_sd": float(np.std(self._spearman)),
            "spearman_ci95": bootstrap_interval(
                self._spearman, photographs=photographs, seed=self._seed
            ),
            "mae": float(np.mean(self._mae)),
            "chance_mae": chance_mae(self.target),
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """The target, scores of each picture, and maps.

        `median_map` is the median over the first 50 pictures, cell by cell:
        a mean would show the few pictures on which a probe goes astray.
        `examples` are the maps of the first four.
        """
        return {
            "target": self.target.astype("float32"),
            "spearman": np.array(self._spearman),
            "mae": np.array(self._mae),
            "median_map": np.median(self._maps, axis=0),
            "examples": np.array(self._maps[:EXAMPLES]),
        }
