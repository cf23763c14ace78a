"""What must hold of a border, whatever the numbers."""

import keras
import numpy as np
import pytest
from oracles import gradient

from keras_padpos import layers
from keras_padpos import padding

NOT_CONSTANT = ("zeros", "constant", "random_sides", "partial")
"""Modes under which a constant picture does not stay constant."""


def _picture(*shape):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def _same(layer, *args, **kwargs):
    return getattr(layers, layer)(*args, padding="same", **kwargs)


def test_the_interior_does_not_depend_on_the_mode():
    x = _picture(1, 12, 12, 2)
    weights = None
    interiors = []
    for name in padding.names():
        layer = _same("Conv2D", 3, 5, padding_mode=name)
        layer.build(x.shape)
        weights = weights or layer.get_weights()
        layer.set_weights(weights)
        interiors.append(keras.ops.convert_to_numpy(layer(x))[:, 2:-2, 2:-2])
    for interior in interiors[1:]:
        np.testing.assert_allclose(interior, interiors[0], atol=1e-5)


@pytest.mark.parametrize(
    "layer, shape",
    [
        (_same("Conv1D", 3, 4, padding_mode="circular"), (9,)),
        (_same("Conv2D", 3, (3, 4), padding_mode="circular"), (9, 10)),
        (_same("Conv3D", 3, 3, padding_mode="circular"), (4, 5, 6)),
        (_same("DepthwiseConv2D", 5, padding_mode="circular"), (9, 10)),
        (_same("SeparableConv2D", 3, 3, padding_mode="circular"), (9, 10)),
        (_same("MaxPooling2D", 3, 1, padding_mode="circular"), (9, 10)),
        (_same("AveragePooling2D", 3, 1, padding_mode="circular"), (9, 10)),
        (_same("Conv2DTranspose", 3, 3, padding_mode="circular"), (9, 10)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_circular_commutes_with_a_roll(layer, shape):
    x = _picture(1, *shape, 2)
    axes = tuple(range(1, len(shape) + 1))
    steps = axes[::-1]
    rolled = keras.ops.convert_to_numpy(layer(np.roll(x, steps, axes)))
    np.testing.assert_allclose(
        rolled,
        np.roll(keras.ops.convert_to_numpy(layer(x)), steps, axes),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    "name", sorted(set(padding.names()) - set(NOT_CONSTANT))
)
@pytest.mark.parametrize(
    "make, rank",
    [
        (lambda **k: _same("Conv1D", 3, 3, **k), 1),
        (lambda **k: _same("Conv2D", 3, (3, 4), **k), 2),
        (
            lambda **k: _same(
                "Conv2D", 3, 3, 2, kernel_initializer="ones", **k
            ),
            2,
        ),
        (lambda **k: _same("Conv3D", 3, 2, **k), 3),
        (lambda **k: _same("SeparableConv2D", 3, 3, **k), 2),
        (lambda **k: _same("MaxPooling2D", 3, 2, **k), 2),
        (lambda **k: layers.AveragePooling2D(3, padding=1, **k), 2),
        (lambda **k: layers.Padding2D(((1, 2), (2, 0)), **k), 2),
    ],
    ids=[
        "Conv1D",
        "Conv2D",
        "ones",
        "Conv3D",
        "Separable",
        "Max",
        "Mean",
        "Pad",
    ],
)
def test_a_constant_picture_stays_constant(make, rank, name):
    x = np.full((1, *(6, 7, 5)[:rank], 2), 3.0, "float32")
    y = keras.ops.convert_to_numpy(make(padding_mode=name)(x))
    assert np.ptp(y, axis=tuple(range(1, rank + 1))).max() < 1e-4


def test_partial_keeps_a_constant_picture_under_an_even_kernel():
    x = np.full((1, 6, 7, 2), 3.0, "float32")
    layer = _same(
        "Conv2D", 3, 3, kernel_initializer="ones", padding_mode="partial"
    )
    y = keras.ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(y, 54.0, rtol=1e-6)


@pytest.mark.parametrize("name", ("distribution", "randn"))
def test_no_gradient_flows_through_a_computed_frame(name):
    x, upstream = _picture(1, 7, 8, 2), _picture(1, 7, 8, 3)
    layer = _same("Conv2D", 3, 3, padding_mode=name)
    zeros = _same("Conv2D", 3, 3)
    for each in (layer, zeros):
        each.build(x.shape)
    zeros.set_weights(layer.get_weights())
    np.testing.assert_allclose(
        gradient(layer, x, upstream), gradient(zeros, x, upstream), atol=1e-5
    )


@pytest.mark.parametrize(
    "size, geometry, mode, counts",
    [
        (3, "valid", "zeros", (1, 3, 4, 6, 9)),
        (3, "same", "zeros", (4, 6, 9, 9, 9)),
        (3, "full", "zeros", (9, 9, 9, 9, 9)),
        (3, "same", "circular", (9, 9, 9, 9, 9)),
        (3, "same", "symmetric", (9, 9, 9, 9, 9)),
        (3, "same", "replicate", (9, 9, 9, 9, 9)),
        (3, "same", "reflect", (4, 6, 16, 12, 9)),
        (3, "same", "partial", (6.25, 7.5, 12.25, 10.5, 9)),
        (5, "same", "replicate", (36, 30, 16, 20, 25)),
    ],
)
def test_foveation(size, geometry, mode, counts):
    """How often each cell is read (Alsallakh et al., ICLR 2021)."""
    layer = layers.Conv2D(
        1,
        size,
        padding=geometry,
        padding_mode=mode,
        use_bias=False,
        kernel_initializer="ones",
    )
    x = np.zeros((1, 11, 11, 1), "float32")
    reads = gradient(layer, x, np.ones(layer(x).shape, "float32"))[0, :, :, 0]
    places = ((0, 0), (0, 5), (1, 1), (1, 5), (5, 5))
    np.testing.assert_allclose(
        [reads[place] for place in places], counts, rtol=1e-5
    )
    np.testing.assert_allclose(reads, reads[::-1], rtol=1e-5)
    np.testing.assert_allclose(reads, reads.T, rtol=1e-5)
