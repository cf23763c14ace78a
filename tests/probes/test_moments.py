import numpy as np
import pytest

from keras_padpos.probes import moments
from keras_padpos.probes.moments import Moments


@pytest.mark.parametrize("step", [1, 2, 100])
def test_products_of_a_group_are_those_of_its_joined_columns(step, monkeypatch):
    # Whole numbers: every sum is exact, in whatever order and blocks.
    monkeypatch.setattr(moments, "_STEP", step)
    rng = np.random.default_rng(0)
    rows = {
        name: rng.integers(-9, 10, (4, 6, width)).astype("float32")
        for name, width in (("wide", 5), ("thin", 1), ("other", 3))
    }
    shift = {
        name: rng.integers(-3, 4, each.shape[-1]).astype("float64")
        for name, each in rows.items()
    }
    groups = [("wide", "thin", "other"), ("thin", "other"), ("wide",)]
    sums = Moments(groups, 6, shift)
    for start in (0, 2):
        sums.update(
            {name: each[start : start + 2] for name, each in rows.items()}
        )
    assert sums.number == 24
    for group in groups:
        joined = np.concatenate(
            [rows[name] - shift[name] for name in group], axis=-1
        )
        flat = joined.reshape(24, -1)
        np.testing.assert_array_equal(sums.products(group), flat.T @ flat)
        np.testing.assert_array_equal(sums.sums(group), joined.sum(axis=0))


def test_chosen_cells_are_counted_where_they_are():
    rng = np.random.default_rng(1)
    every = rng.integers(-9, 10, (3, 5, 2)).astype("float32")
    cells = np.array([[0, 4], [1, 2], [0, 3]])
    sums = Moments([("x",)], 5, {"x": np.zeros(2)})
    sums.update({"x": np.take_along_axis(every, cells[..., None], 1)}, cells)
    assert sums.visits.tolist() == [2, 1, 1, 1, 1]
    expected = np.zeros((5, 2))
    for picture, places in zip(every, cells, strict=True):
        for place in places:
            expected[place] += picture[place]
    np.testing.assert_array_equal(sums.sums(["x"]), expected)
