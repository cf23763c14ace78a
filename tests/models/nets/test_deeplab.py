import keras
import numpy as np
import pytest

from keras_padpos import models
from keras_padpos.models.nets._deeplab import open_pyramids

keras_hub = pytest.importorskip("keras_hub")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def pictures(height=64, width=96):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (1, height, width, 3)).astype("float32")


@pytest.fixture(scope="module")
def stock():
    """As small as it goes, with weights that differ from place to place."""
    keras.utils.set_random_seed(0)
    network = keras_hub.models.DeepLabV3Backbone(
        image_encoder=keras_hub.models.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[7],
            stackwise_num_filters=[64, 16, 16, 16],
            stackwise_num_blocks=[1, 1, 1, 1],
            stackwise_num_strides=[1, 2, 2, 2],
            block_type="basic_block",
            image_shape=(64, 96, 3),
        ),
        projection_filters=8,
        low_level_feature_key="P2",
        spatial_pyramid_pooling_key="P5",
        upsampling_size=8,
        dilation_rates=[1, 2],
        image_shape=(64, 96, 3),
    )
    for weight in network.weights:
        if "moving" in weight.name:
            weight.assign(weight + 0.1)
        elif "kernel" in weight.name:
            weight.assign(3 * weight)  # or next to nothing would arrive
    return network


def test_an_open_pyramid_computes_the_same(stock):
    opened = open_pyramids(stock)
    x = pictures() / 255
    assert numpy(opened(x)).std() > 0.1
    np.testing.assert_allclose(
        numpy(opened(x)),
        # Not told, keras-hub's layer normalises by the batch.
        numpy(stock(x, training=False)),
        rtol=1e-5,
        atol=1e-6,
    )
    assert len(opened.get_weights()) == len(stock.get_weights())


@pytest.mark.parametrize("mode", ["replicate", "circular", "interpolate"])
def test_every_site_of_an_open_pyramid_is_converted(stock, mode):
    opened = open_pyramids(stock)
    sites = models.find_padding_sites(opened)
    assert not any(site.reason for site in sites)
    dilated = {"aspp_conv_2", "aspp_conv_3"}
    assert dilated <= {site.name.rpartition("/")[2] for site in sites}
    with pytest.raises(ValueError, match="spatial_pyramid_pooling"):
        models.convert_padding(stock, "none")
    converted = models.convert_padding(opened, mode)
    x = pictures() / 255
    assert converted.output_shape == stock.output_shape
    # Converted inside the layer it is the same.
    np.testing.assert_allclose(
        numpy(converted(x)),
        numpy(models.convert_padding(stock, mode)(x, training=False)),
        rtol=1e-4,
        atol=1e-5,
    )
    assert not np.allclose(numpy(converted(x)), numpy(opened(x)), atol=1e-4)


def test_a_circular_one_commutes_with_a_roll(stock):
    opened = open_pyramids(stock)
    converted = models.convert_padding(opened, "circular")
    # Enlarging repeats the edge, so look before it.
    pyramid = converted.get_layer("spatial_pyramid_pooling").output
    assert pyramid.shape[1:3] == (2, 3)
    features = keras.Model(
        converted.input, converted.get_layer("encoder_output_upsampling").input
    )
    x = pictures() / 255
    rolled = numpy(features(np.roll(x, 32, axis=2)))
    expected = np.roll(numpy(features(x)), 1, axis=2)
    assert expected.std() > 0.1
    np.testing.assert_allclose(rolled, expected, rtol=1e-4, atol=1e-4)


def test_a_net_goes_from_pictures_to_logits_and_is_saved(tmp_path):
    net = models.deeplab("resnet18", 5, "replicate", input_shape=(32, 64, 3))
    x = pictures(32, 64)
    logits = numpy(net(x))
    assert logits.shape == (1, 32, 64, 5)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(numpy(loaded(x)), logits)
    models.backbone_of(loaded).save(tmp_path / "inner.keras")
    stage = models.backbone(
        str(tmp_path / "inner.keras"), stages=["segmentation_head_relu"]
    )
    assert stage(x)["segmentation_head_relu"].shape[1:3] == (8, 16)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A folder such as keras-hub downloads: random weights, a scale."""
    folder = tmp_path_factory.mktemp("preset")
    keras.utils.set_random_seed(0)
    network = keras_hub.models.DeepLabV3Backbone(
        image_encoder=keras_hub.models.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[7],
            stackwise_num_filters=[64, 8, 8, 8],
            stackwise_num_blocks=[2, 2, 2, 2],
            stackwise_num_strides=[1, 2, 2, 2],
            block_type="basic_block",
        ),
        projection_filters=8,
        low_level_feature_key="P2",
        spatial_pyramid_pooling_key="P5",
        upsampling_size=8,
        dilation_rates=[1, 2],
    )
    network.save_to_preset(folder)
    keras_hub.layers.DeepLabV3ImageConverter(
        image_size=(32, 32), scale=[0.02, 0.01, 0.03], offset=[-2.0, -1.0, 0.5]
    ).save_to_preset(folder)
    return network, str(folder)


def test_a_preset_scales_pictures_as_it_says(preset, tmp_path):
    network, folder = preset
    options = {"weights": folder, "input_shape": (32, 64, 3)}
    net = models.deeplab("resnet18", 5, **options)
    x = pictures(32, 64)
    scaled = x * [0.02, 0.01, 0.03] + [-2.0, -1.0, 0.5]
    expected = numpy(network(scaled.astype("float32"), training=False))
    assert expected.std() > 1e-4
    found = numpy(models.backbone_of(net)(x))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras")
    np.testing.assert_array_equal(numpy(loaded(x)), numpy(net(x)))
    with pytest.raises(ValueError, match="`encoder` must be that of the pres"):
        models.deeplab("resnet50", 5, **options)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("vgg16", 2), "`encoder` must be one of resnet18, resnet50"),
        (("resnet18", 2, "none"), 'must not be "none"'),
    ],
)
def test_what_cannot_be_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        models.deeplab(*given)


def test_sizes_are_multiples_of_its_stride():
    with pytest.raises(ValueError, match="multiples of 32"):
        models.deeplab("resnet18", 2, input_shape=(60, 80, 3))


def test_only_networks_with_a_pyramid_are_opened():
    with pytest.raises(ValueError, match="must hold a layer of keras-hub"):
        open_pyramids(models.vgg5())


def test_a_pyramid_that_is_built_otherwise_is_one_line():
    class SpatialPyramidPooling(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, SpatialPyramidPooling(name="aspp")(inputs))
    with pytest.raises(ValueError, match="'aspp' .* without aspp_par") as e:
        open_pyramids(model)
    assert "\n" not in str(e.value)
