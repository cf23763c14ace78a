import keras
import pytest

from keras_padpos import models
from keras_padpos.runs import InputError
from keras_padpos.runs import flags as stage_layers


@pytest.fixture
def file(tmp_path):
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, padding="same", name="wide"),
            keras.layers.Conv2D(4, 3, strides=2, name="narrow"),
            keras.layers.Flatten(name="flat"),
        ]
    )
    path = str(tmp_path / "net.keras")
    net.save(path)
    return path


def test_numbers_count_from_one_and_names_are_names():
    known = models.stage_names("resnet18")
    assert stage_layers("resnet18", ["all"]) == list(known)
    asked = ["4", "stem_out", "1"]
    assert stage_layers("resnet18", asked) == [
        known[3],
        "stem_out",
        known[0],
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


@pytest.mark.parametrize("stages", [["all"], ["1"], ["wide", "2"], []])
def test_a_file_has_no_stages_of_its_own(stages, file):
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
