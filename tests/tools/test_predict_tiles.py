"""The tool that runs a network on a folder of pictures in tiles."""

import functools
import json
import os
import shutil
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

from keras_padpos.tiling.progress_file import hidden_files

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


def _pictures(folder, into, *names):
    """A folder with some of the pictures, to be changed."""
    into.mkdir()
    for name in names:
        shutil.copy2(folder / "in" / name, into / name)
    return f"--model={folder / 'net.keras'}", "--images=in", "--out=out"


def test_numbers_are_those_of_the_whole(folder, tmp_path):
    folder, model, whole = folder
    flags = "--model=net.keras", "--images=in", f"--out={tmp_path}"
    done = tool(*flags, "--tile=24", cwd=folder)
    assert (done.returncode, done.stdout.count("windows of")) == (0, 1)
    result = np.load(tmp_path / "a.png.npy")
    np.testing.assert_allclose(result, whole, atol=1e-5)
    assert np.load(tmp_path / "b.npy.npy").shape == (30, 50, 5)
    # Once more: what is there is kept.
    np.save(tmp_path / "b.npy.npy", np.zeros(3))
    (tmp_path / "a.png.npy").unlink()
    done = tool(*flags, "--tile=20,0", cwd=folder)
    assert "b.npy: done before" in done.stderr
    result = np.load(tmp_path / "a.png.npy")
    np.testing.assert_allclose(result, whole, atol=1e-5)
    assert np.load(tmp_path / "b.npy.npy").shape == (3,)
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
        np.array(Image.open(tmp_path / "a.png.png")), whole.argmax(-1)
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"a.png.png", "b.npy.png", "predict_tiles.json"}
    settings = json.loads((tmp_path / "predict_tiles.json").read_text())
    assert settings["border"] == "model"


def test_a_changed_picture_is_predicted_again(folder, tmp_path):
    flags = _pictures(folder[0], tmp_path / "in", "b.npy")
    tool(*flags, cwd=tmp_path)
    np.save(tmp_path / "in" / "b.npy", np.zeros((9, 8, 3), "float32"))
    # As a run leaves that is killed.
    for path in hidden_files(tmp_path / "out" / "b.npy.npy"):
        path.write_text("{}")
    done = tool(*flags, cwd=tmp_path)
    assert (done.returncode, "done before" in done.stderr) == (0, False)
    assert np.load(tmp_path / "out" / "b.npy.npy").shape == (9, 8, 5)


