import math

import numpy as np
import pytest

from keras_padpos import padding
from keras_padpos.tiling import picture_window
from keras_padpos.tiling.picture_window import read_window
from keras_padpos.tiling.picture_window import release

NUMPY = {
    "reflect": {"mode": "reflect"},
    "symmetric": {"mode": "symmetric"},
    "replicate": {"mode": "edge"},
    "circular": {"mode": "wrap"},
    "zeros": {"mode": "constant"},
}


@pytest.mark.parametrize("rows", NUMPY)
@pytest.mark.parametrize("columns", NUMPY)
def test_windows_of_a_continued_picture(rows, columns):
    """Continued by NumPy, axis after axis; wider than the picture too."""
    picture = np.random.default_rng(0).normal(size=(2, 5, 7, 2))
    modes = padding.get(rows), padding.get(columns)
    framed = picture[1]
    for axis, name in enumerate((rows, columns)):
        width = [(0, 0)] * 3
        width[axis] = (8, 9)
        framed = np.pad(framed, width, **NUMPY[name])
    for start in ((-8, -3), (-1, 0), (2, 4), (4, -8)):
        window = np.full((6, 8, 2), np.nan)
        read_window(picture, (1,), start, modes, window, 0)
        top, left = start[0] + 8, start[1] + 8
        expected = framed[top : top + 6, left : left + 8]
        np.testing.assert_array_equal(window, expected)


def test_constants_of_two_axes_meet_as_in_numpy():
    picture = np.zeros((2, 2))
    modes = padding.Constant(1), padding.Constant(2)
    window = np.empty((4, 4))
    read_window(picture, (), (-1, -1), modes, window, 0)
    expected = np.pad(picture, ((1, 1), (0, 0)), constant_values=1)
    expected = np.pad(expected, ((0, 0), (1, 1)), constant_values=2)
    np.testing.assert_array_equal(window, expected)


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_released_memmaps_keep_their_numbers(mode, tmp_path):
    np.save(tmp_path / "x.npy", np.arange(10_000))
    array = np.load(tmp_path / "x.npy", mmap_mode=mode)
    if mode != "r":
        array[5] = -1
    release(array[2:])
    release(np.asarray(array))
    release(np.arange(3))
    assert array[5] == (5 if mode == "r" else -1)


@pytest.mark.parametrize(
    "shape, batch, axis",
    [
        ((40, 30, 2), 0, 0),
        ((3, 40, 30, 2), 1, 1),
        ((2, 40, 30), 0, 1),
        ((3, 2, 40, 30), 1, 2),
        ((4000,), 0, 0),
    ],
)
def test_strips_show_another_picture(monkeypatch, shape, batch, axis):
    """The first and the last cell, and each part of the picture."""
    monkeypatch.setattr(picture_window, "_SMALL", 600)
    monkeypatch.setattr(picture_window, "_STRIPS", 4)
    numbers = np.arange(math.prod(shape)).reshape(shape)
    strips = [*picture_window.sample_strips(numbers, batch, axis)]
    seen = np.unique(np.concatenate([strip.ravel() for strip in strips]))
    assert {0, numbers.size - 1} <= set(seen)
    assert seen.size < numbers.size
    rows = np.unique(np.argwhere(np.isin(numbers, seen))[:, axis])
    if not batch:
        assert np.diff(rows).max() <= shape[axis] / 3


def test_a_small_picture_is_compared_whole():
    numbers = np.arange(600).reshape(30, 20)
    (whole,) = picture_window.sample_strips(numbers, 0, 0)
    np.testing.assert_array_equal(whole, numbers)
