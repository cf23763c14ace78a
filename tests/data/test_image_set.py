import time

import numpy as np
import pytest

from keras_padpos.data import ImageSet
from keras_padpos.data import open_images
from keras_padpos.data.decoding import BrokenPictureError
from keras_padpos.data.sources import PictureSource


class Numbers(PictureSource):
    """Picture i is filled with i; some of them are broken."""

    def __init__(self, number, broken=(), buffer=None, known=True):
        super().__init__(
            number if known else None,
            may_break=bool(broken) or not known,
            shuffle_buffer=buffer,
        )
        self.number = number
        self.broken = broken
        self.started = 0

    def candidates(self):
        return iter(range(self.number))

    def load(self, candidate):
        self.started += 1
        # Later ones are ready sooner, to catch a lost order.
        time.sleep(0.001 * (candidate % 3 == 0))
        if candidate in self.broken:
            raise BrokenPictureError(f"{candidate}: broken")
        return np.full((4, 4, 3), candidate, "uint8")


def make(number, broken=(), count=None, **kwargs):
    return ImageSet("numbers", 4, Numbers(number, broken, **kwargs), count)


def values(batches):
    return [int(picture[0, 0, 0]) for batch in batches for picture in batch]


def test_order_and_re_iteration():
    images = make(100)
    for _ in range(2):
        assert [int(p[0, 0, 0]) for p in images] == list(range(100))


def test_batches():
    images = make(7)
    batches = list(images.batches(3))
    assert [b.shape for b in batches] == [(3, 4, 4, 3)] * 2 + [(1, 4, 4, 3)]
    assert all(b.dtype == "float32" for b in batches)
    assert values(batches) == list(range(7))
    assert values(images.batches(3, drop_remainder=True)) == list(range(6))


def test_reading_ahead_is_bounded_and_stops_with_the_reader():
    images = make(1000)
    pictures = iter(images)
    next(pictures)
    time.sleep(0.05)
    assert images._source.started <= 4 * 8
    pictures.close()
    started = images._source.started
    time.sleep(0.05)
    assert images._source.started == started
    assert images.expected == 1000


def test_two_passes_at_once():
    images = make(50, broken={3})
    first, second = iter(images), iter(images)
    pairs = list(zip(first, second, strict=True))
    assert len(pairs) == 49
    assert all((a == b).all() for a, b in pairs)
    assert images.skipped == 1


@pytest.mark.parametrize("buffer", [None, 5, 1000])
def test_shuffle(buffer):
    images = make(40, broken={2, 30, 31}, count=20, buffer=buffer)
    ordered = values(images.batches(8))
    assert ordered == [i for i in range(21) if i != 2]
    epochs = [
        values(images.batches(8, shuffle_seed=seed, epoch=epoch))
        for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))
    ]
    assert epochs[0] == epochs[1]
    for epoch in epochs:
        assert sorted(epoch) == ordered
        assert epoch != ordered
    assert epochs[0] != epochs[2] != epochs[3]
    assert (images.skipped, images.delivered) == (1, 20)


def test_a_full_shuffle_reaches_everywhere():
    images = make(30)
    places = np.array(
        [values(images.batches(30, shuffle_seed=1, epoch=e)) for e in range(40)]
    ).argmax(axis=1)
    assert places.min() < 5 and places.max() > 24


def test_sizes_that_are_not_known():
    images = make(5, known=False)
    assert images.expected is None
    with pytest.raises(TypeError, match="not known before a first full pass"):
        len(images)
    assert len(list(images)) == len(images) == images.delivered == 5
    # A pass that is left early says nothing about the whole.
    images = make(5, broken={4})
    next(iter(images))
    assert (images.expected, images.delivered) == (5, None)


def test_dataset_equals_batches():
    import tensorflow as tf

    images = open_images("noise", size=8, count=7)
    dataset = images.as_dataset(3)
    assert dataset.element_spec == tf.TensorSpec((None, 8, 8, 3), "float32")
    assert dataset.cardinality() == 3
    for _ in range(2):
        for ours, theirs in zip(images.batches(3), dataset, strict=True):
            np.testing.assert_array_equal(ours, theirs)
    dataset = images.as_dataset(3, drop_remainder=True)
    assert dataset.element_spec.shape == (3, 8, 8, 3)
    assert dataset.cardinality() == len(list(dataset)) == 2


