import keras
import numpy as np
import pytest

from keras_padpos import models
from keras_padpos import probes
from keras_padpos.runs import InputError
from keras_padpos.runs import WorkDirectory
from keras_padpos.studies import position_network

GRID = 28
STAGE = "conv_pw_1_relu"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of a network with its own size, borders and BatchNorm."""
    inputs = keras.Input((8, 10, 3))
    x = keras.layers.Reshape((10, 8, 3), name="turned")(inputs)
    x = keras.layers.Conv2D(2, 3, padding="same", name="conv")(x)
    net = keras.Model(inputs, keras.layers.BatchNormalization(name="norm")(x))
    path = str(tmp_path_factory.mktemp("file") / "net.keras")
    net.save(path)
    return path


def _run(folder, networks, stage):
    """A run whose heads predict a channel times 1, 2, 3... of each network.

    Networks are `(backbone, weights, padding_mode, seed, calibrated)`.
    """
    work = WorkDirectory(
        folder,
        "position_probe",
        {"networks": ["/".join(map(str, net[:4])) for net in networks]},
    )
    names = ("backbone", "weights", "padding_mode", "seed")
    rows = []
    for number, network in enumerate(networks, start=1):
        *named, calibrated = network
        shape = models.backbone(
            *named[:3], stages=[stage], seed=named[3]
        ).output[stage]
        kernel = np.zeros((shape.shape[-1], 1))
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
            {stage: (GRID, GRID, len(kernel))},
        )
        label = f"{number}-net"
        work.save_model(label, probes.stage_probes({stage: shape}, heads))
        rows.append(
            {
                **dict(zip(names, named, strict=True)),
                "calibration_images": calibrated,
                "arrays": f"{label}/horizontal",
            }
        )
    work.write_results(rows, {})
    return work.path


def _factor(network, stage, pictures):
    """What the head multiplies the first channel by."""
    maps = network(pictures)
    (channel,) = (
        keras.ops.convert_to_numpy(
            keras.ops.image.resize(
                maps[stage][..., :1], (GRID, GRID), interpolation="bilinear"
            )
        )[..., 0],
    )
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
    network = position_network(
        "mobilenet", "random", "circular", stages=[STAGE]
    )
    assert network.input_shape == (None, None, None, 3)


def test_read_outs_are_those_of_the_seed(tmp_path):
    run = _run(
        tmp_path / "run",
        [("mobilenet", "random", "zeros", seed, 0) for seed in (3, 4)],
        STAGE,
    )
    for number, seed in enumerate((3, 4), start=1):
        network = position_network(
            "mobilenet",
            "random",
            "zeros",
            stages=[STAGE],
            seed=seed,
            read_outs=run,
        )
        factor = _factor(network, STAGE, _pictures(64, 64))
        assert factor == pytest.approx(number, rel=0.1)
    with pytest.raises(InputError, match="mobilenet/random/zeros/5"):
        position_network(
            "mobilenet",
            "random",
            "zeros",
            stages=[STAGE],
            seed=5,
            read_outs=run,
        )


@pytest.mark.parametrize(("mode", "factor"), [("own", 1), ("reflect", 2)])
def test_read_outs_of_a_file(file, tmp_path, mode, factor):
    run = _run(
        tmp_path / "run",
        [(file, "file", each, 7, 0) for each in ("own", "reflect")],
        "norm",
    )
    # Of trained weights the seed does not matter.
    network = position_network(
        file, "file", mode, stages=["norm"], read_outs=run
    )
    found = _factor(network, "norm", _pictures(8, 10))
    assert found == pytest.approx(factor, rel=0.1)


def test_heads_trained_from_several_seeds_are_told_apart(file, tmp_path):
    run = _run(
        tmp_path / "run",
        [(file, "file", "own", seed, 0) for seed in (0, 1)],
        "norm",
    )
    network = position_network(
        file, "file", "own", stages=["norm"], seed=1, read_outs=run
    )
    found = _factor(network, "norm", _pictures(8, 10))
    assert found == pytest.approx(2, rel=0.1)


def test_read_outs_of_a_calibrated_network_are_refused(file, tmp_path):
    run = _run(tmp_path / "run", [(file, "random", "own", 0, 12)], "norm")
    with pytest.raises(InputError) as error:
        position_network(file, "random", "own", stages=["norm"], read_outs=run)
    assert str(error.value).startswith(f"--read_outs: {str(run)!r} holds heads")
    assert "statistics of 12 pictures" in str(error.value)
    assert "--calibrate_batch_norm=0" in str(error.value)
    assert "\n" not in str(error.value)
