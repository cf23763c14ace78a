import math

import keras
import numpy as np
import pytest
from keras import layers
from oracles import NUMPY_MODES
from oracles import numpy_pad

from keras_padpos import models
from keras_padpos import padding
from keras_padpos.models import convert_padding
from keras_padpos.models import find_padding_sites

CELLS = ((1, 2), (0, 1), (2, 0))
SIZES = (7, 8, 6)


def axes(pairs, first):
    """Pads of all axes."""
    return ((0, 0), (0, 0), *pairs) if first else ((0, 0), *pairs, (0, 0))


def network(pad, rank, first, convolution=None):
    """A picture, a frame by one operation, and a valid window."""
    options = {"data_format": "channels_first" if first else "channels_last"}
    shape = (3, *SIZES[:rank]) if first else (*SIZES[:rank], 3)
    inputs = keras.Input(shape)
    framed = pad(inputs)
    window = convolution or getattr(layers, f"Conv{rank}D")(4, 3, **options)
    return keras.Model(inputs, window(framed))


def picture(model):
    shape = (2, *model.input_shape[1:])
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def values(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("mode", ["replicate", "circular", "zeros"])
def test_a_frame_by_an_operation_is_converted(mode, rank, first):
    pads = axes(CELLS[:rank], first)
    model = network(lambda x: keras.ops.pad(x, pads), rank, first)
    (site,) = find_padding_sites(model)
    assert (site.kind, site.pads) == ("convolution", CELLS[:rank])
    assert site.padding_mode == padding.get("zeros")
    copy = convert_padding(model, mode)
    (after,) = find_padding_sites(copy)
    assert after.padding_mode == padding.get(mode)
    frame = copy.get_layer(site.padding_layer)
    x = picture(model)
    np.testing.assert_array_equal(
        values(keras.Model(copy.input, frame.output)(x)),
        numpy_pad(x, pads, mode),
    )
    for one, other in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ({"mode": "reflect"}, padding.get("reflect")),
        ({"mode": "symmetric"}, padding.get("symmetric")),
        ({"constant_values": 2.5}, padding.Constant(2.5)),
        ({"constant_values": np.float32(0)}, padding.get("zeros")),
    ],
)
def test_what_an_operation_adds_is_what_its_site_says(options, mode, tmp_path):
    pads = axes(CELLS[:2], False)
    model = network(lambda x: keras.ops.pad(x, pads, **options), 2, False)
    (site,) = find_padding_sites(model)
    assert site.padding_mode == mode
    copy = convert_padding(convert_padding(model, "replicate"), mode)
    copy.save(tmp_path / "copy.keras")
    loaded = keras.saving.load_model(tmp_path / "copy.keras")
    x = picture(model)
    np.testing.assert_array_equal(values(copy(x)), values(model(x)))
    np.testing.assert_array_equal(values(loaded(x)), values(model(x)))
    assert [site.padding_mode for site in find_padding_sites(loaded)] == [mode]


def test_pad_images_is_a_frame_where_it_counts_cells():
    def network(**cells):
        inputs = keras.Input((8, 9, 3))
        x = keras.ops.image.pad_images(inputs, **cells)
        return keras.Model(inputs, layers.Conv2D(4, 3)(x))

    cells = {"top_padding": 1, "bottom_padding": 2, "left_padding": 0}
    model = network(**cells, right_padding=3)
    (site,) = find_padding_sites(model)
    assert site.pads == ((1, 2), (0, 3))
    x = picture(model)
    copy = convert_padding(model, "symmetric")
    back = convert_padding(copy, "zeros")
    np.testing.assert_array_equal(values(back(x)), values(model(x)))
    model = network(**cells, target_width=12)  # how many depends on the size
    with pytest.raises(ValueError, match="'pad_images.*keras.ops"):
        convert_padding(model, "symmetric")


@pytest.mark.parametrize("mode", ["reflect", "partial", "none"])
def test_minus_infinity_before_a_maximum_is_what_zeros_stand_for(
    mode, tmp_path
):
    pads = axes([(1, 1), (1, 1)], False)
    model = network(
        lambda x: keras.ops.pad(x, pads, constant_values=-math.inf),
        2,
        False,
        layers.MaxPooling2D(3, 2, name="pool"),
    )
    (site,) = find_padding_sites(model)
    assert site.padding_mode == padding.Constant(-math.inf)
    x = picture(model) - 9  # zeros would be seen
    copy = convert_padding(model, mode)
    if mode == "none":
        expected = model(x)[:, 1:3, 1:4]  # the last window fits the width
    else:
        shown = NUMPY_MODES.get(mode)
        spatial = pads[1:3]
        framed = (
            np.pad(x, pads, shown)
            if shown
            else np.pad(x, pads, constant_values=-1e9)
        )
        assert copy.get_layer("pool").padding == spatial
        expected = keras.ops.max_pool(framed, 3, 2)
        copy.save(tmp_path / "copy.keras")
        copy = keras.saving.load_model(tmp_path / "copy.keras")
        back = convert_padding(copy, "zeros")
        np.testing.assert_array_equal(values(back(x)), values(model(x)))
    np.testing.assert_array_equal(values(copy(x)), values(expected))


