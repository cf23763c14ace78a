"""What is added up about the reference features of one layer."""

from dataclasses import dataclass
from dataclasses import field

import numpy as np

from keras_padpos.ppp.group_sums import GroupSums
from keras_padpos.ppp.split_moments import SplitMoments


@dataclass
class ReferenceStatistics:
    """Sums of the reference features O of one layer.

    Attributes:
        moments: Of O at the crop's positions.
        groups: Of O and of its square at some units, by groups of pictures.
        features: `(height, width)` of the whole map, which reaches beyond the
            crop: sum of the channel mean of O.
        first: From a number of crops to `features` after the first so many.
    """

    moments: SplitMoments
    groups: GroupSums
    features: np.ndarray
    first: dict[int, np.ndarray] = field(default_factory=dict)

    @classmethod
    def empty(
        cls,
        shape: tuple[int, int, int],
        units: int,
        whole: tuple[int, int],
    ) -> "ReferenceStatistics":
        """Begin with no crops.

        Args:
            shape: Height, width and channels of the map on the crop.
            units: How many units are kept by group.
            whole: Height and width of the whole map.
        """
        return cls(
            SplitMoments([0], np.zeros((1, *shape)), np.zeros(shape)),
            GroupSums(2, units),
            np.zeros(whole),
        )
