"""A finite, ordered set of pictures with masks or classes."""

import contextlib
import itertools
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.data.reading import batched_dataset
from keras_padpos.data.reading import read_pass
from keras_padpos.data.reading import shuffled
from keras_padpos.data.sources import PairSource
from keras_padpos.errors import InputError
from keras_padpos.errors import optional_import
from keras_padpos.metrics import VOID

if TYPE_CHECKING:
    import tensorflow as tf

    from keras_padpos.data.joint_augmentation import JointAugmentation

_Batch = tuple[np.ndarray, np.ndarray]


class PairedSet:
    """A finite, ordered set of pictures with masks or classes.

    `open_masks` and `open_labelled` make it. Nothing is kept in memory
    between passes; every pass gives the same pairs and, unless a shuffle is
    asked for, in the same order. Decoding runs in a few threads, a bounded
    number of pairs ahead of the reader. Unlike an `ImageSet` it leaves out
    nothing: what is wrong with a pair is an error that names its file.

    Args:
        name: What the set is called: the spec that it was opened with.
        shape: Height and width of the pictures, in pixels.
        source: What it reads from.
        count: Take the first `count` pairs. `None`: all.

    Attributes:
        name: As above.
        shape: As above.
        classes: How many classes there are; void is not one.
        class_names: Their names, or `None` if they are not known.
        void: The value of a mask where no class is known, 255; `None` for
            pictures with one class each.
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, int],
        source: PairSource,
        count: int | None = None,
    ) -> None:
        self.name = name
        height, width = shape
        self.shape = (height, width)
        self.classes = source.classes
        self.class_names = source.class_names
        self.void = VOID if source.masks else None
        self._source = source
        self._count = count

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the pictures' files, in order, where there are any."""
        return self._source.sources[: self._count]

    @property
    def expected(self) -> int | None:
        """How many pairs there are; `None` if that is not known."""
        expected = self._source.expected
        if expected is None or self._count is None:
            return expected
        return min(self._count, expected)

    def __len__(self) -> int:
        """`expected`, if it is known."""
        if self.expected is None:
            raise TypeError(
                f"The number of pictures of {self.name!r} is not known."
            )
        return self.expected

    def __repr__(self) -> str:
        kind = "labelled" if self.void is None else "masks"
        return (
            f"<PairedSet {self.name!r}, {kind}, shape={self.shape}, "
            f"classes={self.classes}>"
        )

    def __iter__(
        self,
    ) -> Generator[tuple[np.ndarray, np.ndarray | int], None, None]:
        """Yields a uint8 picture, and its uint8 mask or its class, an int."""
        return self._one_pass(None, 0, self._source.load)

    def targets(self) -> Iterator[np.ndarray | int]:
        """Reads the masks or the classes alone.

        Masks are read without decoding their pictures.

        Returns:
            An iterator over uint8 masks of the set's shape, or over ints.

        Raises:
            ValueError: While it is read, if there is anything wrong with one,
                or if there are more or fewer than `expected`.
        """
        return self._one_pass(None, 0, self._source.load_target)

    def arrays(self) -> _Batch:
        """Reads the whole set into memory.

        Returns:
            A uint8 array of shape (pictures, height, width, 3), RGB, and the
            masks, a uint8 array of shape (pictures, height, width), or the
            classes, an int64 array of shape (pictures,).

        Raises:
            ValueError: If there is anything wrong with a pair, or if there
                are more or fewer than `expected`.
        """
        if self.expected is None:
            pairs = list(self)
            return (
                np.stack([each[0] for each in pairs]),
                np.array([each[1] for each in pairs], self._target_dtype),
            )
        number = self.expected
        shape = () if self.void is None else self.shape
        pictures = np.empty((number, *self.shape, 3), "uint8")
        targets = np.empty((number, *shape), self._target_dtype)
        for place, (picture, target) in enumerate(self):
            pictures[place], targets[place] = picture, target
        return pictures, targets

    def examples(self, count: int, among: int = 256) -> _Batch:
        """Reads a few pairs from all over the first `among`.

        Neighbours often show the same scene, as frames of one film do.

        Returns:
            As of `arrays`, of `count` pairs or as many as there are.
        """
        step = max(1, min(len(self), among) // count)
        with contextlib.closing(iter(self)) as pairs:
            some = itertools.islice(pairs, 0, step * count, step)
            pictures, targets = zip(*some, strict=True)
        return np.stack(pictures), np.array(targets, self._target_dtype)

    def batches(
        self,
        batch_size: int,
        *,
        shuffle_seed: int | None = None,
        epoch: int = 0,
        start: int = 0,
        drop_remainder: bool = False,
        augmentation: "JointAugmentation | None" = None,
    ) -> Iterator[_Batch]:
        """Reads the set once, in batches, without TensorFlow.

        Args:
            batch_size: Pairs a batch. The last batch may be smaller.
            shuffle_seed: `None` keeps the order. A seed shuffles it, by the
                seed and `epoch` alone. TFDS data sets are shuffled in a
                buffer of 2048, all others throughout.
            epoch: Which shuffle, and which augmentation, counted from 0.
            start: How many batches to leave out at the beginning, for a run
                that goes on from there. They are not decoded.
            drop_remainder: Leave out a last, smaller batch.
            augmentation: Applied to every batch, by its number in the epoch.

        Returns:
            An iterator over pairs of arrays: the pictures, float32, of shape
            (batch, height, width, 3), RGB in [0, 255], and the masks, uint8,
            of shape (batch, height, width), or the classes, int64, of shape
            (batch,).

        Raises:
            ValueError: If an argument is out of its range, or, while it is
                read, if there is anything wrong with a pair, or if there are
                more or fewer than `expected`.
        """
        check_ints(batch_size=batch_size)
        check_ints(0, epoch=epoch, start=start)
        order = None if shuffle_seed is None else (shuffle_seed, epoch)
        if augmentation is not None:
            augmentation.output_shape(self.shape)
        return self._batches(
            batch_size, order, epoch, start, drop_remainder, augmentation
        )

    def as_dataset(
        self,
        batch_size: int,
        *,
        shuffle_seed: int | None = None,
        epoch: int = 0,
        drop_remainder: bool = False,
        augmentation: "JointAugmentation | None" = None,
    ) -> "tf.data.Dataset":
        """Wraps the set as a `tf.data.Dataset`.

        Each time that the data set is iterated over is one epoch: the first
        is epoch `epoch`, the next `epoch + 1`, and so on. Its order and its
        augmentation depend on the seeds and its number alone.

        Args:
            batch_size: Pairs a batch. The last batch may be smaller.
            shuffle_seed: As for `batches`.
            epoch: The number of the first epoch, counted from 0.
            drop_remainder: Leave out a last, smaller batch.
            augmentation: As for `batches`.

        Returns:
            A data set of pairs of tensors, as `batches` gives arrays. Its
            cardinality is known where `expected` is.

        Raises:
            ValueError: If an argument is out of its range.
        """
        tf = optional_import("tensorflow", "tensorflow", "tf.data")
        shape = self.shape
        if augmentation is not None:
            shape = augmentation.output_shape(shape)
        return batched_dataset(
            lambda epoch: self.batches(
                batch_size,
                shuffle_seed=shuffle_seed,
                epoch=epoch,
                drop_remainder=drop_remainder,
                augmentation=augmentation,
            ),
            lambda batch: (
                tf.TensorSpec((batch, *shape, 3), "float32"),
                tf.TensorSpec(
                    (batch,) if self.void is None else (batch, *shape),
                    self._target_dtype,
                ),
            ),
            self.expected,
            batch_size=batch_size,
            epoch=epoch,
            drop_remainder=drop_remainder,
        )

    @property
    def _target_dtype(self) -> str:
        return "int64" if self.void is None else "uint8"

    def _batches(
        self,
        batch_size: int,
        order: tuple[int, int] | None,
        epoch: int,
        start: int,
        drop_remainder: bool,
        augmentation: "JointAugmentation | None",
    ) -> Iterator[_Batch]:
        pairs = self._one_pass(order, start * batch_size, self._source.load)
        for number in itertools.count(start):
            chosen = list(itertools.islice(pairs, batch_size))
            if not chosen or (drop_remainder and len(chosen) < batch_size):
                pairs.close()
                return
            pictures = np.stack([each[0] for each in chosen])
            pictures = pictures.astype("float32")
            targets = np.array([each[1] for each in chosen], self._target_dtype)
            if augmentation is not None:
                masks = None if self.void is None else targets
                pictures, masks = augmentation(
                    pictures, masks, epoch=epoch, number=number
                )
                targets = targets if masks is None else masks
            yield pictures, targets

    def _one_pass(
        self,
        order: tuple[int, int] | None,
        start: int,
        load: Callable[[Any], Any],
    ) -> Generator[Any, None, None]:
        candidates = itertools.islice(self._source.candidates(), self._count)
        buffer = self._source.shuffle_buffer
        pairs = read_pass(
            enumerate(shuffled(candidates, buffer, order)), load, start=start
        )
        number = start
        with contextlib.closing(pairs):
            for _, pair in pairs:
                number += 1
                if self.expected is not None and number > self.expected:
                    raise self._other_count("more")
                yield pair
        if not number:
            raise InputError(
                f"`spec` must name a split that holds pictures. "
                f"Received: spec={self.name!r}"
            )
        if self.expected is not None and number < self.expected:
            raise self._other_count(number)

    def _other_count(self, number: int | str) -> InputError:
        return InputError(
            f"`spec` must name a set that holds as many pictures as it says, "
            f"{self.expected}. Received: spec={self.name!r}, which holds "
            f"{number}"
        )
