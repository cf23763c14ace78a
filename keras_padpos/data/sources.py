"""What sets of pictures are read from."""

import os
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import BinaryIO

import numpy as np

from keras_padpos.data.decoding import read_picture


class _Candidates:
    """An ordered list of candidate pictures; sub-classes give `candidates`.

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

    def class_indices(self, classes: int) -> list[int] | None:
        """The class of each picture, of so many; `None` without such ones."""
        return None


class PictureFiles(_Candidates):
    """Pictures as they are stored, in files or in the bytes of one.

    Nothing is decoded; `ResizedPictures` and `PictureCrops` make pictures of
    one size out of them. Sub-classes give `candidates` and `file`.
    """

    def file(
        self, candidate: Any
    ) -> tuple[str | os.PathLike[str] | BinaryIO, str]:
        """Gives a candidate's path or open file, and what errors call it."""
        raise NotImplementedError


class PictureSource(_Candidates):
    """What an `ImageSet` reads from, in two steps.

    `candidates` is cheap and runs in one thread; `load` is the costly part
    and runs in several. Sub-classes give both.

    Args:
        expected: As for all candidates.
        sources: As for all candidates.
        may_break: Whether `load` may raise `BrokenPictureError`.
        shuffle_buffer: As for all candidates.
    """

    def __init__(
        self,
        expected: int | None,
        sources: tuple[str, ...] = (),
        may_break: bool = False,
        shuffle_buffer: int | None = None,
    ) -> None:
        super().__init__(expected, sources, shuffle_buffer)
        self.may_break = may_break

    def numbered_candidates(self) -> Iterator[tuple[int, Any]]:
        """Starts a pass over the candidates, each with its picture's number.

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


class PairSource(_Candidates):
    """What a `PairedSet` reads from, in two steps as a `PictureSource`.

    Args:
        expected: As for all candidates.
        classes: How many classes there are.
        class_names: Their names, if they are known.
        sources: As for all candidates.
        shuffle_buffer: As for all candidates.
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
        super().__init__(expected, sources, shuffle_buffer)
        self.classes = classes
        self.class_names = class_names
        self.masks = masks

    def load(self, candidate: Any) -> tuple[np.ndarray, np.ndarray | int]:
        """Reads one pair.

        Returns:
            A uint8 picture of shape (height, width, 3), and its uint8 mask of
            shape (height, width), or its class.

        Raises:
            InputError: If there is anything wrong with the pair; the message
                names the file.
        """
        raise NotImplementedError

    def load_target(self, candidate: Any) -> np.ndarray | int:
        """Reads the mask or the class alone, by `load` if need be."""
        return self.load(candidate)[1]


def joined(
    parts: Sequence[_Candidates],
) -> tuple[int | None, tuple[str, ...], bool, int | None]:
    """The arguments of a `PictureSource` that reads one part after another."""
    counts = [part.expected for part in parts if part.expected is not None]
    buffers = [part.shuffle_buffer for part in parts]
    return (
        sum(counts) if len(counts) == len(parts) else None,
        tuple(name for part in parts for name in part.sources),
        any(getattr(part, "may_break", True) for part in parts),
        # One that cannot hold all candidates decides for all.
        min((size for size in buffers if size is not None), default=None),
    )


def joined_classes(
    parts: Sequence[_Candidates], classes: int
) -> list[int] | None:
    """The `class_indices` of one part after another."""
    all_indices = []
    for part in parts:
        indices = part.class_indices(classes)
        if indices is None:
            return None
        all_indices += indices
    return all_indices


class JoinedPictures(PictureSource):
    """Sources one after the other, at least one."""

    def __init__(self, parts: Sequence[PictureSource]) -> None:
        super().__init__(*joined(parts))
        self._parts = tuple(parts)

    def candidates(self) -> Iterator[Any]:
        """Starts a pass over the candidates of all sources."""
        return (candidate for _, candidate in self.numbered_candidates())

    def numbered_candidates(self) -> Iterator[tuple[int, Any]]:
        """Starts a pass; pictures of different sources share no number."""
        first = 0
        for part in self._parts:
            following = first
            for number, candidate in part.numbered_candidates():
                following = max(following, first + number + 1)
                yield first + number, (part, candidate)
            first = following

    def load(self, candidate: Any) -> np.ndarray:
        """Lets the candidate's own source read it."""
        part, own = candidate
        return part.load(own)


class ResizedPictures(PictureSource):
    """Pictures in files, resized to a square of `size` pixels."""

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


class SyntheticPictures(PictureSource):
    """Pictures without content: one colour, or noise.

    `kind` is `"black"` (all 0), `"white"` (all 255), or `"noise"`: every pixel
    and channel drawn on its own from a normal distribution of mean 127.5 and
    deviation 50, rounded, and clipped to [0, 255]. The i-th picture depends on
    the seed and i alone.
    """

    expected: int

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
        noise = rng.normal(127.5, 50.0, self._shape)
        return np.clip(np.rint(noise), 0, 255).astype("uint8")