def test_dataset_shuffles_every_epoch_anew_and_resumes():
    images = make(12, broken={5})

    def epochs(number, **kwargs):
        dataset = images.as_dataset(4, **kwargs)
        return [values(dataset.as_numpy_iterator()) for _ in range(number)]

    first = epochs(3, shuffle_seed=7)
    assert epochs(3, shuffle_seed=7) == first
    assert epochs(1, shuffle_seed=7, epoch=2) == first[2:]
    assert len({tuple(epoch) for epoch in first}) == 3
    assert epochs(1, shuffle_seed=8) != first[:1]
    for number, epoch in enumerate(first):
        batches = images.batches(4, shuffle_seed=7, epoch=number)
        assert values(batches) == epoch
    assert epochs(2)[0] == epochs(2)[1] == sorted(first[0])


def test_dataset_of_a_set_with_broken_pictures():
    import tensorflow as tf

    images = make(10, broken={0, 9})
    dataset = images.as_dataset(4)
    assert dataset.cardinality() == tf.data.UNKNOWN_CARDINALITY
    assert len(list(dataset)) == 2
    # Known by now, and to tf.data too.
    assert images.as_dataset(4).cardinality() == 2
    assert len(list(images.as_dataset(4))) == 2


@pytest.mark.parametrize("broken", [(), (0, 4, 5, 19)])
@pytest.mark.parametrize("count", [None, 11])
def test_numbered_batches_start_anywhere(broken, count):
    images = make(20, broken=set(broken), count=count)
    readable = [i for i in range(20) if i not in broken][:count]
    for start in (0, 3, 6, 9, len(readable), 100):
        batches = list(images.numbered_batches(3, start))
        assert values(batch for batch, _ in batches) == readable[start:]
        for batch, numbers in batches:
            assert (batch.dtype, numbers.dtype) == ("float32", "int64")
            np.testing.assert_array_equal(batch[:, 0, 0, 0], numbers)
        assert images.delivered == len(readable)


def test_start_reads_only_what_may_be_broken():
    for broken, read in (((), 2), ((3,), 20)):
        images = make(20, broken=set(broken))
        list(images.numbered_batches(3, start=18))
        assert images._source.started == read


def test_rectangles():
    class Rectangles(Numbers):
        def load(self, candidate):
            return np.full((4, 6, 3), candidate, "uint8")

    images = ImageSet("rectangles", (4, 6), Rectangles(3))
    assert images.shape == (4, 6)
    assert "size=(4, 6)" in repr(images)
    with pytest.raises(AttributeError, match="not square.* is \\(4, 6\\)"):
        _ = images.size
    dataset = images.as_dataset(2)
    assert dataset.element_spec.shape == (None, 4, 6, 3)
    assert values(dataset.as_numpy_iterator()) == [0, 1, 2]
    square = make(3)
    assert (square.size, square.shape) == (4, (4, 4))
    assert "size=4," in repr(square)


def test_nothing_to_read():
    images = make(3, broken={0, 1, 2})
    with pytest.raises(ValueError, match="of 3 found, not one could be"):
        list(images.batches(2))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0])
def test_batch_size_errors(batch_size):
    images = make(3)
    with pytest.raises(ValueError, match="`batch_size` must be an int of"):
        images.batches(batch_size)
    with pytest.raises(ValueError, match="`batch_size` must be an int of"):
        images.as_dataset(batch_size)


@pytest.mark.parametrize("start", [-1, 2.0, None])
def test_start_errors(start):
    with pytest.raises(ValueError, match="`start` must be an int of at least"):
        make(3).numbered_batches(2, start)
    with pytest.raises(ValueError, match="`batch_size` must be an int of"):
        make(3).numbered_batches(0)


def test_other_errors_are_raised():
    class Wrong(Numbers):
        def load(self, candidate):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(ImageSet("wrong", 4, Wrong(3)))


def test_photographs_are_those_that_were_delivered():
    images = make(9, broken=(2, 5), count=6)
    assert images.photographs is None
    pictures = list(images)
    assert images.photographs.tolist() == [p[0, 0, 0] for p in pictures]


def test_crops_of_one_sample_photograph_share_its_number():
    images = open_images(["samples:test", "noise"], size=8)
    crops = len(images) - 8
    assert images.photographs.tolist() == [
        *(np.arange(crops) % 4),
        *range(4, 12),
    ]
