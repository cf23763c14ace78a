import numpy as np
import pytest

from keras_padpos.metrics import variance_share

# Shrout and Fleiss (1979), Table 2: six targets, each rated four times.
RATINGS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_published_example():
    found = variance_share(RATINGS)
    # Their Table 4: .17; the interval is known as -.13 to .72.
    assert found.share == pytest.approx(0.17, abs=0.005)
    assert found.low == 0
    assert found.high == pytest.approx(0.72, abs=0.005)


def test_by_hand():
    # Means 1 and 3, of two values each: mean squares 4 and 0.5.
    groups = [[0.5, 1.5], [2.5, 3.5]]
    between, within = 4.0, 0.5
    expected = (between - within) / (between + within)
    assert variance_share(groups).share == pytest.approx(expected)


def test_intervals_hold_the_truth():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        means = rng.normal(size=8) * np.sqrt(3)
        found = variance_share(means[:, None] + rng.normal(size=(8, 3)))
        held += found.low <= 0.75 <= found.high
    assert 270 <= held <= 296


def test_edges():
    assert variance_share([[1.0, 2.0]]) is None
    assert variance_share([[1.0], [2.0]]) is None
    assert variance_share([[1.0, 1.0], [1.0, 1.0]]) is None
    assert variance_share([[1.0, 1.0], [2.0, 2.0]]) == (1.0, 1.0, 1.0)
    assert variance_share([[0.0, 2.0], [1.0, 1.0]]).share == 0
    assert variance_share([[0.0, 1.0], [5.0]]).share > 0.8
