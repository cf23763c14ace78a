import math

import numpy as np
import pytest

from keras_padpos.metrics import chance_mae
from keras_padpos.probes import TARGETS
from keras_padpos.probes import position_target

GREY = 1 / 255
STRIPES = ("horizontal_stripes", "vertical_stripes")


def released(name):
    """The released maps at 256 px, by the formulas fitted to the files."""
    maps = np.empty((256, 256))
    for i in range(256):
        for j in range(256):
            if name == "horizontal":
                value = j / 255
            elif name == "vertical":
                value = i / 255
            else:
                u, v = (i - 128) / 128, (j - 128) / 128
                value = math.exp(-(u**2 + v**2) / 2)
            maps[i, j] = value
    if name == "gaussian":
        maps = (maps - maps.min()) / (maps.max() - maps.min())
    return maps


def test_the_names_stand_in_the_papers_order():
    assert TARGETS == ("horizontal", "vertical", "gaussian", *STRIPES)


@pytest.mark.parametrize(
    ("name", "levels"),
    # The released bell is centred on pixel 128, half a pixel off the centre;
    # along the diagonal that makes 1.35 grey levels.
    [("horizontal", 0.51), ("vertical", 0.51), ("gaussian", 1.4)],
)
def test_is_within_a_few_grey_levels_of_the_released_map(name, levels):
    difference = np.abs(position_target(name, 256) - released(name))
    assert difference.max() <= levels * GREY


def test_the_bell_is_the_released_formula_about_the_true_centre():
    i, j = np.mgrid[:256, :256]
    u, v = (i - 127.5) / 128, (j - 127.5) / 128
    bell = np.exp(-(u**2 + v**2) / 2)
    # The formula's own lowest value lies at the corner, u = v = 1.
    expected = (bell - np.exp(-1)) / (1 - np.exp(-1))
    found = position_target("gaussian", 256)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(found, found[::-1, ::-1])
    np.testing.assert_array_equal(found, found.T)


def test_values_of_a_small_map_are_those_computed_by_hand():
    np.testing.assert_array_equal(
        position_target("horizontal", 2), [[0.25, 0.75], [0.25, 0.75]]
    )
    # Centres at t = 1/6, 1/2, 5/6, that is u = -2/3, 0, 2/3.
    bottom = math.exp(-1)
    corner = (math.exp(-4 / 9) - bottom) / (1 - bottom)
    edge = (math.exp(-2 / 9) - bottom) / (1 - bottom)
    expected = [[corner, edge, corner], [edge, 1, edge], [corner, edge, corner]]
    np.testing.assert_allclose(
        position_target("gaussian", 3), expected, rtol=1e-6
    )
    # cos(5 pi t) at t = 1/10, 3/10, ... is 0 each time; at 1/4 it is -1/sqrt 2.
    np.testing.assert_allclose(
        position_target("vertical_stripes", (1, 5)), np.full((1, 5), 0.5)
    )
    half = 1 / (2 * math.sqrt(2))
    np.testing.assert_allclose(
        position_target("vertical_stripes", (1, 2)),
        [[0.5 - half, 0.5 + half]],
        rtol=1e-6,
    )


@pytest.mark.parametrize("value_range", ["released", "paper"])
def test_horizontal_stripes_are_two_and_a_half_periods_down_the_rows(
    value_range,
):
    stripes = position_target(
        "horizontal_stripes", 256, value_range=value_range
    )
    low = -1 if value_range == "paper" else 0
    assert np.ptp(stripes, axis=1).max() == 0
    column = stripes[:, 0]
    assert column[0] > 1 - 4 * GREY  # bright start
    assert column[-1] < low + 4 * GREY  # dark end
    # A sampled cosine misses its extremes by less than 1e-3 here.
    assert low <= column.min() < low + 1e-3
    assert 1 - 1e-3 < column.max() <= 1
    crossings = np.flatnonzero(np.diff(column > (1 + low) / 2))
    # Five half periods; the cosine is 0 at t = .1, .3, .5, .7, .9.
    expected = 256 * np.array([0.1, 0.3, 0.5, 0.7, 0.9]) - 0.5
    assert len(crossings) == 5
    assert np.abs(crossings + 0.5 - expected).max() <= 0.5


@pytest.mark.parametrize("value_range", ["released", "paper"])
@pytest.mark.parametrize(
    ("down", "across"),
    [("vertical", "horizontal"), STRIPES],
)
def test_the_vertical_map_is_the_horizontal_one_transposed(
    down, across, value_range
):
    one = position_target(down, (12, 20), value_range=value_range)
    other = position_target(across, (20, 12), value_range=value_range)
    assert one.shape == (12, 20)
    assert np.ptp(one) > 0.9
    np.testing.assert_array_equal(one, other.T)


@pytest.mark.parametrize("name", TARGETS)
def test_a_coarse_map_has_the_same_value_at_the_same_place(name):
    fine = position_target(name, (45, 63))
    coarse = position_target(name, (15, 21))
    # Every third cell of the fine map has its centre on a coarse cell's.
    np.testing.assert_allclose(fine[1::3, 1::3], coarse, atol=1e-6)


@pytest.mark.parametrize("name", TARGETS)
def test_released_maps_lie_in_zero_to_one_as_float32(name):
    target = position_target(name, 64)
    assert target.dtype == "float32"
    assert target.flags.c_contiguous
    assert 0 <= target.min() < 0.05
    assert 0.95 < target.max() <= 1


@pytest.mark.parametrize("name", STRIPES)
def test_the_papers_stripes_have_a_chance_mae_of_two_over_pi(name):
    paper = position_target(name, 224, value_range="paper")
    assert chance_mae(paper) == pytest.approx(2 / math.pi, abs=0.005)
    assert chance_mae(position_target(name, 224)) == pytest.approx(
        1 / math.pi, abs=0.005
    )


@pytest.mark.parametrize("name", ["horizontal", "vertical", "gaussian"])
def test_the_papers_range_leaves_ramps_and_bell_alone(name):
    np.testing.assert_array_equal(
        position_target(name, 32, value_range="paper"),
        position_target(name, 32),
    )


def test_an_unknown_target_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError) as error:
        position_target("diagonal", 8)
    assert str(error.value) == (
        "`target` must be one of horizontal, vertical, gaussian, "
        "horizontal_stripes, vertical_stripes. Received: target='diagonal'"
    )


def test_an_unknown_value_range_is_an_error():
    with pytest.raises(ValueError) as error:
        position_target("gaussian", 8, value_range="[0, 1]")
    assert str(error.value) == (
        '`value_range` must be "released" or "paper". '
        "Received: value_range='[0, 1]'"
    )


def test_numpy_integers_are_sizes():
    for size in (np.int64(5), (np.int32(4), np.int64(5))):
        expected = (4, 5) if isinstance(size, tuple) else (5, 5)
        assert position_target("horizontal", size).shape == expected
    for size in (0, (3,), (4, 5.0), "4", True):
        with pytest.raises(ValueError, match="`size` must be an int"):
            position_target("horizontal", size)
