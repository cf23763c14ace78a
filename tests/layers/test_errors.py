import keras
import pytest
from layer_harness import OTHERS

from keras_padpos import layers

WINDOWED = [
    name
    for name in layers.__all__
    if not name.startswith("Padding")
    and "Transpose" not in name
    and name not in OTHERS
]
GEOMETRIES = [name for name in layers.__all__ if name not in OTHERS]


def _make(kind, size, **kwargs):
    layer = getattr(layers, kind)
    if "Pooling" in kind or kind.startswith("Depthwise"):
        return layer(size, **kwargs)
    if kind.startswith("Padding"):
        return layer(size // 2, **kwargs)
    return layer(2, size, **kwargs)


def _shape(name, size):
    return (None, *[size] * int(name.removesuffix("Transpose")[-2]), 4)


@pytest.mark.parametrize("name", WINDOWED)
def test_a_frame_wider_than_the_map_is_told_once(name):
    layer = _make(
        name, 7, strides=1, padding=3, padding_mode="reflect", name="deep"
    )
    with pytest.warns(UserWarning, match="'deep'.*adds 3 cells beside 3"):
        layer.build(_shape(name, 3))
    layer(keras.ops.ones((1, *_shape(name, 3)[1:])))  # no warning again


@pytest.mark.parametrize("name", ("Padding1D", "Padding2D", "Padding3D"))
def test_padding_layers_tell_of_a_frame_wider_than_the_map(name):
    layer = _make(name, 8, padding_mode="circular", name="deep")
    with pytest.warns(UserWarning, match="'deep'.*adds 4 cells beside 3"):
        layer(keras.Input(_shape(name, 3)[1:]))
    layer(keras.ops.ones((1, *_shape(name, 3)[1:])))


def test_a_frame_that_cannot_be_computed_is_refused():
    layer = layers.Conv2D(
        2, 7, padding=3, padding_mode="distribution", name="deep"
    )
    with pytest.raises(ValueError, match="'deep'.*at most 1 cells beside 4"):
        layer.build((None, 4, 4, 4))


@pytest.mark.parametrize("name", ("Padding1D", "Padding2D", "Padding3D"))
def test_padding_layers_have_no_window_to_correct(name):
    with pytest.raises(ValueError, match="convolution or pooling layer"):
        _make(name, 2, padding_mode="partial")


@pytest.mark.parametrize("name", WINDOWED)
def test_a_window_larger_than_the_input_is_an_error(name):
    with pytest.raises(ValueError, match="window is larger"):
        layer = _make(name, 5)
        layer.build(_shape(name, 3))
        layer.compute_output_shape(_shape(name, 3))


@pytest.mark.parametrize("name", GEOMETRIES)
def test_unknown_words_are_refused(name):
    with pytest.raises(ValueError, match="`padding_mode` must be one of zeros"):
        _make(name, 3, padding_mode="mirror")
    if name.startswith("Padding"):
        with pytest.raises(ValueError, match="must count cells"):
            getattr(layers, name)("same")
        with pytest.raises(ValueError, match="`padding` must be"):
            getattr(layers, name)(-1)
        with pytest.raises(ValueError, match="`data_format`"):
            _make(name, 3, data_format="NHWC")
    else:
        for wrong in ("sane", -1, (1, 2, 3, 4)):
            with pytest.raises(ValueError, match="`padding` must be"):
                _make(name, 3, padding=wrong)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_the_number_of_axes_is_checked(name):
    layer = _make(name, 3)
    shape = _shape(name, 8)
    for wrong in (shape[:-1], (*shape, 4)):
        with pytest.raises(ValueError, match="the input must have"):
            layer.build(wrong)


def test_causal_is_for_sequences():
    with pytest.raises(ValueError, match="`padding` must be"):
        layers.Conv2D(2, 3, padding="causal")
