"""What is added up about one layer, and its state as arrays."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np

from keras_padpos.ppp.group_sums import GroupSums
from keras_padpos.ppp.split_moments import SplitMoments
from keras_padpos.training import sub_state

HALVES = 2
"""Pictures of even and of odd number are also averaged apart."""

SNAPSHOTS = (1, 10, 100)
"""After so many crops the mean features are kept, to show how they settle."""


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


def add_features(
    statistics: Any, maps: Iterable[np.ndarray], images: int
) -> None:
    """Add the channel means of further crops; `images` were added before."""
    for count, values in enumerate(maps, start=images + 1):
        statistics.features += values
        if count in SNAPSHOTS:
            statistics.first[count] = statistics.features.copy()


def mean_features(statistics: Any, images: int) -> dict[str, np.ndarray]:
    """`features_N`, the mean map over the first N of `images` crops."""
    sums = {**statistics.first, images: statistics.features}
    return {
        f"features_{count}": values / count for count, values in sums.items()
    }


def merge_statistics(statistics: Any, other: Any) -> None:
    """Add the sums over other crops, whose `first` is not taken over."""
    for name, value in vars(statistics).items():
        if isinstance(value, np.ndarray):
            value += getattr(other, name)
        elif not isinstance(value, dict):
            value.merge(getattr(other, name))


def statistics_state(statistics: Any) -> dict[str, Any]:
    """Everything that statistics hold, as nested dicts of arrays."""
    return {
        name: value if isinstance(value, (np.ndarray, dict)) else value.state()
        for name, value in vars(statistics).items()
    }


def restore_statistics(
    statistics: Any, state: Mapping[str, np.ndarray]
) -> None:
    """Put back what `statistics_state` returned, flattened."""
    for name, value in vars(statistics).items():
        inner = sub_state(state, name)
        if isinstance(value, np.ndarray):
            setattr(statistics, name, state[name].copy())
        elif isinstance(value, dict):
            value.clear()
            value.update((int(key), array) for key, array in inner.items())
        else:
            setattr(statistics, name, type(value).from_state(inner))
