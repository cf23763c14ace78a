import numpy as np
import pytest

from keras_padpos import models
from keras_padpos.errors import InputError


def weights_of(padding_mode, seed):
    network = models.formation_net("vgg5", padding_mode, size=40, seed=seed)
    return network.get_weights()


def test_padding_modes_start_from_the_same_weights():
    zeros = weights_of("zeros", 5)
    for mode in ("randn", "partial", "none"):
        for one, other in zip(zeros, weights_of(mode, 5), strict=True):
            np.testing.assert_array_equal(one, other)
    assert abs(zeros[0] - weights_of("zeros", 6)[0]).max() > 0.01


@pytest.mark.parametrize("name", models.FORMATION_STAGES)
def test_takes_raw_pictures_and_keeps_its_stages(name, tmp_path):
    network = models.formation_net(name, "reflect", size=32, classes=3, seed=0)
    assert network.compute_output_shape((2, 64, 48, 3)) == (2, 3)
    assert network.get_layer("scaled").scale == 1 / 127.5
    path = tmp_path / "net.keras"
    network.save(path)
    stages = models.FORMATION_STAGES[name]
    read = models.backbone(str(path), stages=stages)
    assert set(read.output) == set(stages)


def test_without_padding_too_small_pictures_are_refused():
    models.formation_net("vgg5", "none", size=39, seed=0)
    with pytest.raises(InputError, match="`size` is too small.*size=38"):
        models.formation_net("vgg5", "none", size=38, seed=0)