def test_without_padding_a_frame_by_an_operation_is_one_by_a_layer():
    def network(pad):
        inputs = keras.Input((24, 24, 3))
        x = layers.Conv2D(4, 3, padding="same", name="first")(inputs)
        x = layers.Conv2D(4, 3, 2, name="second")(pad(x))
        return keras.Model(inputs, layers.Conv2D(4, 3, name="third")(x))

    pads = axes([(1, 1), (1, 1)], False)
    by_operation = network(lambda x: keras.ops.pad(x, pads))
    by_layer = network(layers.ZeroPadding2D(1))
    by_layer.set_weights(by_operation.get_weights())
    x = picture(by_layer)
    one, other = (
        convert_padding(model, "none") for model in (by_operation, by_layer)
    )
    assert one.output_shape == (None, 8, 8, 4)
    np.testing.assert_array_equal(values(one(x)), values(other(x)))


@pytest.mark.parametrize("value", [0, -math.inf])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_fields_go_through_a_frame_by_an_operation(rank, first, value):
    pads = axes(CELLS[:rank], first)
    by_operation = network(
        lambda x: keras.ops.pad(x, pads, constant_values=value), rank, first
    )
    cells = CELLS[:rank] if rank > 1 else CELLS[0]
    frame = getattr(layers, f"ZeroPadding{rank}D")(
        cells, data_format="channels_first" if first else "channels_last"
    )
    by_layer = network(frame, rank, first)
    one, other = map(models.receptive_field, (by_operation, by_layer))
    assert not one.unknown
    assert list(one.values()) == list(other.values())


def test_pads_of_channels_are_no_border_and_those_of_the_batch_are_refused():
    def network(pads):
        inputs = keras.Input((8, 8, 3))
        x = layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
        return keras.Model(inputs, keras.ops.pad(x, pads))

    of_channels = network([[0, 0], [0, 0], [0, 0], [2, 2]])
    assert [site.name for site in find_padding_sites(of_channels)] == ["conv"]
    copy = convert_padding(of_channels, "reflect")
    x = picture(of_channels)
    assert not values(copy(x))[..., :2].any()
    for pads in ([[1, 0], [0, 0], [0, 0], [0, 0]], axes(CELLS[:2], True), 1):
        model = network(pads)
        with pytest.raises(ValueError, match=r"'pad.*\(Pad\)"):
            convert_padding(model, "reflect")
        assert "conv" in models.receptive_field(model)


def test_values_that_no_mode_has_are_refused_by_name():
    inputs = keras.Input((8, 8, 3))
    conv = layers.Conv2D(3, 3, padding="same", name="conv")
    x = conv(inputs)
    pads = axes(CELLS[:2], False)
    mean = keras.ops.pad(x, pads, constant_values=keras.ops.mean(x))
    model = keras.Model(inputs, mean)
    with pytest.raises(ValueError, match=r"'pad.*\(Pad\)"):
        convert_padding(model, "reflect")


@keras.saving.register_keras_serializable("test_frame_operation")
class Backbone(keras.Model):
    """Built by its own arguments, as backbones of keras-hub are."""

    def __init__(self, channels=4, **kwargs):
        inputs = keras.Input((12, 12, 3))
        x = layers.Conv2D(channels, 3, padding="same", name="conv")(inputs)
        x = keras.ops.pad(x, axes([(1, 1), (1, 1)], False))
        x = layers.Conv2D(channels, 3, 2, name="strided")(x)
        super().__init__(inputs, x, **kwargs)
        self.channels = channels

    def get_config(self):
        return {"name": self.name, "channels": self.channels}


@pytest.mark.parametrize("inside", [False, True])
def test_an_operation_in_a_model_of_another_class_is_converted(
    inside, tmp_path
):
    model = Backbone()
    if inside:
        inputs = keras.Input((12, 12, 3))
        x = layers.Rescaling(0.5)(inputs)
        model = keras.Model(inputs, model(x))
    copy = convert_padding(model, "circular")
    copy.save(tmp_path / "copy.keras")
    loaded = keras.saving.load_model(tmp_path / "copy.keras")
    sites = find_padding_sites(loaded)
    assert [site.padding_mode.name for site in sites] == ["circular"] * 2
    x = picture(model)
    rolled = np.roll(x, (2, 4), (1, 2))
    np.testing.assert_allclose(
        values(loaded(rolled)),
        np.roll(values(loaded(x)), (1, 2), (1, 2)),
        atol=1e-5,
    )
    # What leaves the operation alone keeps the class.
    kept = convert_padding(model, "circular", only="*conv")
    assert any(
        type(part).__name__ == "Backbone" for part in [kept, *kept.layers]
    )
