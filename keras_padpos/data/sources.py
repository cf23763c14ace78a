"""What sets of pictures are read from."""

import os
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import BinaryIO

import numpy as np

from keras_padpos.data.decoding import read_picture


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


class ResizedPictures(PictureSource):
    """Pictures in files, resized to a square.

    Args:
        files: The pictures as they are stored.
        size: Height and width of the pictures, in pixels.
    """

    def __init__(self, files: PictureFiles, size: int) -> None:
        super().__init__(
            files.expected,
            files.sources,
            may_break=True,
            shuffle_buffer=files.shuffle_buffer,
        )
        self._files = files
        self._size = size

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates of the files."""
        return self._files.candidates()

    def load(self, candidate: Any) -> np.ndarray:
        """Decodes and resizes one picture."""
        file, name = self._files.file(candidate)
        return read_picture(file, self._size, name)


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
