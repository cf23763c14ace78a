"""Several sources of pictures as one."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.data.picture_source import PictureSource


class JoinedPictures(PictureSource):
    """Sources one after the other.

    Args:
        sources: At least one.

    Attributes:
        joined: The same, in order.
    """

    def __init__(self, sources: Sequence[PictureSource]) -> None:
        expected = [source.expected for source in sources]
        buffers = [source.shuffle_buffer for source in sources]
        super().__init__(
            None if None in expected else sum(expected),
            tuple(name for source in sources for name in source.sources),
            any(source.may_break for source in sources),
            # One that cannot hold all candidates decides for all.
            min((size for size in buffers if size is not None), default=None),
        )
        self.joined = tuple(sources)

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates of all sources."""
        for source in self.joined:
            for candidate in source.candidates():
                yield source, candidate

    def load(self, candidate: Any) -> np.ndarray:
        """Lets the candidate's own source read it."""
        source, own = candidate
        return source.load(own)
