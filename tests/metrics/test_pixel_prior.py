import numpy as np
import pytest
from PIL import Image

from keras_padpos.metrics import PixelPrior


def masks(shape, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    found = rng.integers(0, classes, shape).astype("uint8")
    found[rng.uniform(size=shape) < 0.2] = 255
    return found


def resized(mask, size):
    image = Image.fromarray(mask)
    return np.array(image.resize(size[::-1], Image.NEAREST))


def test_counts_are_those_of_masks_that_pillow_resized():
    size = (7, 5)
    prior = PixelPrior(3, size)
    counts = np.zeros((*size, 3))
    for number, shape in enumerate([(4, 13, 20), (3, 5, 3), (2, 7, 5)]):
        found = masks(shape, seed=number)
        prior.update(found)
        for mask in found:
            small = resized(mask, size)
            counts += small[..., None] == np.arange(3)
    np.testing.assert_array_equal(prior.state()["counts"], counts)
    np.testing.assert_array_equal(prior.predict(size), counts.argmax(axis=2))
    np.testing.assert_array_equal(
        prior.predict((22, 11)),
        resized(counts.argmax(axis=2).astype("uint8"), (22, 11)),
    )
    np.testing.assert_allclose(
        prior.shares(size), counts / counts.sum(axis=2, keepdims=True)
    )
    majority = counts.sum(axis=(0, 1)).argmax()
    assert (prior.predict_majority((2, 3)) == majority).all()
    assert prior.predict_majority((2, 3)).shape == (2, 3)


def test_the_prior_is_the_best_answer_that_sees_no_picture():
    found = masks((40, 6, 6))
    found[:30, :3] = 2
    prior = PixelPrior(3, 6)
    prior.update(found)

    def right(answer):
        return np.sum(found == answer)

    rng = np.random.default_rng(1)
    best = right(prior.predict((6, 6)))
    assert best > right(prior.predict_majority((6, 6)))
    for _ in range(50):
        assert best >= right(rng.integers(0, 3, (6, 6)))
    for each in range(3):
        assert right(prior.predict_majority((6, 6))) >= right(each)


def test_where_nothing_is_known_the_majority_answers():
    prior = PixelPrior(3, 2)
    prior.update(np.array([[[255, 1], [1, 2]]]))
    assert prior.predict((2, 2)).tolist() == [[1, 1], [1, 2]]
    np.testing.assert_allclose(prior.shares((2, 2))[0, 0], [0, 2 / 3, 1 / 3])


def test_parts_merge():
    found = masks((6, 9, 9))
    whole, one, other = (PixelPrior(3, 4) for _ in range(3))
    whole.update(found)
    one.update(found[:1])
    other.restore(one.state())
    one.update(found[1:2])
    other.update(found[2:])
    rest = PixelPrior(3, 4)
    rest.update(found[1:2])
    other.merge(rest)
    np.testing.assert_array_equal(
        other.state()["counts"], whole.state()["counts"]
    )
    with pytest.raises(ValueError, match="state"):
        one.restore(PixelPrior(3, 5).state())


def test_errors():
    with pytest.raises(ValueError, match="`size` must be"):
        PixelPrior(2, 0)
    prior = PixelPrior(2, 3)
    with pytest.raises(ValueError, match="No pixel of a class was counted"):
        prior.predict((3, 3))
    prior.update(np.zeros((0, 4, 4), int))
    with pytest.raises(ValueError, match="No pixel of a class was counted"):
        prior.shares((3, 3))
    with pytest.raises(ValueError, match="`masks` must be classes from 0 to 1"):
        prior.update(np.full((1, 4, 4), 2))
