"""The tool that runs a network on a folder of pictures in tiles."""

import functools
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image
from run_binary import ROOT
from run_tool import run_tool

tool = functools.partial(run_tool, "tools.predict_tiles")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network and two pictures, one of them numbers."""
    folder = tmp_path_factory.mktemp("tiles")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(5, 3, padding="same"),
        ]
    )
    model.save(folder / "net.keras")
    (folder / "in").mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (40, 50, 3), "uint8")
    Image.fromarray(pixels).save(folder / "in" / "a.png")
    np.save(folder / "in" / "b.npy", pixels[:30].astype("float32"))
    whole = model.predict(pixels[None], verbose=0)[0]
    return folder, model, whole


def test_numbers_are_those_of_the_whole(folder, tmp_path):
    folder, model, whole = folder
    flags = "--model=net.keras", "--images=in", f"--out={tmp_path}"
    done = tool(*flags, "--tile=24", cwd=folder)
    assert (done.returncode, done.stdout.count("windows of")) == (0, 1)
    result = np.load(tmp_path / "a.npy")
    np.testing.assert_allclose(result, whole, atol=1e-5)
    assert np.load(tmp_path / "b.npy").shape == (30, 50, 5)
    # Once more: what is there is kept.
    np.save(tmp_path / "b.npy", np.zeros(3))
    (tmp_path / "a.npy").unlink()
    done = tool(*flags, "--tile=20,0", cwd=folder)
    assert "b.npy: done before" in done.stderr
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), whole, atol=1e-5)
    assert np.load(tmp_path / "b.npy").shape == (3,)
    done = tool(*flags, "--border=reflect", cwd=folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "--out holds predictions with another --border" in done.stderr


def test_class_maps(folder, tmp_path):
    folder, model, whole = folder
    flags = "--model=net.keras", "--images=in", f"--out={tmp_path}"
    (tmp_path / "predict_tiles.json").write_text("{}")
    done = tool(*flags, "--format=png", cwd=folder)
    assert done.returncode == 1 and "another --model" in done.stderr
    (tmp_path / "predict_tiles.json").unlink()
    done = tool(*flags, "--format=png", "--tile=24", cwd=folder)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(
        np.array(Image.open(tmp_path / "a.png")), whole.argmax(-1)
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"a.png", "b.png", "predict_tiles.json"}
    settings = json.loads((tmp_path / "predict_tiles.json").read_text())
    assert settings["border"] == "model"


def test_a_broken_picture_is_left_out(folder, tmp_path):
    folder, _, _ = folder
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"no picture")
    (tmp_path / "in" / "a.png").write_bytes(
        (folder / "in" / "a.png").read_bytes()
    )
    model = folder / "net.keras"
    done = tool(f"--model={model}", "--images=in", "--out=out", cwd=tmp_path)
    assert done.returncode == 1
    assert "Left out: a.jpg: " in done.stdout
    assert (tmp_path / "out" / "a.png.npy").is_file()


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--out=", "--out must be given"),
        ("--images=none", "--images must be a directory that exists"),
        ("--images=.", "--images must hold pictures"),
        ("--tile=wide", "--tile must be a number of pixels"),
        ("--border=mirror", "`border` must be"),
        ("--model=gone.keras", "There is no file"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(folder, tmp_path, flag, message):
    folder, _, _ = folder
    flags = "--model=net.keras", "--images=in", f"--out={tmp_path / 'out'}"
    done = tool(*flags, flag, cwd=folder)
    assert done.returncode == 1
    assert message in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.large
def test_a_killed_run_goes_on(folder, tmp_path):
    folder, _, _ = folder
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    np.save(tmp_path / "in" / "x.npy", rng.random((4000, 4000, 3), "float32"))
    command = [
        *(sys.executable, "-m", "tools.predict_tiles"),
        *(f"--model={folder / 'net.keras'}", "--images=in", "--tile=64"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = functools.partial(
        subprocess.Popen,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    killed = start([*command, "--out=killed"])
    state = tmp_path / "killed" / ".x.npy.progress"
    while not state.exists():
        assert killed.poll() is None
        time.sleep(0.1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert 0 < json.loads(state.read_text())["done"] < 4000
    assert not (tmp_path / "killed" / "x.npy").exists()
    for out in ("killed", "whole"):
        assert start([*command, f"--out={out}"]).wait() == 0
    files = [tmp_path / out / "x.npy" for out in ("killed", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()
