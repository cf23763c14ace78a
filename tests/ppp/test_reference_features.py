"""Reference features beside padded networks on very large pictures."""

import keras
import numpy as np
import pytest
from pattern_nets import decoder
from pattern_nets import pattern_net

from keras_padpos import models
from keras_padpos import ppp
from keras_padpos.ppp._stage_fields import stage_fields


def to_numpy(maps):
    return {
        stage: keras.ops.convert_to_numpy(each) for stage, each in maps.items()
    }


@pytest.mark.parametrize(
    ("name", "size"),
    # Reference tables of the paper's networks: 224 and twice the margin.
    [("vgg19", 480), ("vgg16", 416), ("resnet50", 736)],
)
def test_picture_that_a_network_needs(name, size):
    net = models.backbone(name, "random", input_shape=(None, None, 3))
    reference = ppp.ReferenceFeatures(net, 224)
    assert reference.picture_shape == (size, size)


@pytest.mark.parametrize("crop", [(16, 16), (17, 24), (32, 19)])
def test_equals_a_padded_network_far_from_its_border(crop):
    net = pattern_net()
    reference = ppp.ReferenceFeatures(net, crop)
    far = 40  # a multiple of all strides, past every receptive field
    picture = np.random.default_rng(0).normal(
        size=(2, crop[0] + 2 * far, crop[1] + 2 * far, 1)
    )
    (top, left), (height, width) = reference.margin, reference.picture_shape
    made = to_numpy(
        reference.model(
            picture[:, far - top :, far - left :][:, :height, :width]
        )
    )
    whole = to_numpy(net(picture))
    for stage, ((first, last), (start, stop)) in reference.positions.items():
        field = reference.fields[stage]
        down, right = (far // stride for stride in field.stride)
        rows, columns = field.positions
        assert (last - first, stop - start) == (rows, columns)
        np.testing.assert_allclose(
            made[stage][:, first:last, start:stop],
            whole[stage][:, down : down + rows, right : right + columns],
            atol=1e-5,
        )


@pytest.mark.parametrize("mode", ["reflect", "circular", "partial", "randn"])
def test_does_not_depend_on_how_the_network_pads(mode):
    net = pattern_net()
    reference = ppp.ReferenceFeatures(net, 16)
    other = ppp.ReferenceFeatures(models.convert_padding(net, mode), 16)
    assert other.positions == reference.positions
    pictures = np.random.default_rng(0).normal(
        size=(2, *reference.picture_shape, 1)
    )
    ours = to_numpy(reference.model(pictures))
    theirs = to_numpy(other.model(pictures))
    for stage in ours:
        np.testing.assert_array_equal(ours[stage], theirs[stage])


def test_one_stride_less_would_not_do():
    net = pattern_net()
    reference = ppp.ReferenceFeatures(net, 16)
    assert reference.margin == (12, 12)
    first, last = reference.positions["third"][0]
    whole = reference.model.compute_output_shape((1, *[16 + 24] * 2, 1))
    less = reference.model.compute_output_shape((1, *[16 + 16] * 2, 1))
    assert last <= whole["third"][1]
    # With 8 pixels around, one position starts a stride further out.
    assert first - 1 < 0 or last - 1 > less["third"][1]


def test_uneven_pads_may_need_more_behind_than_before():
    inputs = keras.Input((None, None, 1))
    pool = keras.layers.MaxPooling2D(2, padding="same", name="pool")
    net = keras.Model(inputs, {"pool": pool(inputs)})
    picture = np.random.default_rng(0).normal(size=(1, 65, 65, 1))
    reference = ppp.ReferenceFeatures(net, 29)
    (margin, _), (size, _) = reference.margin, reference.picture_shape
    start = 18 - margin
    given = picture[:, start : start + size, start : start + size]
    (first, last), _ = reference.positions["pool"]
    np.testing.assert_allclose(
        to_numpy(reference.model(given))["pool"][:, first:last, first:last],
        to_numpy(net(picture))["pool"][:, 9 : 9 + 15, 9 : 9 + 15],
    )


def test_networks_on_another_grid_are_not_compared():
    def net(before):
        inputs = keras.Input((None, None, 1))
        x = keras.layers.ZeroPadding2D((before, before))(inputs)
        conv = keras.layers.Conv2D(1, 3, 2, name="conv")
        return keras.Model(inputs, {"conv": conv(x)})

    reference = ppp.ReferenceFeatures(net((0, 1)), 16)
    with pytest.raises(ValueError, match="does not lie on one grid"):
        reference.within(net((1, 0)))


def test_a_network_without_padding_is_its_own_reference():
    net = models.convert_padding(pattern_net(), "none", input_shape=(32, 32, 1))
    reference = ppp.ReferenceFeatures(net, 32)
    assert reference.picture_shape == (32, 32)
    assert reference.model is net


def test_gates_are_refused():
    net = models.backbone(
        "efficientnetb0", "random", input_shape=(None, None, 3)
    )
    with pytest.raises(ValueError, match="computed from the whole map"):
        ppp.ReferenceFeatures(net, 224)


def test_outputs_must_be_a_dict():
    net = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3)])
    with pytest.raises(ValueError, match="dict of maps.*Received: Sequential"):
        ppp.ReferenceFeatures(net, 8)


