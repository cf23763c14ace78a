import json

import keras
import numpy as np
import pytest
from oracles import NUMPY_MODES
from oracles import Truncating
from oracles import gradient
from oracles import numpy_pad

from keras_padpos import choices
from keras_padpos import padding

COPYING = ("reflect", "symmetric", "replicate", "circular")
WIDTHS = [
    [(0, 0), (1, 1), (1, 1), (0, 0)],
    [(0, 0), (2, 0), (0, 3), (0, 0)],
    [(0, 0), (3, 4), (0, 0), (0, 0)],
    [(0, 0), (0, 0), (0, 0), (0, 0)],
    [(0, 0), (0, 0), (2, 1), (1, 1)],
    [(1, 0), (4, 4), (5, 5), (0, 1)],
    # Wider than the map: on and on, as NumPy does.
    [(0, 0), (23, 11), (0, 14), (0, 0)],
]


def _mode(name):
    return padding.Constant(2.5) if name == "constant" else padding.get(name)


def _picture(shape=(2, 5, 6, 3)):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NUMPY_MODES)
def test_equals_numpy(name, width):
    x = _picture()
    expected = numpy_pad(x, width, name, value=2.5)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(_mode(name).pad(x, width)), expected
    )


def test_the_names_that_flags_know_are_those_of_modes():
    names = [*choices.PADDING_MODES, *choices.FURTHER_MODES]
    assert [name for name in names if padding.get(name).combines] == list(
        choices.PER_AXIS
    )


@pytest.mark.parametrize("name", COPYING)
def test_no_remainder_hangs_on_its_sign(name):
    mode = padding.get(name)
    for size in range(1, 6):
        positions = np.arange(-13, size + 13)
        assert [
            mode.source(Truncating(position), Truncating(size))
            for position in positions
        ] == mode.source(positions, size).tolist()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int32", "uint8"])
@pytest.mark.parametrize("name", NUMPY_MODES)
def test_keeps_the_dtype(name, dtype):
    x = keras.ops.cast(np.arange(12).reshape(1, 3, 4, 1), dtype)
    y = padding.get(name).pad(x, [(0, 0), (1, 1), (2, 2), (0, 0)])
    assert keras.backend.standardize_dtype(y.dtype) == dtype


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NUMPY_MODES)
def test_gradient_counts_the_copies(name, width):
    # d sum(pad(x) * u) / dx is u summed over the copies of each cell.
    x = _picture()
    mode = _mode(name)
    labels = np.arange(1, x.size + 1).reshape(x.shape)
    copies = numpy_pad(labels, width, name, value=0)
    upstream = _picture(copies.shape)
    expected = np.bincount(
        copies.ravel(), upstream.ravel(), minlength=x.size + 1
    )[1:].reshape(x.shape)
    actual = gradient(lambda t: mode.pad(t, width), x, upstream)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("name", COPYING)
def test_gradient_on_small_maps(name, size):
    x = _picture((1, size, size, 2))
    width = [(0, 0), (size, 2 * size + 1), (2 * size + 1, size), (0, 0)]
    copies = numpy_pad(np.arange(x.size).reshape(x.shape), width, name)
    upstream = _picture(copies.shape)
    expected = np.bincount(copies.ravel(), upstream.ravel()).reshape(x.shape)
    actual = gradient(lambda t: padding.get(name).pad(t, width), x, upstream)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", COPYING)
def test_a_constant_picture_stays_constant(name):
    x = np.full((1, 4, 5, 2), 3.0, "float32")
    y = padding.get(name).pad(x, [(0, 0), (2, 3), (1, 2), (0, 0)])
    assert np.all(keras.ops.convert_to_numpy(y) == 3.0)


def test_circular_commutes_with_a_roll():
    x = _picture()
    width = [(0, 0), (2, 2), (2, 2), (0, 0)]
    pad = padding.get("circular").pad
    rolled = pad(np.roll(x, (1, 1), axis=(1, 2)), width)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(rolled)[:, 1:, 1:],
        keras.ops.convert_to_numpy(pad(x, width))[:, :-1, :-1],
    )


