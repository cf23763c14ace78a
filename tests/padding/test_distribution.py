import keras
import numpy as np
import pytest
from oracles import gradient

from keras_padpos import padding

MODE = padding.get("distribution")


def _axis_oracle(values, before, after):
    """Windows, means and half-pixel enlarging, written out for one axis."""
    reach = max(before, after)
    width = 2 * reach + 1
    means = [
        values[i : i + width].mean(axis=0)
        for i in range(len(values) - width + 1)
    ]
    padded = len(values) + 2 * reach
    enlarged = []
    for cell in range(reach - before, padded - reach + after):
        place = (cell + 0.5) * len(means) / padded - 0.5
        place = min(max(place, 0), len(means) - 1)
        low = int(np.floor(place))
        high = min(low + 1, len(means) - 1)
        share = place - low
        enlarged.append((1 - share) * means[low] + share * means[high])
    return np.array(enlarged)


def _oracle(x, pad_width):
    frame = x.astype("float64")
    for axis, (before, after) in enumerate(pad_width):
        if before or after:
            moved = np.moveaxis(frame, axis, 0)
            frame = np.moveaxis(_axis_oracle(moved, before, after), 0, axis)
    inside = tuple(
        slice(before, before + size)
        for (before, _), size in zip(pad_width, x.shape, strict=True)
    )
    frame[inside] = x
    return frame


@pytest.mark.parametrize(
    "pad_width",
    [
        [(0, 0), (1, 1), (1, 1), (0, 0)],
        [(0, 0), (2, 2), (3, 3), (0, 0)],
        [(0, 0), (0, 1), (2, 1), (0, 0)],
        [(0, 0), (0, 0), (0, 2), (0, 0)],
    ],
)
def test_equals_the_definition_written_out(pad_width):
    x = np.random.default_rng(0).normal(size=(2, 9, 8, 3)).astype("float32")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(MODE.pad(x, pad_width)),
        _oracle(x, pad_width),
        rtol=1e-5,
        atol=1e-5,
    )


def test_enlarging_is_that_of_keras_image_resize():
    x = np.random.default_rng(1).normal(size=(1, 9, 9, 2)).astype("float32")
    means = keras.ops.average_pool(x, 3, strides=1, padding="valid")
    enlarged = keras.ops.convert_to_numpy(
        keras.ops.image.resize(
            means,
            (11, 11),
            interpolation="bilinear",
            data_format="channels_last",
        )
    )
    y = keras.ops.convert_to_numpy(
        MODE.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    )
    np.testing.assert_allclose(y[:, 0], enlarged[:, 0], atol=1e-5)
    np.testing.assert_allclose(y[:, :, -1], enlarged[:, :, -1], atol=1e-5)


def test_no_gradient_flows_through_the_frame():
    x = np.random.default_rng(2).normal(size=(1, 6, 6, 1)).astype("float32")
    width = [(0, 0), (1, 1), (1, 1), (0, 0)]
    slope = gradient(
        lambda t: MODE.pad(t, width), x, np.ones((1, 8, 8, 1), "float32")
    )
    assert np.all(slope == 1.0)


def test_a_constant_picture_stays_constant():
    x = np.full((1, 7, 7, 2), 3.0, "float32")
    y = MODE.pad(x, [(0, 0), (2, 2), (3, 1), (0, 0)])
    assert np.all(keras.ops.convert_to_numpy(y) == 3.0)


def test_the_window_must_fit():
    MODE.check_reach((7,), [(3, 3)], "here")
    with pytest.raises(ValueError, match="at most 2 cells beside 6"):
        MODE.check_reach((6,), [(0, 3)], "here")
