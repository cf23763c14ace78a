import pytest

from keras_padpos.probes import position_budget
from keras_padpos.probes._position_budget import needs_dual

VGG16 = 1472


@pytest.mark.parametrize(
    ("columns", "cells", "pictures", "expected"),
    [
        (VGG16, 784, 300, 784),  # 1x1: every place
        (9 * 512, 676, 300, 676),  # 3x3 on the last stage
        (5000, 676, None, 676),  # the number of pictures is not needed
        (9 * VGG16, 676, 300, 177),  # four rows a column: 52992 / 300
        (9 * VGG16, 676, 10, 676),  # few pictures give all they have
        (9 * VGG16, 676, 10**6, 1),
        (49 * VGG16, 484, 300, 40),  # 12000 / 300
        (49 * VGG16, 484, 7, 484),
    ],
)
def test_auto_takes_what_a_head_needs(columns, cells, pictures, expected):
    assert position_budget(columns, cells, pictures) == expected


@pytest.mark.parametrize(
    ("asked", "expected"), [("all", 676), (10, 10), (1000, 676)]
)
def test_what_is_asked_for_is_taken_up_to_all(asked, expected):
    assert position_budget(9 * VGG16, 676, 300, asked) == expected


@pytest.mark.parametrize("asked", [0, -1, 2.5, "some"])
def test_what_is_no_number_of_positions_is_an_error(asked):
    with pytest.raises(ValueError, match="^`positions_per_image` must be"):
        position_budget(VGG16, 784, 300, asked)


def test_wide_rows_are_fewer():
    # 2**32 bytes hold 5722 rows of 188160 float32.
    assert position_budget(49 * 3840, 484, 10) == 484
    assert position_budget(49 * 3840, 484, 300) == 19
    assert position_budget(49 * 3840, 484, 300, "all") == 19


@pytest.mark.parametrize(
    ("asked", "expected"), [(7, 7), (41, 40), (1000, 40), ("all", 40)]
)
def test_wide_heads_take_what_can_be_held_whatever_is_asked(asked, expected):
    assert position_budget(49 * VGG16, 484, 300, asked) == expected


def test_more_pictures_than_rows_are_an_error_that_says_how_many():
    assert position_budget(49 * VGG16, 484, 12000) == 1
    with pytest.raises(ValueError) as error:
        position_budget(49 * VGG16, 484, 12001)
    message = str(error.value)
    assert "72128 columns is fitted on 12000 positions at most" in message
    assert "12001 training pictures" in message
    assert 'solver="sgd"' in message


@pytest.mark.parametrize("columns", [9 * VGG16, 49 * VGG16])
def test_a_sample_of_an_unknown_number_of_pictures_is_an_error(columns):
    with pytest.raises(ValueError, match="is not known beforehand"):
        position_budget(columns, 484, None)


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        (9 * VGG16, None, False),
        (9 * VGG16, 9 * VGG16, False),  # more rows than are held
        (9 * VGG16, 12_000, True),
        (9 * VGG16, 300, True),
        (VGG16, 300, False),  # small by columns too
        (49 * VGG16, None, True),
    ],
)
def test_few_rows_are_solved_by_rows(columns, rows, expected):
    assert needs_dual(columns, rows) is expected
