import numpy as np
import pytest

from keras_padpos import models
from keras_padpos.runs import InputError
from keras_padpos.runs import formation_network
from keras_padpos.studies import FORMATION_STAGES


def test_padding_modes_start_from_the_same_weights():
    zeros, *others = (
        formation_network("vgg5", mode, 40, seed=5).get_weights()
        for mode in ("zeros", "randn", "partial", "none")
    )
    for other in others:
        for mine, theirs in zip(zeros, other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    other = formation_network("vgg5", "zeros", 40, seed=6).get_weights()
    assert abs(zeros[0] - other[0]).max() > 0.01


@pytest.mark.parametrize("name", FORMATION_STAGES)
def test_takes_raw_pictures_and_keeps_its_stages(name, tmp_path):
    network = formation_network(name, "reflect", 32, classes=3, seed=0)
    assert network.compute_output_shape((2, 64, 48, 3)) == (2, 3)
    assert network.get_layer("scaled").scale == 1 / 127.5
    path = tmp_path / "net.keras"
    network.save(path)
    stages = FORMATION_STAGES[name]
    read = models.backbone(str(path), stages=stages)
    assert set(read.output) == set(stages)


def test_without_padding_too_small_pictures_are_refused():
    formation_network("vgg5", "none", 39, seed=0)
    with pytest.raises(InputError, match="--size is too small .* 38 pixels"):
        formation_network("vgg5", "none", 38, seed=0)
