import numpy as np
import pytest

from keras_padpos.tasks import PATCH
from keras_padpos.tasks import four_quadrants
from keras_padpos.tasks.quadrant_pictures import CANVAS


def pictures(number=3, size=56):
    rng = np.random.default_rng(0)
    return rng.uniform(1, 2, (number, size, size, 3)).astype("float32")


@pytest.mark.parametrize("border", [0, 16])
def test_places_are_those_of_the_released_code(border):
    x = pictures(size=PATCH)
    canvases, labels = four_quadrants(x, border, canvas=CANVAS)
    side = 120 + 2 * border
    assert canvases.shape == (6, side, side, 3)
    assert canvases.dtype == "float32"
    assert list(labels) == [0, 0, 0, 1, 1, 1]
    inner = canvases[:, border : border + 120, border : border + 120]
    # The released code writes [:56, :56] and [64:, 64:].
    np.testing.assert_array_equal(inner[:3, :56, :56], x)
    np.testing.assert_array_equal(inner[3:, 64:, 64:], x)
    inner[:3, :56, :56] = 0
    inner[3:, 64:, 64:] = 0
    assert not canvases.any()


def test_a_colour_fills_what_no_picture_covers():
    canvases, _ = four_quadrants(pictures(1, 2), 1, canvas=6, fill=(7, 8, 9))
    empty = canvases[0, 5:]
    np.testing.assert_array_equal(empty, np.tile([7, 8, 9], (3, 8, 1)))
    assert (canvases[..., 2] == 9).sum() == 2 * (8 * 8 - 2 * 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pictures": np.zeros((2, 4, 5, 3))}, r"`pictures` must.*4, 5, 3"),
        ({"canvas": 111}, r"`canvas` must be.*canvas=111, pictures of 56x56"),
        ({"border": -1}, r"`border` must be an int of 0 or more.*border=-1"),
        ({"fill": (1, 2)}, r"`fill` must be a number, or 3 of.*\(1, 2\)"),
    ],
)
def test_errors(arguments, message):
    arguments = {"pictures": pictures(), **arguments}
    with pytest.raises(ValueError, match=message):
        four_quadrants(**arguments)
