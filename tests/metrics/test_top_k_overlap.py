import numpy as np
import pytest

from keras_padpos.metrics import top_k_overlap


@pytest.mark.parametrize("k", [1, 2, 5])
def test_equals_the_overlap_of_sets(k):
    rng = np.random.default_rng(0)
    one, other = rng.uniform(size=(2, 20, 6))
    expected = [
        len(set(np.argsort(p)[-k:]) & set(np.argsort(q)[-k:])) / k
        for p, q in zip(one, other, strict=True)
    ]
    np.testing.assert_allclose(top_k_overlap(one, other, k), expected)


def test_a_classifier_agrees_with_itself():
    one = np.random.default_rng(0).uniform(size=(5, 4))
    assert np.all(top_k_overlap(one, one, 3) == 1)


def test_errors():
    one = np.zeros((2, 3))
    with pytest.raises(ValueError, match="one shape"):
        top_k_overlap(one, np.zeros((2, 4)))
    for k in (0, 4):
        with pytest.raises(ValueError, match="`k` must be from 1 to 3"):
            top_k_overlap(one, one, k)
