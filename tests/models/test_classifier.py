import dataclasses

import keras
import numpy as np
import pytest
from large_on_tensorflow import large_network

from keras_padpos import models
from keras_padpos.models.architectures import ARCHITECTURES


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A whole MobileNet's weights as a file, and the network."""
    keras.utils.set_random_seed(0)
    net = keras.applications.MobileNet(weights=None)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    net.save_weights(path)
    return str(path), net


def picture(size):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (1, size, size, 3)).astype("float32")


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def test_it_is_the_network_of_keras_with_its_preprocessing(weights):
    path, net = weights
    x = picture(224)
    prepared = keras.applications.mobilenet.preprocess_input(x.copy())
    np.testing.assert_allclose(
        output(models.classifier("mobilenet", path), x),
        output(net, prepared),
        atol=1e-7,
    )


@pytest.mark.parametrize(
    "name",
    [
        large_network("efficientnetb0"),
        large_network("densenet121"),
        large_network("vgg19"),
    ],
)
def test_new_networks_are_those_of_keras(name, tmp_path):
    application = {
        "efficientnetb0": keras.applications.EfficientNetB0,
        "densenet121": keras.applications.DenseNet121,
        "vgg19": keras.applications.VGG19,
    }[name]
    prepare = {
        "efficientnetb0": lambda x: x,
        "densenet121": keras.applications.densenet.preprocess_input,
        "vgg19": keras.applications.vgg19.preprocess_input,
    }[name]
    keras.utils.set_random_seed(0)
    net = application(weights=None)
    path = str(tmp_path / "net.weights.h5")
    net.save_weights(path)
    x = picture(224)
    found = output(models.classifier(name, path), x)
    expected = output(net, prepare(x.copy()))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-5)


def test_our_resnet18_gives_probabilities(tmp_path):
    net = models.resnet18(stem="imagenet", classes=1000)
    path = str(tmp_path / "net.weights.h5")
    net.save_weights(path)
    x = picture(64)
    found = output(
        models.classifier("resnet18", path, input_shape=(64, 64, 3)), x
    )
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    logits = output(net, ((x / 255 - mean) / deviation).astype("float32"))
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_without_padding_it_sees_the_neighbours_of_the_crop(weights):
    path, _ = weights
    *_, last = models.receptive_field(
        models.classifier("mobilenet", path)
    ).values()
    assert last.surround == ((128, 160), (128, 160))
    net = models.classifier(
        "mobilenet", path, "none", input_shape=(512, 512, 3)
    )
    *_, bare = models.receptive_field(net).values()
    # The same 7 x 7 places, none of which sees past the picture.
    assert bare.positions == last.positions == (7, 7)
    assert bare.pad_before == (-2, -2)  # 126 of 128 cells are needed
    assert bare.reach == (0, 0)
    x = picture(512)
    far = x.copy()
    far[:, 0], far[:, :, 0] = 0, 0  # the outermost two rows are not seen
    np.testing.assert_array_equal(output(net, far), output(net, x))
    assert output(net, x).shape == (1, 1000)


def test_errors(tmp_path):
    with pytest.raises(ValueError, match="`name` of a classifier.*'rgb'"):
        models.classifier("rgb")
    with pytest.raises(ValueError, match="edge detector"):
        models.classifier("vgg16", "bundled")
    with pytest.raises(ValueError, match="does not exist for resnet18"):
        models.classifier("resnet18")
    bare = keras.applications.MobileNet(weights=None, include_top=False)
    path = str(tmp_path / "bare.weights.h5")
    bare.save_weights(path)
    with pytest.raises(ValueError) as error:
        models.classifier("mobilenet", path)
    assert str(error.value) == (
        f"`weights`: the file {path!r} does not fit mobilenet with its "
        "classifier. Expected the weights of the network of this name in "
        "keras.applications"
    )
    with pytest.raises(FileNotFoundError, match="no file"):
        models.classifier("mobilenet", str(tmp_path / "none.h5"))


@pytest.mark.parametrize(
    "make", [models.classifier, lambda name: models.backbone(name, "imagenet")]
)
def test_a_download_that_fails_is_one_line(make, monkeypatch):
    def build(**options):
        raise Exception("URL fetch failure on https://x: None\n -- refused")

    offline = dataclasses.replace(ARCHITECTURES["mobilenet"], build=build)
    monkeypatch.setitem(ARCHITECTURES, "mobilenet", offline)
    with pytest.raises(OSError, match="could not be downloaded") as error:
        make("mobilenet")
    assert "\n" not in str(error.value)
