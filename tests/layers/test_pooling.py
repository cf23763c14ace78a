import keras
import numpy as np
import pytest

from keras_padpos import layers

SIZES = {1: (7,), 2: (5, 6), 3: (4, 5, 6)}
KINDS = {"Max": np.nanmax, "Average": np.nanmean}


def _valid_cells_only(x, reduce, size, stride, pad):
    """Pool with the cells outside left out, by hand."""
    rank = x.ndim - 2
    x = np.pad(
        x, [(0, 0), *[(pad, pad)] * rank, (0, 0)], constant_values=np.nan
    )
    spatial = tuple(range(1, rank + 1))
    windows = np.lib.stride_tricks.sliding_window_view(
        x, (size,) * rank, spatial
    )
    windows = windows[(slice(None), *[slice(None, None, stride)] * rank)]
    return reduce(windows, axis=tuple(range(-rank, 0)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", SIZES)
@pytest.mark.parametrize("stride", (1, 2))
@pytest.mark.parametrize("geometry", (1, "full"))
def test_partial_sees_valid_cells_only(kind, rank, stride, geometry):
    x = np.random.default_rng(1).normal(size=(2, *SIZES[rank], 3)) - 5
    x = x.astype("float32")
    layer = getattr(layers, f"{kind}Pooling{rank}D")(
        3, stride, padding=geometry, padding_mode="partial"
    )
    pad = 2 if geometry == "full" else geometry
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(x)),
        _valid_cells_only(x, KINDS[kind], 3, stride, pad),
        rtol=1e-5,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", SIZES)
def test_partial_same_is_the_stock_layer(kind, rank):
    x = np.random.default_rng(1).normal(size=(2, *SIZES[rank], 3)) - 5
    x = x.astype("float32")
    # Keras on PyTorch repeats the edge where it needs uneven pads.
    stride = 1 if keras.backend.backend() == "torch" else 2
    arguments = {"pool_size": 3, "strides": stride, "padding": "same"}
    name = f"{kind}Pooling{rank}D"
    layer = getattr(layers, name)(padding_mode="partial", **arguments)
    stock = getattr(keras.layers, name)(**arguments)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(x)),
        keras.ops.convert_to_numpy(stock(x)),
        rtol=1e-5,
    )


def test_partial_max_refuses_a_window_without_cells():
    layer = layers.MaxPooling2D(
        2, padding=2, padding_mode="partial", name="blind"
    )
    with pytest.raises(ValueError, match="'blind'.*smaller than the pool"):
        layer.build((None, 5, 5, 3))


def test_partial_max_pools_integers():
    x = np.arange(-9, 0).reshape(1, 3, 3, 1)
    layer = layers.MaxPooling2D(
        3, 1, padding=1, padding_mode="partial", dtype="int32"
    )
    y = keras.ops.convert_to_numpy(layer(keras.ops.cast(x, "int32")))
    np.testing.assert_array_equal(
        y[0, :, :, 0], [[-5, -4, -4], [-2, -1, -1], [-2, -1, -1]]
    )
