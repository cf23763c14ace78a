"""A mode for each axis, against NumPy one axis after the other."""

import itertools

import keras
import numpy as np
import pytest
from oracles import NUMPY_MODES
from oracles import gradient
from oracles import linear_map
from oracles import numpy_pad

from keras_padpos import padding
from keras_padpos.errors import InputError

ODD = padding.Reflect(odd=True)
MODES = [*NUMPY_MODES, ODD, "extrapolate"]
PADS = [((1, 1), (2, 0)), ((3, 7), (9, 2)), ((0, 0), (1, 1)), ((0, 2), (0, 0))]


def padded_alone(x, axis, pair, mode):
    """One axis of an array, padded by NumPy."""
    width = [(0, 0)] * x.ndim
    width[axis] = pair
    if mode == ODD:
        return np.pad(x, width, mode="reflect", reflect_type="odd")
    if mode != "extrapolate":
        return numpy_pad(x, width, mode)
    rows = np.moveaxis(x, axis, 0)
    first, last = (
        (rows[1] - rows[0], rows[-1] - rows[-2])
        if len(rows) > 1
        else (0 * rows[0], 0 * rows[0])
    )
    before = [rows[0] - step * first for step in range(pair[0], 0, -1)]
    after = [rows[-1] + step * last for step in range(1, pair[1] + 1)]
    return np.moveaxis(np.stack([*before, *rows, *after]), 0, axis)


@pytest.mark.parametrize("sizes", [(1, 2), (5, 4)])
def test_all_pairs_pad_as_numpy_does_axis_by_axis(sizes):
    x = np.random.default_rng(0).normal(size=(2, *sizes, 3)).astype("float32")
    pairs = itertools.product(MODES, repeat=2)
    for number, (height, width) in enumerate(pairs):
        mode = padding.get((height, width))
        # Every mode with both, in height and in width.
        rows, columns = PADS[(number + number // len(MODES)) % 2]
        y = mode.pad(x, [(0, 0), rows, columns, (0, 0)], axes=(1, 2))
        expected = padded_alone(x, 1, rows, height)
        expected = padded_alone(expected, 2, columns, width)
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(y), expected, atol=1e-4
        )


@pytest.mark.parametrize(
    "mode", ["replicate+circular", "zeros+reflect", "circular+zeros", "earth"]
)
def test_the_gradient_and_fold_are_the_transpose(mode):
    mode = padding.get(mode)
    x = np.random.default_rng(0).normal(size=(1, 3, 4, 2)).astype("float32")
    width = [(0, 0), (2, 4), (5, 1), (0, 0)]

    def pad(inputs):
        return mode.pad(inputs, width, axes=(1, 2))

    upstream = np.random.default_rng(1).normal(size=(1, 9, 10, 2))
    upstream = upstream.astype("float32")
    matrix = linear_map(pad, x.shape[1:])
    expected = (upstream.reshape(-1) @ matrix).reshape(x.shape)
    np.testing.assert_allclose(gradient(pad, x, upstream), expected, atol=1e-5)
    folded = mode.fold(keras.ops.convert_to_tensor(upstream), width, (1, 2))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(folded), expected, atol=1e-5
    )


def test_earth_crosses_the_poles():
    """Row by row: mirrored and turned at each crossing."""
    mode = padding.get("earth")
    rng = np.random.default_rng(0)
    for height, width in ((1, 2), (2, 6), (5, 4)):
        x = rng.normal(size=(2, height, width, 3)).astype("float32")
        for (top, bottom), columns in PADS:
            rows = []
            for row in range(-top, height + bottom):
                turns = 0
                while not 0 <= row < height:
                    row = -1 - row if row < 0 else 2 * height - 1 - row
                    turns += width // 2
                rows.append(np.roll(x[:, row], turns, axis=1))
            expected = np.pad(
                np.stack(rows, 1),
                [(0, 0), (0, 0), columns, (0, 0)],
                mode="wrap",
            )
            y = mode.pad(
                x, [(0, 0), (top, bottom), columns, (0, 0)], axes=(1, 2)
            )
            np.testing.assert_array_equal(
                keras.ops.convert_to_numpy(y), expected
            )


def test_a_smooth_field_has_no_jump_at_the_poles():
    """A rotated cosine: beyond a pole `earth` continues it."""
    height, width = 64, 128
    latitude = np.pi * ((np.arange(height) + 0.5) / height - 0.5)[:, None]
    longitude = 2 * np.pi * np.arange(width) / width
    field = np.cos(latitude) * np.cos(longitude) * np.cos(1)
    field = (field + np.sin(latitude) * np.sin(1)).astype("float32")
    steps = {}
    for mode in ("earth", "zeros+circular"):
        y = padding.get(mode).pad(field, [(1, 1), (0, 0)], axes=(0, 1))
        steps[mode] = np.abs(np.diff(keras.ops.convert_to_numpy(y), axis=0))
    inside = steps["earth"][1:-1].max()
    # The field is 1-Lipschitz: a row is pi / height away from the next.
    assert inside <= np.pi / height
    assert steps["earth"].max() <= np.pi / height
    assert steps["zeros+circular"][[0, -1]].max() > 10 * inside


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("randn+zeros", '"randn" fills the frame of all axes together'),
        (("zeros", "earth"), '"earth" fills the frame of all axes together'),
        ("mirror+zeros", "Did you mean reflect"),
        ("zeros,circular", r"with \"\+\": zeros\+circular\.$"),
        ((), "must be one of zeros"),
        ("zeros+circular", "one for each of 3"),
    ],
)
def test_what_does_not_combine_is_named(mode, message):
    with pytest.raises(InputError, match=message):
        padding.get(mode).check_rank(3, "Layer 'a'")


@pytest.mark.parametrize(
    "mode",
    [
        padding.get(("replicate", "circular")),
        padding.get((padding.Constant(2), ODD, "partial")),
        padding.get("earth"),
        padding.get("extrapolate"),
        ODD,
    ],
)
def test_modes_come_back_from_their_description(mode):
    assert padding.get(padding.serialize(mode)) == mode
    described = keras.saving.serialize_keras_object(mode)
    assert keras.saving.deserialize_keras_object(described) == mode
    assert hash(mode) == hash(padding.get(padding.serialize(mode)))


def test_equal_modes_are_one():
    assert padding.get("zeros+zeros") == padding.Zeros()
    assert padding.get(("zeros", padding.Constant(1))).name == "zeros+constant"
