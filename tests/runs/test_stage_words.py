import pytest

from keras_padpos.runs import flags as stage_words

KNOWN = ("one", "two", "three")


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (["one", "two", "three"], "all"),
        (["two", "three"], "2,3"),
        (["three"], "3"),
        (["three", "one"], "3,1"),
        (["early", "two"], "early,2"),
        (["one", "two", "three", "late"], "1,2,3,late"),
    ],
)
def test_numbers_are_the_networks_own(layers, words):
    assert stage_words(layers, KNOWN) == words


def test_a_network_of_one_stage_has_all_of_it():
    assert stage_words(["rgb"], ("rgb",)) == "all"
