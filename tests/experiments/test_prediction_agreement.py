import functools
import json

import keras
import numpy as np
import pytest
from PIL import Image
from run_binary import run_binary
from tool_process import ToolProcess

run = functools.partial(run_binary, "experiments.prediction_agreement")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for number in range(2):
        small = Image.fromarray(rng.integers(0, 256, (9, 9, 3)).astype("uint8"))
        small.resize((90, 80), Image.BICUBIC).save(folder / f"{number}.png")
    # Fresh weights let all that MobileNet says vanish; larger ones do not.
    keras.utils.set_random_seed(0)
    net = keras.applications.MobileNet(weights=None)
    for layer in net.layers:
        layer.set_weights(
            [10 * w if w.ndim == 4 else w for w in layer.get_weights()]
        )
    weights = folder / "weights.weights.h5"
    net.save_weights(weights)
    work = folder.parent / f"{folder.name}-work"
    flags = (
        f"--workdir={work}",
        f"--images={folder}",
        f"--weights={weights}",
        "--crop=64",
        "--padding_mode=zeros,replicate,none",
    )
    done = run(*flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    return work, flags, done


def test_zeros_agree_with_themselves(finished):
    work, _, done = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    assert [row["padding_mode"] for row in rows] == [
        "zeros",
        "replicate",
        "none",
    ]
    zeros, replicate, none = rows
    assert zeros["top1_agreement"] == zeros["top5_overlap"] == 1
    assert zeros["total_variation"] == 0
    assert 0 < replicate["total_variation"] < 1
    assert none["total_variation"] != replicate["total_variation"]
    assert {row["images"] for row in rows} == {2}
    with np.load(work / "arrays.npz") as arrays:
        np.testing.assert_array_equal(arrays["zeros"], arrays["original"])
        np.testing.assert_allclose(arrays["none"].sum(axis=1), 1, rtol=1e-5)
    assert "same first class" in done.stdout


@pytest.fixture(scope="module")
def process():
    """The binary in one process: to import TensorFlow takes seconds."""
    with ToolProcess("experiments.prediction_agreement", []) as process:
        yield process


def test_a_finished_run_is_shown_again(process, finished):
    work, flags, done = finished
    again = process(*flags, cwd=work.parent)
    assert again.returncode == 0
    assert again.stdout.splitlines()[-5:] == done.stdout.splitlines()[-5:]


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--padding_mode=mirror", "--padding_mode must be among zeros"),
        ("--crop=100", "--crop must be a multiple of 32"),
        ("--weights=nowhere.h5", "no file at 'nowhere.h5'"),
    ],
)
def test_errors(process, flag, message, tmp_path):
    done = process(flag, cwd=tmp_path)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert message in line
    assert not list(tmp_path.iterdir())
