import numpy as np
import pytest

from keras_padpos.tasks import red_green

NAMES = ("train", "validation", "similar", "dissimilar")


@pytest.fixture(scope="module")
def released():
    return red_green("released")


@pytest.fixture(scope="module")
def disjoint():
    return red_green("disjoint")


def corner(picture, channel):
    """Row and column of the square of one colour, checked to be one."""
    rows, columns = np.nonzero(picture[..., channel])
    row, column = rows.min(), columns.min()
    expected = np.zeros((32, 32))
    expected[row : row + 4, column : column + 4] = 1
    np.testing.assert_array_equal(picture[..., channel], expected)
    return int(row), int(column)


@pytest.mark.parametrize(
    ("number", "red", "green"),
    # Read off the released generator's pictures.
    [
        (0, (8, 8), (3, 25)),
        (1, (22, 12), (19, 7)),
        (2, (10, 0), (8, 13)),
        (3, (22, 25), (25, 3)),
        (1999, (23, 9), (24, 0)),
    ],
)
def test_pictures_are_the_released_ones(released, number, red, green):
    picture = released["train"][0][number]
    assert (corner(picture, 0), corner(picture, 1)) == (red, green)
    assert not picture[..., 2].any()


@pytest.mark.parametrize("name", ["train", "validation", "similar"])
@pytest.mark.parametrize("splits", ["released", "disjoint"])
def test_each_class_has_its_order_and_its_rows(splits, name, request):
    pictures, labels = request.getfixturevalue(splits)[name]
    assert pictures.dtype == "float32"
    assert pictures.shape == (len(labels), 32, 32, 3)
    assert list(labels[:4]) == [0, 1, 0, 1]
    tops = {0: set(), 1: set()}
    columns = set()
    for picture, label in zip(pictures, labels, strict=True):
        red, green = corner(picture, 0), corner(picture, 1)
        left, right = (red, green) if label == 0 else (green, red)
        assert 0 <= left[1] <= 9
        assert left[1] + 5 <= right[1] <= 27
        columns.add(right[1] - left[1])
        tops[label] |= {red[0], green[0]}
    # Squares of four rows: rows 3 to 13, and 19 to 29.
    assert tops == {0: set(range(3, 11)), 1: set(range(19, 27))}
    assert min(columns) == 5


def test_released_sets_are_the_beginning_of_the_training_set(released):
    pictures, labels = released["train"]
    for name in ("validation", "similar"):
        np.testing.assert_array_equal(released[name][0], pictures[:1000])
        np.testing.assert_array_equal(released[name][1], labels[:1000])


def test_disjoint_sets_share_no_picture(released, disjoint):
    np.testing.assert_array_equal(
        disjoint["train"][0], released["train"][0], "the same to train on"
    )
    sets = {
        name: {picture.tobytes() for picture in disjoint[name][0]}
        for name in NAMES
    }
    assert len(sets["validation"]) == len(sets["similar"]) == 1000
    assert not sets["train"] & sets["validation"]
    assert not sets["train"] & sets["similar"]
    assert not sets["validation"] & sets["similar"]
    assert not sets["dissimilar"] & sets["train"]


@pytest.mark.parametrize("splits", ["released", "disjoint"])
def test_dissimilar_pictures_are_moved_by_16_rows(splits, request):
    sets = request.getfixturevalue(splits)
    pictures, labels = sets["similar"]
    moved, moved_labels = sets["dissimilar"]
    np.testing.assert_array_equal(labels, moved_labels)
    down, up = labels == 0, labels == 1
    np.testing.assert_array_equal(moved[down, 16:], pictures[down, :16])
    np.testing.assert_array_equal(moved[up, :16], pictures[up, 16:])
    assert not moved[down, :16].any() and not moved[up, 16:].any()


def test_another_seed_draws_other_pictures(released):
    other = red_green("released", train=100, seed=1)["train"][0]
    assert (other != released["train"][0][:100]).any(axis=(1, 2, 3)).sum() > 90


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("all",), r'`splits` must be "released" or "disjoint".*\'all\''),
        ({"train": 0}, r"`train` must be an int of 1 or more.*train=0"),
        ({"test": 1.5}, r"`test` must be an int of 1 or more.*test=1.5"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        if isinstance(arguments, tuple):
            red_green(*arguments)
        else:
            red_green(**arguments)
