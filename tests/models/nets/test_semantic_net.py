import keras
import numpy as np
import pytest
from oracles import gradient

from keras_padpos import models


def pictures(height, width, count=2):
    rng = np.random.default_rng(0)
    shape = count, height, width, 3
    return rng.integers(0, 256, shape).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def backbone(name="vgg5", mode="zeros", shape=(48, 64, 3), **options):
    options = {"weights": "random", "seed": 0, **options}
    return models.backbone(
        name, padding_mode=mode, input_shape=shape, **options
    )


def net(inner, *arguments, **options):
    keras.utils.set_random_seed(1)
    return models.semantic_net(inner, *arguments, **options)


def interpolated(scores, size, stride, start):
    """By NumPy, one axis after the other."""
    for axis in (0, 1):
        places = start[axis] + stride[axis] * np.arange(scores.shape[axis + 1])
        scores = np.apply_along_axis(
            lambda line, axis=axis, places=places: np.interp(
                np.arange(size[axis]), places, line
            ),
            axis + 1,
            scores,
        )
    return scores


def scores_of(model, number, stage_map):
    kernel, bias = model.get_layer(f"score{number}").get_weights()
    return stage_map @ kernel[0, 0] + bias


def test_a_head_is_scores_enlarged_by_hand():
    inner = backbone()
    model = net(inner, 4)
    x = pictures(48, 64)
    found = numpy(model(x))
    assert found.shape == (2, 48, 64, 4)
    scores = scores_of(model, 1, numpy(inner(x)["stage4_out"]))
    # Three times 2x2 pooling: each cell stands for 8x8 pixels.
    expected = interpolated(scores, (48, 64), (8, 8), (3.5, 3.5))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_skips_are_sums_on_the_finer_grid():
    inner = backbone()
    model = net(inner, 3, head="fcn_skips")
    x = pictures(48, 64)
    maps = {name: numpy(each) for name, each in inner(x).items()}
    total = scores_of(model, 3, maps["stage4_out"])
    for number in (2, 1):
        scores = scores_of(model, number, maps[f"stage{number + 1}_out"])
        total = scores + interpolated(
            total, scores.shape[1:3], (2, 2), (0.5, 0.5)
        )
    expected = interpolated(total, (48, 64), (2, 2), (0.5, 0.5))
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-3)


@pytest.mark.parametrize("head", models.SEMANTIC_HEADS)
@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("vgg5", ["stage2_out", "stage3_out", "stage4_out"]),
        # PyTorch's strides: a cell lies on a pixel, not between two.
        ("resnet18", ["stem_out", "stage1_block2_out", "stage2_block1_out"]),
        # Keras' strides, padded at one side alone.
        ("mobilenet", ["conv_pw_1_relu", "conv_pw_2_relu", "conv_pw_3_relu"]),
    ],
)
def test_without_padding_logits_keep_their_places(head, name, stages):
    shape = (128, 160, 3)
    padded = backbone(name, shape=shape, stages=stages)
    bare = backbone(name, "none", shape=shape, stages=stages)
    assert (
        bare.output[stages[-1]].shape[1:3]
        != padded.output[stages[-1]].shape[1:3]
    )
    x = pictures(128, 160, 1)
    one, other = (numpy(net(each, 3, head=head)(x)) for each in (padded, bare))
    assert one.shape == other.shape == (1, 128, 160, 3)
    inside = np.s_[:, 60:68, 60:100]
    scale = np.abs(one).max()
    np.testing.assert_allclose(
        one[inside] / scale, other[inside] / scale, atol=1e-5
    )
    assert np.abs(one - other).max() > 1e-3 * scale


def test_beyond_the_last_cells_theirs_are_repeated():
    model = net(backbone(mode="none"), 2)
    found = numpy(model(pictures(48, 64)))
    # The first cell that no padding reaches is the third: 2 * 8 + 3.5.
    assert np.ptp(found[:, :20], axis=1).max() == 0
    assert np.ptp(found[:, 19:22], axis=1).max() > 0


def test_a_map_may_be_stretched_over_the_picture():
    inner = backbone(mode="none", shape=(64, 64, 3))
    model = net(inner, 2, enlarge="stretch")
    x = pictures(64, 64)
    scores = scores_of(model, 1, numpy(inner(x)["stage4_out"]))
    stride = 64 / scores.shape[1]
    start = (stride - 1) / 2
    expected = interpolated(scores, (64, 64), [stride] * 2, [start] * 2)
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-4)


