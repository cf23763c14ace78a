import pytest

from keras_padpos.report.names import head_words
from keras_padpos.report.names import network_words
from keras_padpos.report.names import set_words


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("rgb", "none", "none"), "head only (RGB)"),
        (("vgg16", "bundled", "zeros"), "vgg16 (HED), zeros padding"),
        (("vgg16", "a/b/net.h5", "none"), "vgg16 (net.h5), no padding"),
        (("my/net.keras", "file", "own"), "net.keras (file), own padding"),
        (
            ("resnet50", "random", "reflect"),
            "resnet50 (random), reflect padding",
        ),
        (
            ("resnet50", "random", "zeros", {"seed": 3}),
            "resnet50 (random, seed 3), zeros padding",
        ),
        (
            ("resnet50", "random", "zeros", {"calibration_images": 8}),
            "resnet50 (random, calibrated), zeros padding",
        ),
        (
            ("vgg16", "imagenet", "zeros", {"seed": 3}),
            "vgg16 (imagenet), zeros padding",
        ),
    ],
)
def test_networks(row, words):
    backbone, weights, mode, *more = row
    row = {"backbone": backbone, "weights": weights, "padding_mode": mode}
    assert network_words(row | (more[0] if more else {})) == words


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ((1, 1, 0, None), "1x1"),
        ((3, 1, 2, "all"), "3x3, pad 2"),
        ((3, 3, 0, "5"), "3x3 x 3, stage 5"),
        ((7, 2, 1, "conv,2"), "7x7 x 2, pad 1, stages conv,2"),
    ],
)
def test_heads(head, words):
    fields = ("kernel_size", "head_layers", "head_padding", "stages")
    assert head_words(dict(zip(fields, head, strict=True))) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("black", "black"),
        ("samples:test[:4]", "samples:test[:4]"),
        ("/a/b/c/d[:3]", "c/d[:3]"),
        ("photos", "photos"),
        ("/photos", "/photos"),
        ("", ""),
    ],
)
def test_sets(name, words):
    assert set_words(name) == words
