"""What an `ImageSet` reads from."""

from collections.abc import Iterator
from typing import Any

import numpy as np


class PictureSource:
    """An ordered list of candidate pictures, read in two steps.

    `candidates` is cheap and runs in one thread; `load` is the costly part
    and runs in several. Sub-classes give both.

    Args:
        expected: The number of candidates, or `None` if it is not known
            before reading.
        sources: The names of the files behind the candidates, where there
            are any.
        may_break: Whether `load` may raise `BrokenPictureError`.
        shuffle_buffer: How many candidates are held in memory to shuffle
            them. `None`: all, for candidates that are only names or numbers.
    """

    def __init__(
        self,
        expected: int | None,
        sources: tuple[str, ...] = (),
        may_break: bool = False,
        shuffle_buffer: int | None = None,
    ) -> None:
        self.expected = expected
        self.sources = sources
        self.may_break = may_break
        self.shuffle_buffer = shuffle_buffer

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates, always in the same order."""
        raise NotImplementedError

    def numbered_candidates(self) -> Iterator[tuple[int, Any]]:
        """Starts a pass over the candidates, each with its picture's place.

        Candidates made from one picture have its number in common; here
        every candidate is a picture of its own.
        """
        return enumerate(self.candidates())

    def load(self, candidate: Any) -> np.ndarray:
        """Turns a candidate into a uint8 array of shape (height, width, 3).

        Raises:
            BrokenPictureError: If there is no reading it.
        """
        raise NotImplementedError
