from fractions import Fraction

import numpy as np
import pytest

from keras_padpos.metrics import BAND_EDGES
from keras_padpos.metrics import band_names
from keras_padpos.metrics import border_bands
from keras_padpos.metrics._border_distance import border_distance


@pytest.mark.parametrize("shape", [(1, 1), (10, 10), (7, 90), (60, 31), (3, 2)])
@pytest.mark.parametrize("edges", [BAND_EDGES, (), (0.15, 0.35)])
def test_every_pixel_lies_in_the_one_band_that_holds_its_distance(shape, edges):
    bands = border_bands(*shape, edges)
    # Exact numbers decide on which side of an edge a pixel lies.
    ends = [0, *(Fraction(str(edge)) for edge in edges), 1]
    inside = [
        [
            low <= (Fraction(int(cells)) + Fraction(1, 2)) / min(shape) < high
            for cells in border_distance(*shape).ravel()
        ]
        for low, high in zip(ends[:-1], ends[1:], strict=True)
    ]
    assert np.sum(inside, axis=0).tolist() == [1] * (shape[0] * shape[1])
    np.testing.assert_array_equal(bands.ravel(), np.argmax(inside, axis=0))
    assert bands.shape == shape


def test_a_picture_of_a_hundred_pixels_has_bands_of_five():
    line = border_bands(100, 200)[50]
    expected = np.minimum(np.arange(100) // 5, 5)
    np.testing.assert_array_equal(line[:100], expected)
    np.testing.assert_array_equal(line[100:], expected[::-1])


def test_ten_pixels_are_too_few_for_a_band_of_five_percent():
    assert 0 not in border_bands(10, 90)
    assert 0 in border_bands(11, 90)


def test_names_fit_the_bands():
    assert band_names() == (
        "0-5 %",
        "5-10 %",
        "10-15 %",
        "15-20 %",
        "20-25 %",
        "interior",
    )
    assert band_names(()) == ("interior",)
    # 100 * 0.07 is 7.000000000000001.
    assert band_names((0.07,))[0] == "0-7 %"


@pytest.mark.parametrize(
    "edges", [(0.0, 0.1), (0.2, 0.1), (0.1, 0.1), (0.5,), (np.nan,)]
)
def test_edges_must_increase_within_a_half(edges):
    with pytest.raises(ValueError, match="`edges` must increase and lie"):
        border_bands(9, 9, edges)
    with pytest.raises(ValueError, match="`edges` must increase and lie"):
        band_names(edges)


def test_a_size_must_be_positive():
    with pytest.raises(ValueError, match="at least 1. Received: height=0"):
        border_bands(0, 4)
