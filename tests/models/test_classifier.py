import keras
import numpy as np
import pytest

from keras_padpos import models


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
    with pytest.raises(FileNotFoundError, match="no file"):
        models.classifier("mobilenet", str(tmp_path / "none.h5"))
