"""Flags that studies share."""

import keras
import pytest

from keras_padpos import choices
from keras_padpos import models
from keras_padpos import padding
from keras_padpos import tasks
from keras_padpos.choices import FURTHER_MODES
from keras_padpos.errors import InputError
from keras_padpos.studies import networks
from keras_padpos.studies.networks import stage_layers
from keras_padpos.studies.networks import stage_text

STAGES = ("one", "two", "three")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, padding="same", name="wide"),
            keras.layers.Conv2D(4, 3, strides=2, name="narrow"),
            keras.layers.Flatten(name="flat"),
        ]
    )
    path = str(tmp_path_factory.mktemp("file") / "net.keras")
    net.save(path)
    return path


def test_a_plus_joins_two_modes_that_combine():
    others = FURTHER_MODES
    flag = networks.padding_flag(["zeros"], "Modes", none=False)
    modes = [*others, "replicate+circular", "zeros+extrapolate", "zeros"]
    assert flag.value("padding_mode", modes) == modes
    for mode in modes:
        padding.get(mode).check_rank(2, "a network")
    for mode in (
        "randn+zeros",
        "earth+zeros",
        "zeros+none",
        "zeros+zeros",
        "zeros+",
        "zeros+circular+zeros",
    ):
        with pytest.raises(InputError, match="A plus joins two of zeros, "):
            flag.value("padding_mode", [mode])


def test_choices_are_what_there_is():
    assert choices.LOCATION_NETS == (*tasks.LOCATION_NETS,)
    assert choices.SEMANTIC_HEADS == (*models.SEMANTIC_HEADS,)
    assert choices.FILLS == (*tasks.FILLS,)
    assert choices.CUTOUT_FILLS[-1] == tasks.cutout.RANDOM


def test_a_comma_in_one_mode_hints_at_the_plus():
    flag = networks.one_padding_flag("Padding.")
    with pytest.raises(InputError, match="Received: zeros,circular. A plus"):
        flag.value("padding_mode", "zeros,circular")


def test_numbers_count_from_one_and_names_are_names():
    stages = models.stage_names("resnet18")
    assert stage_layers("resnet18", ["all"]) == list(stages)
    assert stage_layers("resnet18", ["4", "stem_out", "1"]) == [
        stages[3],
        "stem_out",
        stages[0],
    ]
    assert stage_layers("rgb", ["3"]) == ["rgb"]


@pytest.mark.parametrize("stage", ["0", "5"])
def test_a_number_out_of_range_is_an_error(stage):
    with pytest.raises(InputError) as error:
        stage_layers("resnet18", [stage])
    assert str(error.value) == (
        f"--stages of resnet18 go from 1 to 4. Received: {stage}"
    )


def test_layers_of_a_file_go_by_name(file):
    assert stage_layers(file, ["narrow", "wide"]) == ["narrow", "wide"]


def test_all_of_a_file_is_the_last_layer_at_each_size(file):
    assert stage_layers(file, ["all"]) == ["wide", "narrow"]


@pytest.mark.parametrize("stages", [["1"], ["wide", "2"], ["٣"], []])
def test_a_file_has_no_numbered_stages(stages, file):
    with pytest.raises(InputError) as error:
        stage_layers(file, stages)
    assert str(error.value) == (
        f"--stages of {file!r} must name layers, such as wide,narrow. "
        f"Received: {','.join(stages) or 'nothing'}"
    )


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    path = str(tmp_path / "none.keras")
    with pytest.raises(FileNotFoundError, match="no file at"):
        stage_layers(path, ["all"])


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        (["one", "two", "three"], "all"),
        (["two", "three"], "2,3"),
        (["three", "one"], "3,1"),
        (["early", "two"], "early,2"),
        (["one", "two", "three", "late"], "1,2,3,late"),
    ],
)
def test_stages_are_the_networks_own(layers, text):
    assert stage_text(layers, STAGES) == text
