from fractions import Fraction

import numpy as np
import pytest

from keras_padpos import padding
from keras_padpos.errors import InputError
from keras_padpos.tiling.window_axis import Reach
from keras_padpos.tiling.window_axis import WindowAxis


@pytest.mark.parametrize("mode", [None, padding.get("reflect")])
def test_parts_cover_the_output_and_are_clear(mode):
    """Of random axes with two outputs, in windows of random sizes."""
    rng = np.random.default_rng(0)
    split = 0
    for _ in range(300):
        period, size = int(rng.integers(1, 9)), int(rng.integers(60, 200))
        reaches = []
        for stride in (Fraction(period), Fraction(1, 2)):
            count = int(size / stride)
            first, after = rng.integers(0, 12 / stride, 2)
            reaches.append(
                Reach(stride, int(first), count - 1 - int(after), count)
            )
        axis = WindowAxis(size, period, tuple(reaches), mode)
        most = int(rng.integers(30, 80))
        try:
            window = axis.window(most, 0)
        except InputError:
            assert axis.step(most - (most - size) % period) < period
            continue
        starts = axis.starts(window)
        assert window <= max(most, 0) or window == axis.total
        assert (axis.total - window) % period == 0
        assert all(start % period == 0 for start in starts)
        assert starts[0] + sum(axis.added[:1]) == 0
        assert starts[-1] + window == size + axis.added[1]
        split += len(starts) > 1
        for number, reach in enumerate(reaches):
            cuts = axis.cuts(starts, number)
            assert cuts[0][1] == 0 and cuts[-1][2] == reach.positions
            last = reach.last_in(size - window)
            for k, (local, low, high) in enumerate(cuts):
                assert low <= high and (k == 0 or low == cuts[k - 1][2])
                if low == high:
                    continue
                begin = starts[k] / reach.stride
                assert local == low - begin
                if starts[k] != 0 or mode:
                    assert local >= reach.first
                if starts[k] + window != size or mode:
                    assert high - 1 - begin <= last
    assert split > 100
