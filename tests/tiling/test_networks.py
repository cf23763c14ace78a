"""Whole networks in tiles against the same networks on the whole picture."""

import keras
import pytest
from small_nets import assert_same
from small_nets import picture
from small_nets import unet
from small_nets import whole

from keras_padpos import models
from keras_padpos import tiling
from keras_padpos.errors import InputError


@pytest.mark.parametrize(
    "up", ["nearest", "bilinear", "bicubic", "transposed", "transposed2"]
)
def test_unets(up):
    net = unet(up)
    x = picture(112, 92, 2)
    assert min(tiling.plan(net, x.shape, 72).grid) > 1
    assert_same(tiling.predict(net, x, 72), whole(net, x))


@pytest.mark.parametrize("mode", ["circular", "reflect"])
def test_converted_unets(mode):
    net = models.convert_padding(unet("bilinear"), mode)
    x = picture(96, 80, 2)
    assert_same(tiling.predict(net, x, (72, 64)), whole(net, x))


def test_an_output_finer_than_the_picture():
    inputs = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.UpSampling2D(2, interpolation="bilinear")(x)
    fine = keras.layers.Conv2D(2, 3, padding="same")(x)
    net = keras.Model(inputs, [fine, keras.layers.MaxPooling2D(4)(fine)])
    x = picture(50, 62, 1)
    assert tiling.plan(net, x.shape, 24).grid == (3, 3)
    tiled = tiling.predict(net, x, 24)
    assert tiled[0].shape == (100, 124, 2)
    assert_same(tiled, whole(net, x))


@pytest.mark.large
@pytest.mark.parametrize(
    "name, size, tile",
    [
        ("VGG16", (416, 437), 320),
        ("ResNet50", (811, 869), 672),
        ("ResNet50", (800, 864), 672),
        ("MobileNetV2", (811, 233), (640, None)),
        ("DenseNet121", (2333, 107), (2240, None)),
        ("InceptionV3", (1557, 111), (1450, None)),
    ],
)
def test_stage_maps(name, size, tile):
    keras.utils.set_random_seed(0)
    build = getattr(keras.applications, name)
    net = models.stages(build(weights=None, include_top=False))
    x = picture(*size, 3)
    plan = tiling.plan(net, x.shape, tile)
    print(name, plan)
    assert plan.grid[0] > 1
    assert_same(tiling.predict(net, x, tile), whole(net, x))


@pytest.mark.large
def test_deeplab_is_refused_for_its_image_pooling():
    pytest.importorskip("keras_hub")
    net = models.deeplab("resnet18", 2, input_shape=(64, 64, 3))
    with pytest.raises(InputError, match=r"\(GlobalAveragePooling2D\)"):
        tiling.plan(net, (1024, 1024), 512)
