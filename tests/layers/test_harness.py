import pytest
from layer_harness import every_mode
from layer_harness import run_layer_test

from keras_padpos import layers

SHAPES = {
    "channels_last": (2, 7, 6, 3),
    "channels_first": (2, 3, 7, 6),
}


@pytest.mark.parametrize("data_format", SHAPES)
@pytest.mark.parametrize("mode", every_mode(), ids=repr)
@pytest.mark.parametrize(
    "make",
    [
        lambda **k: layers.Padding2D(((1, 2), (0, 1)), **k),
        lambda **k: layers.Conv2D(4, 3, padding="same", **k),
        lambda **k: layers.Conv2D(4, (2, 3), strides=2, padding="same", **k),
        lambda **k: layers.Conv2D(4, 3, padding="full", activation="tanh", **k),
        lambda **k: layers.DepthwiseConv2D(3, padding="same", **k),
    ],
    ids=["Padding2D", "Conv2D", "Conv2D-strided", "Conv2D-full", "Depthwise"],
)
def test_layer(make, mode, data_format, tmp_path):
    run_layer_test(
        lambda: make(padding_mode=mode, data_format=data_format),
        SHAPES[data_format],
        tmp_path,
    )
