"""One pass over a set: shuffled, loaded in threads, counted, and batched."""

import collections
import concurrent.futures
import itertools
import os
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import Any
from typing import TypeVar

import numpy as np

from keras_padpos.checks import check_ints
from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.errors import optional_import

if TYPE_CHECKING:
    import tensorflow as tf

Item = TypeVar("Item")


def read_pass(
    candidates: Iterator[tuple[int, Any]],
    load: Callable[[Any], Any],
    *,
    start: int = 0,
    count: int | None = None,
    on_broken: Callable[[int, BrokenPictureError], None] | None = None,
) -> Generator[tuple[int, Any], None, int]:
    """Load candidates in a few threads, a bounded number ahead of the reader.

    Args:
        candidates: Pictures' numbers, and what `load` takes. Candidates made
            from one picture have its number in common.
        load: Runs in the threads. Where it raises `BrokenPictureError` the
            picture is left out, with all its candidates.
        start: How many readable ones to leave out at the beginning. They are
            loaded only where nothing else tells whether they are broken.
        count: Take so many readable ones, those left out included. `None`:
            all.
        on_broken: Called with the number of a broken picture, and the error.
            `None`: no picture is expected to be broken, and one that is
            raises its error.

    Yields:
        Numbers, and what `load` returned, in the order of the candidates.

    Returns:
        How many there were, those left out at the beginning included.
    """
    workers = min(8, os.cpu_count() or 1)
    limit = float("inf") if count is None else count
    delivered = 0
    # What this pass knows of pictures that may have more candidates to come.
    # The next pass reads all of them anew.
    broken: set[int] = set()
    readable: set[int] = set()
    pending: collections.deque[Any] = collections.deque()
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    try:
        while True:
            # Never more than are still needed: what is read is used.
            room = min(4 * workers, limit - delivered) - len(pending)
            while room > 0:
                candidate = next(candidates, None)
                if candidate is None:
                    break
                number, item = candidate
                if number in broken:
                    continue
                # For certain: broken ones among those pending would only
                # move it further to the front.
                left_out = delivered + len(pending) < start
                safe = on_broken is None or number in readable
                future = None
                if not (left_out and safe):
                    future = pool.submit(load, item)
                pending.append((number, future))
                room -= 1
            if not pending:
                return delivered
            number, future = pending.popleft()
            try:
                loaded = None if future is None else future.result()
            except BrokenPictureError as error:
                if on_broken is None:
                    raise
                broken.add(number)
                on_broken(number, error)
                continue
            delivered += 1
            if delivered > start:
                yield number, loaded
            else:
                readable.add(number)
    finally:
        pool.shutdown(cancel_futures=True)


def shuffled(
    items: Iterator[Item],
    buffer: int | None,
    order: tuple[int, int] | None,
) -> Iterator[Item]:
    """Shuffle an iterator, by a seed and an epoch's number.

    Args:
        items: What to shuffle.
        buffer: How many are held in memory at once. `None`: all, which makes
            every order equally likely.
        order: The seed and the epoch's number. `None`: not at all.

    Yields:
        Each item once.
    """
    if order is None:
        yield from items
        return
    rng = np.random.default_rng(order)
    held = list(itertools.islice(items, buffer))
    for item in items:
        place = rng.integers(len(held))
        held[place], item = item, held[place]
        yield item
    for place in rng.permutation(len(held)):
        yield held[place]


def batched_dataset(
    batches: Callable[[int], Iterator[Any]],
    signature: Callable[[int | None], Any],
    count: int | None,
    *,
    batch_size: int,
    epoch: int,
    drop_remainder: bool,
) -> "tf.data.Dataset":
    """A data set of one epoch each time that it is iterated over.

    Args:
        batches: From an epoch's number to its batches.
        signature: From the size of a batch, if it is fixed, to the signature.
        count: Examples in an epoch, if that is known.
        batch_size: Examples a batch.
        epoch: The number of the first epoch.
        drop_remainder: Whether a last, smaller batch is left out.
    """
    tf = optional_import("tensorflow", "tensorflow", "tf.data")
    check_ints(batch_size=batch_size)
    check_ints(0, epoch=epoch)
    epochs = itertools.count(epoch)
    dataset = tf.data.Dataset.from_generator(
        lambda: batches(next(epochs)),
        output_signature=signature(batch_size if drop_remainder else None),
    )
    if count is not None:
        left_over = 0 if drop_remainder else batch_size - 1
        number = (count + left_over) // batch_size
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(number))
    return dataset.prefetch(tf.data.AUTOTUNE)
