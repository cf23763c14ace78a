"""A network's features of a set of pictures, batch by batch."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

_KEEP_BYTES = 4 * 2**30


class FeatureBatches:
    """Features of pictures; kept in memory if asked and if they fit.

    Args:
        model: From pictures to features `(batch, grid, grid, channels)`.
        images: An `ImageSet` of `keras_padpos.data`.
        batch_size: Pictures a batch.
        keep: Whether later passes should reuse the features of the first:
            up to 4 GiB, beyond which each pass computes them anew.
        advance: Called with the number of pictures after each batch that
            the network has seen.
    """

    def __init__(
        self,
        model: keras.Model,
        images: Any,
        batch_size: int,
        *,
        keep: bool = False,
        advance: Callable[[int], None] | None = None,
    ) -> None:
        self.model = model
        self.images = images
        self.batch_size = batch_size
        self._keep = keep
        self._kept = None
        self._advance = advance or (lambda count: None)

    def once(self) -> Iterator[np.ndarray]:
        """One pass in the pictures' order."""
        kept = [] if self._keep else None
        for batch in self._pictures():
            features = np.asarray(self.model.predict_on_batch(batch))
            self._advance(len(features))
            if kept is not None:
                kept.append(features)
                if sum(part.nbytes for part in kept) > _KEEP_BYTES:
                    kept = None
            yield features
        if kept:
            self._kept = np.concatenate(kept)

    def shuffled(self, epoch: int, seed: int) -> Iterator[np.ndarray]:
        """One pass in an order that epoch and seed decide."""
        if self._keep and self._kept is None:
            for _ in self.once():
                pass
            self._keep = self._kept is not None
        if self._kept is None:
            order = {"shuffle_seed": seed, "epoch": epoch}
            for batch in self._pictures(**order):
                features = np.asarray(self.model.predict_on_batch(batch))
                self._advance(len(features))
                yield features
            return
        order = np.random.default_rng((seed, epoch)).permutation(
            len(self._kept)
        )
        for start in range(0, len(order), self.batch_size):
            yield self._kept[order[start : start + self.batch_size]]

    def _pictures(self, **order):
        if keras.backend.backend() == "tensorflow":
            return self.images.as_dataset(self.batch_size, **order)
        return self.images.batches(self.batch_size, **order)
