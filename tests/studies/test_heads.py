import pytest

from keras_padpos import models
from keras_padpos.errors import InputError
from keras_padpos.studies.heads import paper_heads
from keras_padpos.studies.heads import probe_heads
from keras_padpos.studies.networks import stage_text

KNOWN = ("b1", "b2", "b3", "b4", "b5")
VGG = models.stage_names("vgg16")


def _stages(layers, *subsets, known=KNOWN):
    heads = probe_heads(layers, known, subsets=subsets)
    return [head.stages for head in heads]


@pytest.mark.parametrize(
    ("layers", "subsets", "stages"),
    [
        (KNOWN, ["4+5"], [("b4", "b5")]),
        # What is read is part of the network; its numbers stay.
        (["b4", "b5"], ["5"], [("b5",)]),
        (["b4", "b5"], ["each"], [("b4",), ("b5",)]),
        (["b4", "b5"], ["4+5", "all", "b5+b4"], [None]),
        (["b5"], ["5", "each"], [None]),
        # In the order in which they are read, whatever is asked.
        (["b5", "b1", "b4"], ["1+5"], [("b5", "b1")]),
        (["b2", "early"], ["early"], [("early",)]),
        (["b2", "early"], ["2+early"], [None]),
    ],
)
def test_numbers_are_the_networks_own(layers, subsets, stages):
    assert _stages(layers, *subsets) == stages


def test_rows_say_the_number_that_was_asked_for():
    for subset in ("2", "4", "2+4"):
        ((chosen),) = _stages(["b2", "b4", "b5"], subset)
        assert stage_text(chosen, KNOWN) == subset.replace("+", ",")


def test_layers_of_a_file_count_from_the_first_that_is_read():
    layers = ["wide", "narrow"]
    assert _stages(layers, "2", "wide", known=layers) == [
        ("narrow",),
        ("wide",),
    ]


@pytest.mark.parametrize("subset", ["1", "6", "0", "b3", "4+1", "", "4,5"])
def test_what_is_not_read_is_refused(subset):
    with pytest.raises(InputError) as error:
        _stages(["b4", "early"], subset)
    assert str(error.value) == (
        "--stage_subsets must be all, each, or stages joined by + out of "
        f"those that --stages reads, 4 (b4), early. Received: {subset}"
    )


def test_every_combination_once():
    heads = probe_heads(
        KNOWN,
        KNOWN,
        subsets=["1", "all"],
        kernel_sizes=[1, 3],
        head_layers=[1, 2],
        head_paddings=[0, 1, 1],
        output="sigmoid",
        width=8,
    )
    assert len(heads) == len(set(heads)) == 2 * 2 * 2 * 2
    assert {(head.layers, head.width) for head in heads} == {(1, None), (2, 8)}
    assert {head.output for head in heads} == {"sigmoid"}
    assert {head.padding for head in heads} == {0, 1}


def _paper_stages(layers, known=VGG, tables=("3",), backbone="vgg16"):
    heads = paper_heads(layers, known, tables, backbone, "zeros")
    return [head.stages for head in heads]


@pytest.mark.parametrize(
    ("layers", "stages"),
    [
        (VGG, [*((layer,) for layer in VGG), None]),
        # Stages that are not read are left out; the others keep their number.
        (VGG[3:], [(VGG[3],), (VGG[4],), None]),
        (VGG[4:], [None]),
        (["block1_conv1", VGG[1]], [(VGG[1],), None]),
        (["block1_conv1"], [None]),
    ],
)
def test_single_stages_are_those_that_are_read(layers, stages):
    assert _paper_stages(layers) == stages


def test_a_network_of_fewer_stages_has_fewer_heads():
    known = models.stage_names("resnet50")
    assert len(known) == 4
    assert _paper_stages(known, known, backbone="resnet50") == [
        *((layer,) for layer in known),
        None,
    ]


def test_the_bare_picture_has_none_of_table_3():
    assert _paper_stages(["rgb"], ["rgb"], backbone="rgb") == []


def test_heads_are_of_the_shapes_printed():
    heads = paper_heads(
        VGG, VGG, ["2a"], "vgg16", "zeros", output="sigmoid", width=9
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
        paper_heads(VGG, VGG, ["5"], "vgg16", "zeros")
