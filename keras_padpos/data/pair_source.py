"""What a `PairedSet` reads from."""

from collections.abc import Iterator
from typing import Any

import numpy as np


class PairSource:
    """An ordered list of pictures with what is to be told about them.

    `candidates` is cheap and runs in one thread; `load` is the costly part
    and runs in several. Sub-classes give both.

    Args:
        expected: The number of pairs, or `None` if it is not known before
            reading.
        classes: How many classes there are.
        class_names: Their names, if they are known.
        sources: The names of the pictures' files, where there are any.
        shuffle_buffer: How many candidates are held in memory to shuffle
            them. `None`: all, for candidates that are only names.
        masks: Whether `load` gives masks, and not single classes.
    """

    def __init__(
        self,
        expected: int | None,
        classes: int,
        class_names: tuple[str, ...] | None = None,
        *,
        sources: tuple[str, ...] = (),
        shuffle_buffer: int | None = None,
        masks: bool = True,
    ) -> None:
        self.expected = expected
        self.classes = classes
        self.class_names = class_names
        self.sources = sources
        self.shuffle_buffer = shuffle_buffer
        self.masks = masks

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates, always in the same order."""
        raise NotImplementedError

    def load(self, candidate: Any) -> tuple[np.ndarray, np.ndarray | int]:
        """Reads one pair.

        Returns:
            A uint8 picture of shape (height, width, 3), and its uint8 mask of
            shape (height, width), or its class.

        Raises:
            ValueError: If there is anything wrong with the pair; the message
                names the file.
        """
        raise NotImplementedError

    def load_target(self, candidate: Any) -> np.ndarray | int:
        """Reads what is told about one picture, by `load` if need be.

        Returns:
            A mask or a class, as `load` gives it.

        Raises:
            ValueError: If there is anything wrong with it.
        """
        return self.load(candidate)[1]
