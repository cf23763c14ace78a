"""Pictures that are read before a clock starts."""

from collections.abc import Iterator
from typing import Any

import numpy as np


class HeldImages:
    """Pictures in memory, so that reading them is not timed.

    Args:
        images: An `ImageSet`.
    """

    def __init__(self, images: Any) -> None:
        self._pictures = np.concatenate(list(images.batches(16)))
        self.size = images.size
        self.delivered = self.expected = len(self._pictures)

    def batches(self, batch_size: int) -> Iterator[np.ndarray]:
        """As of an `ImageSet`, in order."""
        for start in range(0, len(self._pictures), batch_size):
            yield self._pictures[start : start + batch_size]

    as_dataset = batches