@pytest.mark.parametrize("name", COPYING)
def test_a_mode_says_when_it_repeats_cells(name):
    # The widest frame, beside 4 cells, of which each side copies none twice.
    copies = np.pad(np.arange(4), (0, 9), NUMPY_MODES[name])[4:].tolist()
    once = next(n for n in range(1, 9) if copies[n] in copies[:n])
    mode = padding.get(name)
    if name == "replicate":  # which always repeats the edge
        assert mode.repeats((4,), [(99, 99)]) == ""
        return
    assert mode.repeats((9, 4), [(0, 0), (once, 0)]) == ""
    text = mode.repeats((9, 4), [(0, 0), (0, once + 1)])
    assert f"adds {once + 1} cells beside 4 and has {once} to copy" in text
    assert mode.repeats((None, 9), [(99, 99), (1, 1)]) == ""


@pytest.mark.parametrize("name", padding.names())
def test_round_trip(name):
    for mode in {padding.get(name), _mode(name)}:
        config = json.loads(json.dumps(padding.serialize(mode)))
        assert padding.get(config) == mode
    assert padding.serialize(padding.get(name)) == name


def test_constant_keeps_its_value():
    config = padding.serialize(padding.Constant(2.5))
    assert padding.get(config).value == 2.5
    assert padding.get(config) != padding.get("constant")
    assert repr(padding.get(config)) == "Constant(value=2.5)"


def test_a_mode_of_the_users_own_needs_an_index_map_only():
    class Folded(padding.CopyMode):
        name = "folded"

        def source(self, position, size):
            return abs(position) % size

    y = padding.get(Folded()).pad(np.array([1, 2, 3]), [(2, 2)])
    assert keras.ops.convert_to_numpy(y).tolist() == [3, 2, 1, 2, 3, 1, 2]


def test_a_geometry_is_no_mode_and_the_message_says_where_it_goes():
    with pytest.raises(ValueError, match='are added: padding="same"'):
        padding.get("same")


@pytest.mark.parametrize("identifier", ["mirror", "zero", 3, None, {}])
def test_unknown_modes_are_refused(identifier):
    with pytest.raises((ValueError, TypeError), match="padding_mode|config"):
        padding.get(identifier)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("wrap", "circular"),
        ("periodic", "circular"),
        ("edge", "replicate"),
        ("nearest", "replicate"),
        ("mirror", "reflect"),
        ("symetric", "symmetric"),
    ],
)
def test_words_of_other_libraries_are_told_apart(word, name):
    with pytest.raises(ValueError, match=f"Did you mean {name}?"):
        padding.get(word)


def test_none_is_a_choice_where_padding_may_be_removed():
    assert padding.get_or_none("none") is None
    assert padding.get_or_none("reflect") == padding.get("reflect")
    message = r"`modes` must be one of zeros, .*, none, a .*modes='nonee'"
    with pytest.raises(ValueError, match=f"{message}. Did you mean none?"):
        padding.get_or_none("nonee", "modes")
    with pytest.raises(ValueError, match="Received: padding_mode='none'"):
        padding.get("none")


def test_constant_wants_a_number():
    with pytest.raises(ValueError, match="`value` must be a number"):
        padding.Constant("grey")


LOCAL = {
    "zeros",
    "constant",
    "reflect",
    "symmetric",
    "replicate",
    "partial",
    "random_sides",
    "extrapolate",
}


@pytest.mark.parametrize("name", [*padding.names(), "extrapolate"])
def test_local_modes_read_the_cells_nearest_the_edge(name):
    """One more than are added; other modes read further, or aside."""
    mode = padding.get(name)
    assert mode.is_local(0) == (name in LOCAL)
    x = np.random.default_rng(0).normal(size=(20, 3))
    other = x.copy()
    other[4:16] += 1
    pads = [(3, 3), (0, 0)]
    frames = [
        np.delete(np.asarray(mode.pad(y, pads)), slice(3, -3), axis=0)
        for y in (x, other)
    ]
    if mode.is_local(0):
        np.testing.assert_array_equal(*frames)
