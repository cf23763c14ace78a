import keras
import pytest
from layer_harness import OTHERS

from keras_padpos import layers
from keras_padpos.padding import Constant

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


@pytest.mark.parametrize("name", WINDOWED)
def test_a_mode_that_pads_nothing_is_told_where_the_layer_is_made(name):
    told = '\'deep\'.*padding="valid".*"circular".*has no effect'
    with pytest.warns(UserWarning, match=told) as warned:
        layer = _make(name, 3, padding_mode="circular", name="deep")
    assert [each.filename for each in warned] == [__file__]
    # No warning of what was made before.
    copy = type(layer).from_config(layer.get_config())
    assert copy.padding_mode == layer.padding_mode
    _make(name, 3, padding_mode="zeros")
    _make(name, 3, padding="same", padding_mode="circular")


@pytest.mark.parametrize("name", layers.__all__)
def test_a_layer_shows_its_padding(name):
    options = {"padding_mode": "reflect", "name": "deep"}
    if "Sampling" in name:
        layer = getattr(layers, name)(2, **options)
    elif name == "Resizing":
        layer = layers.Resizing(4, 4, **options)
    else:
        if not name.startswith("Padding"):
            options["padding"] = "same"
        layer = _make(name, 2, **options)
    start = f"<{name} name=deep, built="
    assert repr(layer).startswith(start) and str(layer) == repr(layer)
    assert repr(layer).endswith("padding_mode='reflect'>")
    if options.get("padding"):
        assert "padding='same'" in repr(layer)


def test_a_mode_with_arguments_is_shown_with_them():
    layer = layers.Padding2D(((1, 0), 2), padding_mode=Constant(0.5))
    shown = "padding=((1, 0), (2, 2)), padding_mode=Constant(value=0.5)>"
    assert repr(layer).endswith(shown)


def test_causal_is_for_sequences():
    with pytest.raises(ValueError, match="`padding` must be"):
        layers.Conv2D(2, 3, padding="causal")
