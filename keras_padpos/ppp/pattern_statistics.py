"""What is added up about one layer of one network."""

from dataclasses import dataclass
from dataclasses import field

import numpy as np

from keras_padpos.ppp.group_sums import GroupSums
from keras_padpos.ppp.split_moments import SplitMoments

HALVES = 2
"""Pictures of even and of odd number are also averaged apart."""


@dataclass
class PatternStatistics:
    """Sums of D = A - O of one layer: padded less reference features.

    Memory does not depend on the number of crops.

    Attributes:
        difference: Of D: its mean over each half of the pictures, and its
            variance.
        groups: Of D at some units, by groups of pictures.
        absolute: `(height, width)`, sum of the channel mean of |D|.
        features: `(height, width)`, sum of the channel mean of A.
        first: From a number of crops to `features` after the first so many.
    """

    difference: SplitMoments
    groups: GroupSums
    absolute: np.ndarray
    features: np.ndarray
    first: dict[int, np.ndarray] = field(default_factory=dict)

    @classmethod
    def empty(
        cls, shape: tuple[int, int, int], units: int
    ) -> "PatternStatistics":
        """Begin with no crops.

        Args:
            shape: Height, width and channels of the layer's map.
            units: How many units are kept by group.
        """
        return cls(
            SplitMoments(
                [0] * HALVES, np.zeros((HALVES, *shape)), np.zeros(shape)
            ),
            GroupSums(1, units),
            np.zeros(shape[:2]),
            np.zeros(shape[:2]),
        )
