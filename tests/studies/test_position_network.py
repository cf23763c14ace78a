import keras
import numpy as np
import pytest

from keras_padpos import models
from keras_padpos import probes
from keras_padpos.runs import InputError
from keras_padpos.runs import WorkDirectory
from keras_padpos.studies import position_network

GRID = 28


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of a network with its own size, borders and BatchNorm."""
    # Weights of some seeds vary so fast that the two ways to resize differ.
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 10, 3))
    x = keras.layers.Reshape((10, 8, 3), name="turned")(inputs)
    x = keras.layers.Conv2D(2, 3, padding="same", name="conv")(x)
    net = keras.Model(inputs, keras.layers.BatchNormalization(name="norm")(x))
    path = str(tmp_path_factory.mktemp("file") / "net.keras")
    net.save(path)
    return path


def _run(folder, file, networks):
    """A run whose heads predict a channel times 1, 2, 3... of each network.

    Networks are `(weights, padding_mode, seed, calibrated)`.
    """
    work = WorkDirectory(
        folder / "run",
        "position_probe",
        {"networks": ["/".join(map(str, [file, *n[:3]])) for n in networks]},
    )
    rows = []
    for number, (weights, mode, seed, calibrated) in enumerate(networks, 1):
        maps = models.backbone(
            file, weights, mode, stages=["norm"], seed=seed
        ).output["norm"]
        kernel = np.zeros((maps.shape[-1], 1))
        kernel[0] = number
        reader = probes.LinearProbe(
            mean=np.zeros(len(kernel)),
            scale=np.ones(len(kernel)),
            kernel=kernel,
            bias=np.zeros(1),
        )
        heads = probes.probe_model(
            [reader],
            [probes.Head()],
            ["horizontal"],
            {"norm": (GRID, GRID, len(kernel))},
        )
        label = f"{number}-net"
        work.save_model(label, probes.stage_probes({"norm": maps}, heads))
        rows.append(
            {
                **{"backbone": file, "weights": weights, "seed": seed},
                "padding_mode": mode,
                "calibration_images": calibrated,
                "arrays": f"{label}/horizontal",
            }
        )
    work.write_results(rows, {})
    return work.path


def _factor(network):
    """What the head multiplies the first channel by."""
    maps = network(_pictures(8, 10))
    channel = keras.ops.image.resize(
        maps["norm"][..., :1], (GRID, GRID), interpolation="bilinear"
    )
    channel = keras.ops.convert_to_numpy(channel)[..., 0]
    predicted = keras.ops.convert_to_numpy(maps["horizontal"])
    return (predicted * channel).sum() / (channel**2).sum()


def _pictures(*size):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (2, *size, 3)).astype("float32")


def test_a_file_keeps_the_size_that_it_was_saved_for(file):
    network = position_network(file, "file", "own", stages=["conv"])
    assert network.input_shape == (None, 8, 10, 3)
    net = keras.saving.load_model(file)
    net = keras.Model(net.input, net.get_layer("conv").output)
    pictures = _pictures(8, 10)
    np.testing.assert_array_equal(network(pictures)["conv"], net(pictures))


def test_a_named_network_takes_any_size():
    stages = ["conv_pw_1_relu"]
    network = position_network("mobilenet", "random", "circular", stages=stages)
    assert network.input_shape == (None, None, None, 3)


@pytest.mark.parametrize(
    ("weights", "modes", "seeds", "mode", "seed", "factor"),
    [
        ("random", ["own"], [3, 4], "own", 3, 1),
        ("random", ["own"], [3, 4], "own", 4, 2),
        # Of trained weights the seed does not matter,
        ("file", ["own", "reflect"], [7], "own", 0, 1),
        ("file", ["own", "reflect"], [7], "reflect", 0, 2),
        # unless heads were trained from several.
        ("file", ["own"], [0, 1], "own", 1, 2),
    ],
)
def test_read_outs_are_those_of_the_network(
    file, tmp_path, weights, modes, seeds, mode, seed, factor
):
    networks = [(weights, each, n, 0) for each in modes for n in seeds]
    run = _run(tmp_path, file, networks)
    options = {"stages": ["norm"], "read_outs": run}
    network = position_network(file, weights, mode, seed=seed, **options)
    assert _factor(network) == pytest.approx(factor, rel=0.1)
    if weights == "random":
        with pytest.raises(InputError, match=f"{file}/random/own/5"):
            position_network(file, weights, mode, seed=5, **options)


def test_read_outs_of_a_calibrated_network_are_refused(file, tmp_path):
    run = _run(tmp_path, file, [("random", "own", 0, 12)])
    with pytest.raises(InputError) as error:
        position_network(file, "random", "own", stages=["norm"], read_outs=run)
    assert str(error.value).startswith(f"--read_outs: {str(run)!r} holds heads")
    assert "statistics of 12 pictures" in str(error.value)
    assert "--calibrate_batch_norm=0" in str(error.value)
    assert "\n" not in str(error.value)