@pytest.mark.parametrize("text", ["{", "[1]", '{"pictures": 3}'])
def test_a_damaged_record_is_one_line(folder, tmp_path, text):
    flags = _pictures(folder[0], tmp_path / "in", "b.npy")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "predict_tiles.json").write_text(text)
    done = tool(*flags, cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "--out: predict_tiles.json is damaged" in line


def test_files_of_others_are_no_predictions(folder, tmp_path):
    flags = _pictures(folder[0], tmp_path / "in", "a.png")
    done = tool(*flags, "--out=in", cwd=tmp_path)
    assert "--out must be another folder than --images" in done.stderr
    junk = tmp_path / "out" / "a.png.npy"
    junk.parent.mkdir()
    junk.write_text("junk")
    done = tool(*flags, cwd=tmp_path)
    assert done.returncode == 1
    assert "a.png.npy, which this command did not write" in done.stderr
    assert [*junk.parent.iterdir()] == [junk] and junk.read_text() == "junk"


def test_pictures_that_do_not_fit_are_left_out(folder, tmp_path):
    flags = _pictures(folder[0], tmp_path / "in", "b.npy")
    (tmp_path / "in" / "a.jpg").write_bytes(b"no picture")
    np.save(tmp_path / "in" / "a.npy", np.zeros((3, 9, 9), "float32"))
    (tmp_path / "in" / "c.npy").write_bytes(b"no numbers")
    np.save(tmp_path / "in" / "d.npy", np.zeros((9, 9, 3), "complex64"))
    (tmp_path / "in" / "e\x1b[31m.png").write_bytes(b"no picture")
    done = tool(*flags, cwd=tmp_path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "Left out: a.jpg: cannot identify image file"
    assert lines[1].startswith("Left out: a.npy: `picture` must have the shape")
    assert lines[2].startswith("Left out: c.npy: ")
    assert lines[3].startswith("Left out: d.npy: `picture` must hold real num")
    assert lines[4] == "Left out: e?[31m.png: cannot identify image file"
    assert lines[-1] == "Predictions of 1 picture in out, 5 left out."
    assert (tmp_path / "out" / "b.npy.npy").is_file()


def test_no_class_map_of_nan(folder, tmp_path):
    flags = _pictures(folder[0], tmp_path / "in", "b.npy")
    np.save(tmp_path / "in" / "a.npy", np.full((9, 9, 3), np.nan, "float32"))
    for _ in range(2):
        done = tool(*flags, "--format=png", cwd=tmp_path)
        assert done.returncode == 1
        assert "a.npy: the network gives NaN, which is no" in done.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"b.npy.png", "predict_tiles.json"}


def test_a_network_of_two_pictures_is_refused(folder, tmp_path):
    inputs = [keras.Input((None, None, 3)) for _ in "ab"]
    model = keras.Model(inputs, keras.layers.Add()(inputs))
    model.save(tmp_path / "two.keras")
    flags = _pictures(folder[0], tmp_path / "in", "b.npy")
    done = tool(*flags, "--model=two.keras", cwd=tmp_path)
    assert done.returncode == 1
    assert "error: --model must have one input" in done.stderr
    assert not (tmp_path / "out").exists()


def test_pictures_of_16_bits_are_scaled(folder, tmp_path):
    """65535 becomes 255, in RGB too for a network of three channels."""
    flags = _pictures(folder[0], tmp_path / "in")
    grey = np.linspace(0, 65535, 20 * 30).reshape(20, 30).astype("uint16")
    Image.fromarray(grey).save(tmp_path / "in" / "grey.png")
    assert tool(*flags, cwd=tmp_path).returncode == 0
    eight = np.rint(grey / 257)[None, ..., None].repeat(3, -1)
    np.testing.assert_allclose(
        np.load(tmp_path / "out" / "grey.png.npy"),
        folder[1].predict(eight.astype("float32"), verbose=0)[0],
        atol=1e-5,
    )


def test_an_interrupted_run_says_where_it_goes_on(
    folder, tmp_path, monkeypatch
):
    flags = _pictures(folder[0], tmp_path / "in", "a.png")
    run, left = keras.Model.predict_on_batch, [3]

    def interrupted(self, x):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return run(self, x)

    monkeypatch.setattr(keras.Model, "predict_on_batch", interrupted)
    assert tool(*flags, "--tile=20", cwd=tmp_path).returncode == 130
    done = tool(*flags, "--tile=20", cwd=tmp_path)
    assert "Resumed: window 2 of 9 is done." in done.stdout
    result = np.load(tmp_path / "out" / "a.png.npy")
    np.testing.assert_allclose(result, folder[2], atol=1e-5)


@pytest.fixture(scope="module")
def two_outputs(tmp_path_factory):
    """A network whose outputs are named in no order of theirs."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3))
    names = {"z": "first", "a": "second"}
    outputs = {
        key: keras.layers.Conv2D(2, 3, padding="same", name=name)(inputs)
        for key, name in names.items()
    }
    path = tmp_path_factory.mktemp("two") / "net.keras"
    model = keras.Model(inputs, outputs)
    model.save(path)
    return f"--model={path}", model


@pytest.mark.parametrize("scale, low", [("unit", 0), ("signed", -1)])
def test_one_output_of_scaled_pixels(folder, two_outputs, tmp_path, scale, low):
    folder, _, _ = folder
    flag, model = two_outputs
    flags = flag, "--images=in", f"--out={tmp_path}", "--tile=24"
    done = tool(*flags, "--output=z", f"--scale={scale}", cwd=folder)
    assert done.returncode == 0, done.stderr
    pixels = np.array(Image.open(folder / "in" / "a.png")) / 255
    whole = model.predict((low + (1 - low) * pixels)[None], verbose=0)["z"][0]
    result = np.load(tmp_path / "a.png.npy")
    np.testing.assert_allclose(result, whole, atol=1e-5)
    # Numbers have a unit of their own.
    numbers = np.load(folder / "in" / "b.npy")
    whole = model.predict(numbers[None], verbose=0)["z"][0]
    result = np.load(tmp_path / "b.npy.npy")
    np.testing.assert_allclose(result, whole, rtol=1e-5, atol=1e-2)
    done = tool(*flags, "--output=z", cwd=folder)
    assert "--out holds predictions with another --scale" in done.stderr


@pytest.mark.parametrize(
    "flags, message",
    [
        ((), "--output must be given: the model has 2 outputs, a, z"),
        (("--output=y",), "--output must be one of a, z. Received: y"),
    ],
)
def test_an_output_must_be_named(folder, two_outputs, tmp_path, flags, message):
    given = two_outputs[0], "--images=in", f"--out={tmp_path / 'out'}"
    done = tool(*given, *flags, cwd=folder[0])
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert message in done.stderr


def test_one_process_at_a_time_works_in_a_folder(folder, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    flags = _pictures(folder[0], tmp_path / "in", "a.png")
    (tmp_path / "out").mkdir()
    with open(tmp_path / "out" / ".lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = tool(*flags, cwd=tmp_path)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "in use by another process. Wait until it has ended" in line
        assert line.endswith("choose another --out.")
    assert tool(*flags, cwd=tmp_path).returncode == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"a.png.npy", "predict_tiles.json"}


def test_a_failed_run_leaves_no_folder(folder, tmp_path):
    flags = "--model=net.keras", "--images=in", f"--out={tmp_path / 'out'}"
    assert tool(*flags, "--tile=1", cwd=folder[0]).returncode == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--out=", "--out must be given"),
        ("--images=none", "--images must be a directory that exists"),
        ("--images=.", "--images must hold pictures"),
        ("--tile=wide", "--tile must be a number of pixels"),
        ("--tile=1", "error: --tile must be at least"),
        ("--border=reflekt", "Did you mean reflect?"),
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
    # It notes how far it is after each batch, not only every few seconds, so
    # that a quick machine does too.
    code = (
        "from keras_padpos.tiling import progress_file\n"
        "from keras_padpos.tools.predict_tiles import TOOL\n"
        "progress_file._SECONDS = 0\n"
        "TOOL.run()\n"
    )
    command = [
        *(sys.executable, "-c", code),
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
    state = tmp_path / "killed" / ".x.npy.npy.progress"
    while not state.exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert 0 < json.loads(state.read_text())["done"] < 4000
    assert not (tmp_path / "killed" / "x.npy.npy").exists()
    for out in ("killed", "whole"):
        assert start([*command, f"--out={out}"]).wait() == 0
    files = [tmp_path / out / "x.npy.npy" for out in ("killed", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()
