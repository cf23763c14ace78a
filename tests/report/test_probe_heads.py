import pytest

from keras_padpos.report import probe_heads
from keras_padpos.runs import InputError
from keras_padpos.runs.flags import stage_words

KNOWN = ("b1", "b2", "b3", "b4", "b5")


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
        assert stage_words(chosen, KNOWN) == subset.replace("+", ",")


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