def test_where_nothing_is_lost_stretched_is_in_place():
    inner = backbone()
    x = pictures(48, 64)
    one, other = (
        numpy(net(inner, 2, head="fcn_skips", enlarge=each)(x))
        for each in models.ENLARGEMENTS
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def centroids(inner, stage, cell):
    """Of the gradient of a cell by the picture, one number an axis."""
    shape = inner.output[stage].shape[1:]
    upstream = np.zeros((1, *shape), "float32")
    upstream[0, cell, cell] = 1
    seen = gradient(
        lambda x: inner(x)[stage],
        pictures(*inner.input_shape[1:3], 1),
        upstream,
    )
    seen = np.abs(seen).sum(axis=(0, 3))
    return [
        np.average(np.arange(seen.shape[axis]), weights=seen.sum(axis=1 - axis))
        for axis in (0, 1)
    ]


@pytest.mark.parametrize(
    ("name", "stage", "cells", "off"),
    [
        ("mobilenet", "conv_pw_5_relu", (2, 8, 14), 3),
        # What each branch brings, no geometry tells.
        ("resnet18", "stage3_block2_out", (1, 4, 6), 10),
    ],
)
def test_cells_of_enlarged_maps_lie_where_their_gradient_does(
    name, stage, cells, off
):
    inner = backbone(name, "interpolate", (128, 128, 3), stages=[stage])
    rng = np.random.default_rng(0)  # no backend draws like another
    inner.set_weights(
        [
            rng.normal(0, each.std(), each.shape) if each.ndim == 4 else each
            for each in inner.get_weights()
        ]
    )
    logits = net(inner, 1).get_layer("logits")
    for cell in cells:
        place = logits.start[0] + cell * logits.stride[0]
        np.testing.assert_allclose(
            centroids(inner, stage, cell), [place] * 2, atol=off
        )


@pytest.mark.parametrize("mode", ["reflect", "circular", "interpolate"])
def test_every_padding_mode_has_a_net(mode):
    model = net(backbone(mode=mode), 2)
    assert np.isfinite(numpy(model(pictures(48, 64)))).all()


def test_stages_are_read_in_their_order_whatever_a_dict_has():
    names = ["stem_out", "stage1_block2_out", "stage2_block2_out"]
    inner = backbone("resnet18", shape=(64, 64, 3), stages=names)
    shuffled = keras.Model(
        inner.input, {name: inner.output[name] for name in sorted(names)}
    )
    x = pictures(64, 64)
    for head in models.SEMANTIC_HEADS:
        expected, *others = (
            numpy(net(*given, head=head)(x))
            for given in ((inner, 2), (shuffled, 2))
        )
        model = net(shuffled, 2, head=head, stages=names)
        for other in (*others, numpy(model(x))):
            np.testing.assert_allclose(other, expected, atol=1e-5)
    first = net(inner, 2, stages=["stem_out"])
    assert first.get_layer("score1").kernel.shape[2] == 64


def test_any_model_with_named_layers_is_a_backbone():
    inner = keras.Sequential(
        [
            keras.Input((16, 24, 3)),
            keras.layers.Conv2D(4, 3, strides=2, padding="same", name="one"),
            keras.layers.Conv2D(5, 3, strides=2, padding="same", name="two"),
        ]
    )
    model = net(inner, 1, stages=["two"])
    assert model.output_shape == (None, 16, 24, 1)
    inside = models.backbone_of(model)
    assert inside.get_layer("two") is inner.get_layer("two")
    with pytest.raises(ValueError, match="`stages` must name the layers"):
        net(inner, 1)


def test_the_backbone_inside_is_saved_on_its_own(tmp_path):
    inner = backbone()
    model = net(inner, 4)
    for weight in model.trainable_weights:  # as if it were trained
        weight.assign(weight + 0.01)
    model.save(tmp_path / "net.keras")
    loaded = models.backbone_of(keras.saving.load_model(tmp_path / "net.keras"))
    loaded.save(tmp_path / "backbone.keras")
    again = models.backbone(
        str(tmp_path / "backbone.keras"),
        stages=["stage4_out"],
        input_shape=(80, 80, 3),
    )
    x = pictures(80, 80, 1)
    expected = models.backbone("vgg5", "random", input_shape=(80, 80, 3))
    expected.set_weights(inner.get_weights())
    np.testing.assert_allclose(
        numpy(again(x)["stage4_out"]),
        numpy(expected(x)["stage4_out"]),
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("mode", ["zeros", "none", "reflect"])
def test_the_backbone_inside_may_be_had_for_any_size(mode):
    stages = ["stem_out", "stage1_block2_out"]
    options = {"mode": mode, "stages": stages}
    inner = backbone("resnet18", shape=(96, 96, 3), **options)
    found = models.backbone_of(net(inner, 4), any_size=True)
    other = backbone("resnet18", shape=(64, 128, 3), **options)
    x = pictures(64, 128, 1)
    maps, expected = found(x), other(x)
    assert set(maps) == set(stages)
    for stage in stages:
        np.testing.assert_allclose(
            numpy(maps[stage]), numpy(expected[stage]), rtol=1e-5, atol=1e-5
        )


def test_a_net_holds_one_backbone():
    with pytest.raises(ValueError, match="holds 0"):
        models.backbone_of(models.vgg5())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"head": "fcn8"}, "`head` must be one of fcn, fcn_skips"),
        ({"enlarge": "no"}, "`enlarge` must be one of places, stretch"),
        ({"classes": 0}, "`classes` must be an int of at least 1"),
        ({"stages": ["stage1_out"], "head": "fcn_skips"}, "reads 3 stages"),
    ],
)
def test_what_cannot_be_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        net(backbone(), **{"classes": 2, **options})


def test_sizes_may_not_be_open():
    with pytest.raises(ValueError, match="must be of pictures of one size"):
        net(backbone(shape=(None, None, 3)), 2)
