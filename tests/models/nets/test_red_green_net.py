import keras
import numpy as np
import pytest
from torch_twin import output
from torch_twin import run

from keras_padpos.models import red_green_net
from keras_padpos.tasks import red_green

SIZES = {
    "valid": (30, 14, 6, 2),
    "same": (32, 16, 8, 4),
    "full": (34, 18, 10, 6),
}
CELLS = {"valid": 0, "same": 1, "full": 2}


@pytest.mark.parametrize("convolution", SIZES)
def test_geometry_and_parameters_by_hand(convolution):
    net = red_green_net(convolution)
    maps = [net.get_layer(f"conv{n}").output.shape[1:] for n in (1, 2, 3, 4)]
    expected = zip(SIZES[convolution], (32, 32, 64, 64), strict=True)
    assert maps == [(size, size, filters) for size, filters in expected]
    kernels = 9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
    assert net.count_params() == kernels + 64 * 2 + 2


@pytest.mark.parametrize("convolution", SIZES)
@pytest.mark.parametrize("mode", ["zeros", "circular", "replicate"])
def test_outputs_are_those_of_plain_pytorch(convolution, mode):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    keras.utils.set_random_seed(0)
    net = red_green_net(convolution, padding_mode=mode)
    cells = CELLS[convolution]
    *kernels, dense, bias = (torch.tensor(w.copy()) for w in net.get_weights())

    def twin(x):
        for kernel, stride in zip(kernels, (1, 2, 2, 2), strict=True):
            kind = "constant" if mode == "zeros" else mode
            x = functional.pad(x, (cells,) * 4, mode=kind)
            x = functional.conv2d(x, kernel.permute(3, 2, 0, 1), stride=stride)
            x = functional.relu(x)
        return x.amax((2, 3)) @ dense + bias

    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 32, 32, 3)).astype("float32")
    expected = run(twin, x)
    assert expected.std() > 1e-3
    np.testing.assert_allclose(output(net, x), expected, atol=1e-6)


def test_weights_are_drawn_as_pytorch_draws_them():
    keras.utils.set_random_seed(0)
    net = red_green_net()
    for name, fan_in in (("conv1", 27), ("conv4", 576), ("logits", 64)):
        kernel = np.ravel(net.get_layer(name).get_weights()[0])
        bound = fan_in**-0.5
        assert 0.9 * bound < np.abs(kernel).max() <= bound * (1 + 1e-6)
        # A uniform draw's deviation.
        assert kernel.std() == pytest.approx(bound / 3**0.5, rel=0.2)
    biases = [red_green_net().get_weights()[-1] for _ in range(5)]
    assert 0.02 < np.abs(biases).max() <= 1 / 8
    assert np.ptp(biases) > 0.02


def both_places(convolution, mode):
    keras.utils.set_random_seed(0)
    net = red_green_net(convolution, padding_mode=mode)
    sets = red_green(train=1, validation=1, test=40)
    return [output(net, sets[name][0]) for name in ("similar", "dissimilar")]


@pytest.mark.parametrize(
    ("convolution", "mode"), [("same", "circular"), ("full", "zeros")]
)
def test_these_do_not_see_where_squares_are(convolution, mode):
    similar, dissimilar = both_places(convolution, mode)
    assert np.ptp(similar, axis=0).min() > 1e-3
    np.testing.assert_allclose(similar, dissimilar, atol=1e-6)


@pytest.mark.parametrize(
    ("convolution", "mode"),
    [("valid", "zeros"), ("same", "zeros"), ("full", "circular")],
)
def test_these_do(convolution, mode):
    similar, dissimilar = both_places(convolution, mode)
    assert np.abs(similar - dissimilar).max() > 1e-3


def test_the_model_survives_a_file(tmp_path):
    net = red_green_net("full", padding_mode="reflect")
    net.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    x = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32")
    np.testing.assert_array_equal(output(net, x), output(again, x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"convolution": "half"}, r"`convolution` must be .*'half'"),
        ({"padding_mode": "nought"}, r"`padding_mode` must be.*'nought'"),
        ({"padding_mode": "none"}, r"`padding_mode` must be.*'none'"),
        ({"classes": 0}, r"`classes` must be an int of 1 or more.*0"),
        ({"input_shape": (32, 32)}, r"`input_shape` must be .*\(32, 32\)"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        red_green_net(**arguments)
