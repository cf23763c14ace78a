import keras
import numpy as np
import pytest

from keras_padpos.metrics import rank_correlation
from keras_padpos.probes import LinearProbe


def random_probe(channels, kernel_size, padding, targets=2, seed=0):
    rng = np.random.default_rng(seed)
    columns = kernel_size**2 * channels
    return LinearProbe(
        mean=rng.normal(size=columns),
        scale=rng.uniform(0.5, 2, size=columns),
        kernel=rng.normal(size=(columns, targets)),
        bias=rng.normal(size=targets),
        kernel_size=kernel_size,
        padding=padding,
    )


@pytest.mark.parametrize(
    ("kernel_size", "padding"), [(1, 0), (3, 0), (3, 1), (5, 2)]
)
def test_predicts_what_a_convolution_with_folded_weights_gives(
    kernel_size, padding
):
    reader = random_probe(3, kernel_size, padding)
    features = np.random.default_rng(1).normal(size=(2, 8, 8, 3))
    weights = reader.kernel / reader.scale[:, None]
    shape = (kernel_size, kernel_size, 3, 2)
    sides = ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0))
    convolved = keras.ops.conv(
        np.pad(features, sides).astype("float32"),
        weights.reshape(shape).astype("float32"),
        data_format="channels_last",
    )
    offset = reader.bias - reader.mean @ weights
    np.testing.assert_allclose(
        reader.predict(features),
        keras.ops.convert_to_numpy(convolved) + offset,
        atol=1e-4,
    )


def test_float32_features_are_read_in_float64():
    reader = random_probe(3, 3, 1)
    features = np.random.default_rng(1).normal(size=(1, 6, 6, 3))
    features = features.astype("float32")
    found = reader.predict(features)
    assert found.dtype == "float64"
    exact = reader.predict(features.astype("float64"))
    assert np.abs(found - exact).max() < 1e-13


@pytest.mark.parametrize("kernel_size", [1, 3])
def test_constant_features_give_no_position_however_large_the_weights(
    kernel_size,
):
    reader = random_probe(200, kernel_size, 0)
    large = LinearProbe(
        mean=reader.mean,
        scale=reader.scale,
        kernel=1e3 * reader.kernel,
        bias=reader.bias,
        kernel_size=kernel_size,
    )
    constant = np.random.default_rng(2).normal(size=200).astype("float32")
    features = np.broadcast_to(constant, (2, 12, 12, 200))
    maps = large.predict(features)
    assert np.ptp(maps, axis=(1, 2)).max() < 1e-6
    target = np.tile(np.arange(maps.shape[2]) / 12, (maps.shape[1], 1))
    assert (rank_correlation(maps[..., 0], target) == 0).all()
