import itertools

import pytest
from oracles import Truncating
from oracles import same_pads

from keras_padpos.padding import Geometry


def test_same_is_tensorflows_for_every_window():
    geometry = Geometry("same", rank=1)
    for size, kernel, stride, dilation in itertools.product(
        range(1, 14), range(1, 8), range(1, 5), range(1, 4)
    ):
        window = (kernel,), (stride,), (dilation,)
        expected = same_pads(size, kernel, stride, dilation)
        assert geometry.pads((size,), *window) == (expected,)
        # In ONNX a remainder has another sign.
        assert geometry.pads((Truncating(size),), *window) == (expected,)
        assert geometry.output_sizes((size,), *window) == (-(-size // stride),)


@pytest.mark.parametrize(
    "size, kernel, pads", [(224, 3, (0, 1)), (225, 3, (1, 1)), (224, 7, (2, 3))]
)
def test_same_with_stride_2_is_uneven_on_even_sizes(size, kernel, pads):
    geometry = Geometry("SAME", rank=1)
    assert geometry.pads((size,), (kernel,), (2,), (1,)) == (pads,)


def test_full_lets_every_tap_visit_every_cell():
    geometry = Geometry("full", rank=2)
    window = (3, 5), (1, 1), (2, 1)
    assert geometry.pads((9, 9), *window) == ((4, 4), (4, 4))
    assert geometry.output_sizes((9, 9), *window) == (13, 13)


def test_causal_pads_before_only():
    assert Geometry("causal", 1).pads((9,), (3,), (1,), (2,)) == ((4, 0),)


@pytest.mark.parametrize(
    "padding, pairs",
    [
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        (((1, 0), (2, 3)), ((1, 0), (2, 3))),
        ([[1, 0], 2], ((1, 0), (2, 2))),
    ],
)
def test_explicit_forms(padding, pairs):
    geometry = Geometry(padding, rank=2)
    assert geometry.pads((None, None), (1, 1), (1, 1), (1, 1)) == pairs
    assert Geometry(geometry.identifier, rank=2).identifier == pairs


def test_unknown_sizes_stay_unknown():
    window = (3, 3), (2, 2), (1, 1)
    assert Geometry("same", 2).output_sizes((None, 7), *window) == (None, 4)


def test_valid_is_known_however_it_is_said():
    assert Geometry("valid", 2).is_valid
    assert Geometry(0, 2).is_valid
    assert Geometry(((0, 0), (0, 0)), 2).is_valid
    assert not Geometry(((0, 0), (0, 1)), 2).is_valid


@pytest.mark.parametrize(
    "padding",
    [-1, (1, -1), (1, 2, 3), ((1, 2, 3), 1), "sane", 1.5, None, True, "causal"],
)
def test_anything_else_is_refused_in_one_line(padding):
    with pytest.raises(ValueError, match="`padding` must be") as error:
        Geometry(padding, rank=2)
    assert f"Received: padding={padding!r}" in str(error.value)
    assert "\n" not in str(error.value)
