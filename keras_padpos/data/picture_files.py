"""Whole pictures, each in a file or in the bytes of one."""

import os
from collections.abc import Iterator
from typing import Any
from typing import BinaryIO


class PictureFiles:
    """An ordered list of candidate pictures as they are stored.

    Unlike a `PictureSource` it decodes nothing; `ResizedPictures` and
    `PictureCrops` make pictures of one size out of it. Sub-classes give both
    methods.

    Args:
        expected: The number of candidates, or `None` if it is not known
            before reading.
        sources: The names of the files behind the candidates, where there
            are any.
        shuffle_buffer: How many candidates are held in memory to shuffle
            them. `None`: all, for candidates that are only names or numbers.
    """

    def __init__(
        self,
        expected: int | None,
        sources: tuple[str, ...] = (),
        shuffle_buffer: int | None = None,
    ) -> None:
        self.expected = expected
        self.sources = sources
        self.shuffle_buffer = shuffle_buffer

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates, always in the same order."""
        raise NotImplementedError

    def file(
        self, candidate: Any
    ) -> tuple[str | os.PathLike[str] | BinaryIO, str]:
        """Gives a candidate's path or open file, and what errors call it."""
        raise NotImplementedError
