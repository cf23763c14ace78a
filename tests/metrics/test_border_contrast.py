import numpy as np
import pytest
from keras import ops

from keras_padpos.metrics import SIDES
from keras_padpos.metrics import BorderContrast
from keras_padpos.metrics import border_moments
from keras_padpos.metrics import position_aware_units

RNG = np.random.default_rng(0)
MAPS = RNG.gamma(1.0, 2.0, (23, 6, 9, 5)) * [1, 5, 0.1, 20, 1] + [0, 9, 0, 0, 1]


def contrast(*batches, width=1):
    found = BorderContrast(width)
    for maps in batches:
        found.update(maps)
    return found.result()


@pytest.mark.parametrize("width", [1, 2])
def test_it_is_that_of_all_cells_at_once(width):
    interior = MAPS[:, width:-width, width:-width]
    expected = [
        (side.mean(axis=(0, 1, 2)) - interior.mean(axis=(0, 1, 2)))
        / interior.std(axis=(0, 1, 2))
        for side in (
            MAPS[:, :width],
            MAPS[:, -width:],
            MAPS[:, :, :width],
            MAPS[:, :, -width:],
        )
    ]
    for cuts in ([], [5, 6, 18]):
        found = contrast(*np.split(MAPS, cuts), width=width)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_moments_are_the_same_by_any_array_library():
    found = BorderContrast()
    found.update_moments(
        ops.convert_to_numpy(
            border_moments(ops.convert_to_tensor(MAPS, "float32"), xp=ops)
        )
    )
    np.testing.assert_allclose(found.result(), contrast(MAPS), rtol=1e-4)


@pytest.mark.parametrize("side", range(4))
def test_a_side_is_told_from_the_others(side):
    maps = RNG.normal(size=(200, 7, 7, 3))
    line = [np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]][side]
    maps[..., 1][line] += 3
    maps[..., 2][line] -= 3
    aware = position_aware_units(contrast(maps))
    assert aware == {1: (SIDES[side],), 2: (SIDES[side],)}


def test_constant_maps():
    maps = np.full((4, 6, 6, 3), 0.1)
    maps[:, 0, :, 1] = 0.2
    maps[:, :, -1, 2] = 0.0
    found = contrast(maps)
    # The corners belong to two sides.
    expected = np.zeros((4, 3))
    expected[[0, 2, 3], 1] = np.inf
    expected[[0, 1, 3], 2] = -np.inf
    np.testing.assert_array_equal(found, expected)
    assert not contrast(np.zeros((4, 6, 6, 3))).any()


def test_rounding_is_no_contrast():
    maps = (0.3 + 1e-8 * RNG.normal(size=(4, 6, 6, 3))).astype("float32")
    maps[:, 0] += 1e-7
    assert not contrast(maps).any()
    maps[:, 0] += 1e-4
    assert np.isposinf(contrast(maps)[0]).all()


def test_large_values_lose_nothing():
    np.testing.assert_allclose(
        contrast(*np.split(MAPS + 1e4, [9])), contrast(MAPS), rtol=1e-6
    )


def test_thresholds():
    one = np.array([[0.0, 0.5, -1.0], [0, 0, 0], [0, 0, 2], [0, 0, 0]])
    assert position_aware_units(one) == {2: ("top", "left")}
    assert position_aware_units(one, 0.5) == {1: ("top",), 2: ("top", "left")}
    assert position_aware_units(one, 3) == {}


@pytest.mark.parametrize(
    ("maps", "width", "message"),
    [
        (np.ones((1, 2, 5, 1)), 1, "larger than 2 x 2 .* Received: 2 x 5"),
        (np.ones((1, 5, 4, 1)), 2, "larger than 4 x 4"),
        (np.ones((5, 5, 1)), 1, r"\(samples, height, width, channels\)"),
        (np.full((1, 5, 5, 1), np.inf), 1, "must be finite"),
        (np.ones((1, 5, 5, 1)), 0, "`width` must be an int"),
    ],
)
def test_errors(maps, width, message):
    with pytest.raises(ValueError, match=message):
        contrast(maps, width=width)


def test_maps_that_do_not_fit_together():
    with pytest.raises(ValueError, match="All maps must be of one size"):
        contrast(np.ones((1, 5, 5, 1)), np.ones((1, 5, 6, 1)))
    found = BorderContrast()
    found.update_moments(np.ones((1, 6, 2)))
    with pytest.raises(ValueError, match=r"shape \(samples, 6, 2\)"):
        found.update_moments(np.ones((1, 6, 3)))


def test_nothing_has_no_contrast():
    with pytest.raises(ValueError, match="No maps were added"):
        BorderContrast().result()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((3, 2)),), r"of shape \(4, channels\)"),
        ((np.ones((4, 2)), 0), "`threshold` must be above 0"),
    ],
)
def test_errors_of_units(arguments, message):
    with pytest.raises(ValueError, match=message):
        position_aware_units(*arguments)
