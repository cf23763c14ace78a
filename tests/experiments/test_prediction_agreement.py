import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import run_study


def run(*flags, cwd):
    return run_study("prediction_agreement", *flags, cwd=cwd)


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


def test_a_run_goes_on_after_what_it_has_measured(finished, tmp_path):
    work, flags, done = finished
    results = json.loads((work / "results.json").read_text())
    copy = tmp_path / "work"
    shutil.copytree(work, copy)
    (copy / "results.json").unlink()
    for file in (copy / "checkpoints").glob("replicate-*"):
        file.unlink()
    again = run(*flags, f"--workdir={copy}", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("done before") == 3
    rows = json.loads((copy / "results.json").read_text())["rows"]
    assert rows == results["rows"]
    assert again.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--padding_mode=mirror", "--padding_mode must be of zeros"),
        ("--crop=100", "--crop must be a multiple of 32"),
        ("--weights=nowhere.h5", "no file at 'nowhere.h5'"),
        ("--weights=bundled", "those of an edge detector"),
    ],
)
def test_errors(flag, message, tmp_path):
    done = run(flag, cwd=tmp_path)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert message in line
    assert not list(tmp_path.iterdir())