@pytest.mark.parametrize("crop", [0, -1, (8,), (8, 8, 3), 8.5, True])
def test_a_crop_is_one_or_two_numbers(crop):
    with pytest.raises(ValueError, match="`crop` must be a number"):
        ppp.ReferenceFeatures(pattern_net(), crop)


def test_other_stages_cannot_be_compared():
    reference = ppp.ReferenceFeatures(pattern_net(), 16)
    net = pattern_net()
    other = keras.Model(net.inputs, {"first": net.output["first"]})
    with pytest.raises(ValueError, match="same stages.*Received: first"):
        reference.within(other)


def test_a_crop_of_which_nothing_is_left():
    net = pattern_net()
    bare = models.convert_padding(net, "none", input_shape=(64, 64, 1))
    with pytest.raises(ValueError, match="leaves nothing of a crop of 8x8"):
        ppp.ReferenceFeatures(net, 8).within(bare)


def test_a_stage_is_found_by_its_map_whatever_its_name():
    net = models.backbone(
        "resnet18",
        "random",
        stages=["stage2_block2_out", "stem_out"],
        input_shape=(None, None, 3),
        before_activation=True,
    )
    fields = stage_fields(net, (96, 96, 3))
    assert fields["stem_out"].stride == (2, 2)
    assert fields["stage2_block2_out"].stride == (8, 8)


def test_a_map_behind_what_shows_no_window_has_no_reference():
    class Turned(keras.layers.Layer):
        def call(self, x):
            return keras.ops.flip(x, 1)

    inputs = keras.Input((None, None, 1))
    conv = keras.layers.Conv2D(1, 3, padding="same")
    net = keras.Model(inputs, {"out": conv(Turned(name="turned")(inputs))})
    with pytest.raises(ValueError, match="'out' has no .*'turned' .*Turned"):
        ppp.ReferenceFeatures(net, 8)


@pytest.mark.parametrize(
    "enlarge, factor",
    [
        (keras.layers.UpSampling2D(2), 2),
        (keras.layers.UpSampling2D(3, interpolation="bilinear"), 3),
        (keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same"), 2),
        (keras.layers.Conv2DTranspose(2, 4, strides=3, padding="same"), 3),
    ],
)
def test_behind_a_decoder_they_are_those_of_a_larger_picture(enlarge, factor):
    net = decoder(enlarge, factor, 48)
    reference = ppp.ReferenceFeatures(net, 12)
    picture = np.random.default_rng(0).normal(size=(1, 48, 48, 1))
    whole = to_numpy(net(picture))
    (margin, _), (size, _) = reference.margin, reference.picture_shape
    start = 18 - margin
    part = picture[:, start : start + size, start : start + size]
    features = to_numpy(reference.model(part))
    for stage, step in (("coarse", factor), ("fine", 1)):
        (first, last), _ = reference.positions[stage]
        place = slice(18 // step, 30 // step)
        np.testing.assert_allclose(
            features[stage][:, first:last, first:last],
            whole[stage][:, place, place],
            atol=1e-5,
        )


def test_a_map_of_no_whole_factor_has_no_reference():
    inputs = keras.Input((24, 24, 1))
    conv = keras.layers.Conv2D(1, 3, padding="same")
    net = keras.Model(
        inputs, {"up": keras.layers.Resizing(32, 32)(conv(inputs))}
    )
    with pytest.raises(
        ValueError, match="'up' has no receptive field: .*24x24"
    ):
        ppp.ReferenceFeatures(net, 24)
