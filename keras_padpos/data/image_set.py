"""A finite, ordered set of pictures of one size."""

import itertools
from collections.abc import Generator
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.checks import pair_of
from keras_padpos.data.decoding import TooSmallPictureError
from keras_padpos.data.reading import batched_dataset
from keras_padpos.data.reading import read_pass
from keras_padpos.data.reading import shuffled
from keras_padpos.data.sources import PictureSource
from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import

if TYPE_CHECKING:
    import tensorflow as tf


class ImageSet:
    """A finite, ordered set of pictures of one size, read anew at every pass.

    `open_images` and `open_crops` make it. Nothing is kept in memory between
    passes; every pass gives the same pictures, and, unless a shuffle is asked
    for, in the same order. Decoding runs in a few threads, a bounded number
    of pictures ahead of the reader. Broken pictures are left out and counted,
    and so are pictures that a crop does not fit into.

    Example:

    >>> from keras_padpos.data import open_images
    >>> images = open_images("noise", size=32, count=5)
    >>> [batch.shape for batch in images.batches(2)]
    [(2, 32, 32, 3), (2, 32, 32, 3), (1, 32, 32, 3)]
    >>> next(iter(images)).dtype
    dtype('uint8')

    Args:
        name: What the set is called: the spec that it was opened with.
        size: Height and width of the pictures, in pixels: an int for
            squares, or a pair (height, width).
        source: What it reads from.
        count: Take the first `count` readable pictures. `None`: all.

    Attributes:
        name: As above.
        shape: Height and width of the pictures, in pixels.
    """

    def __init__(
        self,
        name: str,
        size: int | tuple[int, int],
        source: PictureSource,
        count: int | None = None,
    ) -> None:
        self.name = name
        height, width = pair_of(size)
        self.shape = (height, width)
        self._source = source
        self._count = count
        self._broken: dict[int, str] = {}
        self._delivered = None if source.may_break else self.expected

    @property
    def size(self) -> int:
        """Height and width of the pictures, in pixels, if they are square.

        Raises:
            AttributeError: If they are not. `shape` holds for all.
        """
        height, width = self.shape
        if height != width:
            raise AttributeError(
                f"The pictures of {self.name!r} are not square and have no "
                f"`size`; their `shape` is {self.shape}."
            )
        return height

    @property
    def expected(self) -> int | None:
        """How many pictures a pass gives if none is broken.

        Known before anything is read; `None` if even that is not.
        """
        expected = self._source.expected
        if expected is None or self._count is None:
            return expected
        return min(self._count, expected)

    @property
    def delivered(self) -> int | None:
        """How many pictures a pass gives; `None` before a first full pass.

        Known from the start for sets that cannot hold a broken picture
        (samples, black, white, noise).
        """
        return self._delivered

    @property
    def skipped(self) -> int:
        """How many broken pictures were met so far, each counted once.

        A picture that a crop does not fit into is one of them; it counts
        once, however many crops were wanted. Final after one full pass.
        """
        return len(self._broken)

    @property
    def broken(self) -> tuple[str, ...]:
        """The broken pictures met so far, one line each: name and reason."""
        return tuple(self._broken[place] for place in sorted(self._broken))

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the files behind the pictures, in order.

        For a folder, all of its (slice's) picture files, broken ones too; for
        the samples, the photographs that are cropped; else empty. Of a set of
        crops of folders and samples alone, `sources[number]` is the picture
        of that number.
        """
        return self._source.sources

    @property
    def photographs(self) -> np.ndarray | None:
        """`(delivered,)`, which photograph each picture is of, in order.

        Pictures of one number are crops of one photograph; see
        `numbered_batches`. `None` where `delivered` is.

        Example:

        >>> from keras_padpos.data import open_crops
        >>> crops = open_crops("samples:test", 64, per_picture=2, count=6)
        >>> [len(batch) for batch in crops.batches(4)]
        [4, 2]
        >>> crops.photographs.tolist()
        [0, 1, 2, 3, 0, 1]
        """
        if self.delivered is None:
            return None
        numbers = (
            number
            for number, _ in self._source.numbered_candidates()
            if number not in self._broken
        )
        return np.array(list(itertools.islice(numbers, self.delivered)), int)

    def class_indices(self, classes: int) -> np.ndarray | None:
        """Reads the class of each picture, where a set of crops tells it.

        A folder does whose sub-folders are named by the indices of classes,
        such as `000`, `001`; a TensorFlow Datasets data set does if its
        feature `label` has as many classes.

        Example:

        >>> from keras_padpos.data import open_crops
        >>> open_crops("samples:test", 64).class_indices(1000) is None
        True

        Args:
            classes: How many classes there are.

        Returns:
            int64 `(pictures,)` in `[0, classes)`: entry `number` is of the
            picture with that number in `numbered_batches`. `None` if the set
            tells no class, or classes of another number.
        """
        indices = self._source.class_indices(classes)
        return None if indices is None else np.array(indices, "int64")

    def __len__(self) -> int:
        """`delivered`; before a first full pass, `expected`."""
        number = self.expected if self.delivered is None else self.delivered
        if number is None:
            raise TypeError(
                f"The number of pictures of {self.name!r} is not known "
                f"before a first full pass."
            )
        return number

    def __repr__(self) -> str:
        height, width = self.shape
        size = height if height == width else self.shape
        return (
            f"<ImageSet {self.name!r}, size={size}, "
            f"expected={self.expected}, delivered={self.delivered}, "
            f"skipped={self.skipped}>"
        )

    def __iter__(self) -> Generator[np.ndarray, None, None]:
        """Yields uint8 arrays of shape (height, width, 3), RGB in [0, 255]."""
        for _, picture in self._one_pass(None):
            yield picture

    def batches(
        self,
        batch_size: int,
        *,
        shuffle_seed: int | None = None,
        epoch: int = 0,
        drop_remainder: bool = False,
    ) -> Iterator[np.ndarray]:
        """Reads the set once, in batches, without TensorFlow.

        Example:

        >>> from keras_padpos.data import open_images
        >>> white = open_images("white", size=8)
        >>> [float(batch.max()) for batch in white.batches(16)]
        [255.0]

        Args:
            batch_size: Pictures a batch. The last batch may be smaller.
            shuffle_seed: `None` keeps the order. A seed shuffles it, by the
                seed and `epoch` alone. The pictures are the same ones; if
                there are broken ones among the first `count`, what replaces
                them comes last. TFDS data sets are shuffled in a buffer of
                2048, all others throughout.
            epoch: Which shuffle, counted from 0.
            drop_remainder: Leave out a last, smaller batch.

        Returns:
            An iterator over float32 arrays of shape (batch, height, width,
            3), RGB in [0, 255].

        Raises:
            ValueError: If `batch_size` is not a positive int, or, at the end
                of the pass, if not one picture could be read.
        """
        check_ints(batch_size=batch_size)
        order = None if shuffle_seed is None else (shuffle_seed, epoch)
        batches = self._numbered_batches(batch_size, order)
        return (
            batch
            for batch, _ in batches
            if len(batch) == batch_size or not drop_remainder
        )

    def numbered_batches(
        self, batch_size: int, start: int = 0
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Reads the set once, in order, and says which picture is which.

        A run that was interrupted after `start` pictures goes on from there:
        if `start` is a multiple of `batch_size`, the batches that follow are
        those of a pass from the beginning. What is left out is decoded only
        where nothing else tells whether it is broken: once for each picture,
        not once for each of its crops.

        Example:

        >>> from keras_padpos.data import open_crops
        >>> crops = open_crops("samples:test", 64, per_picture=3)
        >>> for batch, numbers in crops.numbered_batches(5, start=5):
        ...     print(batch.shape, numbers)
        (5, 64, 64, 3) [1 2 3 0 1]
        (2, 64, 64, 3) [2 3]

        Args:
            batch_size: Pictures a batch. The last batch may be smaller.
            start: How many of the pictures that a pass gives to leave out at
                its beginning.

        Returns:
            An iterator over pairs: a float32 array of shape (batch, height,
            width, 3), RGB in [0, 255], and an int64 array of shape (batch,).
            The latter holds, for crops (the sample photographs' too), the
            place of the picture that the crop is of among all pictures of
            the set, broken ones too, from 0; for all others the picture's
            own place.

        Raises:
            ValueError: If `batch_size` is not a positive int or `start` a
                negative one, or, at the end of the pass, if not one picture
                could be read.
        """
        check_ints(batch_size=batch_size)
        check_ints(0, start=start)
        return self._numbered_batches(batch_size, None, start)

    def as_dataset(
        self,
        batch_size: int,
        *,
        shuffle_seed: int | None = None,
        epoch: int = 0,
        drop_remainder: bool = False,
    ) -> "tf.data.Dataset":
        """Wraps the set as a `tf.data.Dataset`.

        With a `shuffle_seed` the order differs from epoch to epoch: the
        first time that the data set is iterated over it is epoch `epoch`, the
        next time `epoch + 1`, and so on, and each epoch's order depends on
        the seed and its number alone. Training that resumes at epoch n passes
        `epoch=n` to go on as if it had never stopped.

        Example:

        >>> from keras_padpos.data import open_images
        >>> dataset = open_images("noise", size=8, count=4).as_dataset(2)
        >>> [tuple(batch.shape) for batch in dataset]
        [(2, 8, 8, 3), (2, 8, 8, 3)]

        Args:
            batch_size: Pictures a batch. The last batch may be smaller.
            shuffle_seed: As for `batches`. `None` keeps the order.
            epoch: The number of the first epoch, counted from 0.
            drop_remainder: Leave out a last, smaller batch.

        Returns:
            A data set of float32 tensors of shape (batch, height, width, 3),
            RGB in [0, 255]. Its cardinality is known where `delivered` is.

        Raises:
            ValueError: If `batch_size` is not a positive int.
        """
        tf = optional_import("tensorflow", "tensorflow", "tf.data")
        return batched_dataset(
            lambda epoch: self.batches(
                batch_size,
                shuffle_seed=shuffle_seed,
                epoch=epoch,
                drop_remainder=drop_remainder,
            ),
            lambda batch: tf.TensorSpec(
                (batch, *self.shape, self._source.channels), "float32"
            ),
            self.delivered,
            batch_size=batch_size,
            epoch=epoch,
            drop_remainder=drop_remainder,
        )

    def _numbered_batches(
        self, batch_size: int, order: tuple[int, int] | None, start: int = 0
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        pictures = self._one_pass(order, start)
        while batch := list(itertools.islice(pictures, batch_size)):
            numbers, pixels = zip(*batch, strict=True)
            yield np.stack(pixels).astype("float32"), np.array(numbers, "int64")

    def _candidates(
        self, order: tuple[int, int] | None
    ) -> Iterator[tuple[int, Any]]:
        """Numbered candidates; in whatever order, the same first ones.

        A shuffle moves only the first `count`, so that a broken one among
        them is replaced by the same later one as without a shuffle.
        """
        numbered = self._source.numbered_candidates()
        first = itertools.islice(numbered, self._count)
        buffer = self._source.shuffle_buffer
        return itertools.chain(shuffled(first, buffer, order), numbered)

    def _one_pass(
        self, order: tuple[int, int] | None, start: int = 0
    ) -> Iterator[tuple[int, np.ndarray]]:
        largest = (0.0, "")

        def on_broken(number, error):
            nonlocal largest
            self._broken[number] = str(error)
            # The first one of the largest.
            if isinstance(error, TooSmallPictureError):
                if error.share > largest[0]:
                    largest = error.share, str(error)

        delivered = yield from read_pass(
            self._candidates(order),
            self._source.load,
            start=start,
            count=self._count,
            on_broken=on_broken if self._source.may_break else None,
        )
        if not delivered:
            hint = ""
            if largest[1]:
                hint = f"; the largest: {largest[1]}"
            elif self.broken:
                hint = f"; the first: {self.broken[0]}"
            raise InputError(
                f"`spec` must name pictures that can be read; of "
                f"{self.skipped} found, not one could be{hint}. "
                f"Received: spec={self.name!r}"
            )
        self._delivered = delivered
