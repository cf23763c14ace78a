"""Pictures without content: one colour, or noise."""

from collections.abc import Iterator

import numpy as np

from keras_padpos.data.picture_source import PictureSource

NOISE_MEAN = 127.5
NOISE_DEVIATION = 50.0


class SyntheticPictures(PictureSource):
    """Pictures without content: one colour, or noise.

    Args:
        kind: `"black"` (all 0), `"white"` (all 255), or `"noise"`: every
            pixel and channel drawn on its own from a normal distribution of
            mean 127.5 and deviation 50, rounded, and clipped to [0, 255].
        shape: Height and width of the pictures, in pixels.
        count: How many pictures.
        seed: Seed of the noise. The i-th picture depends on the seed and i
            alone.
    """

    def __init__(
        self, kind: str, shape: tuple[int, int], count: int, seed: int
    ) -> None:
        super().__init__(count)
        self._kind = kind
        self._shape = (*shape, 3)
        self._seed = seed

    def candidates(self) -> Iterator[int]:
        """Starts a pass over the pictures' numbers."""
        return iter(range(self.expected))

    def load(self, candidate: int) -> np.ndarray:
        """Makes one picture, by its number."""
        if self._kind == "black":
            return np.zeros(self._shape, "uint8")
        if self._kind == "white":
            return np.full(self._shape, 255, "uint8")
        rng = np.random.default_rng([self._seed, candidate])
        noise = rng.normal(NOISE_MEAN, NOISE_DEVIATION, self._shape)
        return np.clip(np.rint(noise), 0, 255).astype("uint8")
