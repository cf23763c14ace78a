import pytest

from keras_padpos import models
from keras_padpos.report import paper_heads

KNOWN = models.stage_names("vgg16")


def _stages(layers, known=KNOWN, tables=("3",), backbone="vgg16"):
    heads = paper_heads(layers, known, tables, backbone, "zeros")
    return [head.stages for head in heads]


@pytest.mark.parametrize(
    ("layers", "stages"),
    [
        (KNOWN, [*((layer,) for layer in KNOWN), None]),
        # Stages that are not read are left out; the others keep their number.
        (KNOWN[3:], [(KNOWN[3],), (KNOWN[4],), None]),
        (KNOWN[4:], [None]),
        (["block1_conv1", KNOWN[1]], [(KNOWN[1],), None]),
        (["block1_conv1"], [None]),
    ],
)
def test_single_stages_are_those_that_are_read(layers, stages):
    assert _stages(layers) == stages


def test_a_network_of_fewer_stages_has_fewer_heads():
    known = models.stage_names("resnet50")
    assert len(known) == 4
    assert _stages(known, known, backbone="resnet50") == [
        *((layer,) for layer in known),
        None,
    ]


def test_the_bare_picture_has_none_of_table_3():
    assert _stages(["rgb"], ["rgb"], backbone="rgb") == []


def test_heads_are_of_the_shapes_printed():
    heads = paper_heads(
        KNOWN, KNOWN, ["2a"], "vgg16", "zeros", output="sigmoid", width=9
    )
    assert [
        (head.kernel_size, head.layers, head.padding, head.width, head.output)
        for head in heads
    ] == [
        (3, 1, 0, None, "sigmoid"),
        (3, 2, 0, 9, "sigmoid"),
        (3, 3, 0, 9, "sigmoid"),
    ]


def test_an_unknown_table_is_one_line():
    with pytest.raises(ValueError, match="1, 2a, 2b, 3, 4, 6"):
        paper_heads(KNOWN, KNOWN, ["5"], "vgg16", "zeros")
