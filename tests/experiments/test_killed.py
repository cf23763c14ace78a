"""Training that is killed again and again ends as if it never was."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from mask_folders import write_voc
from PIL import Image
from run_binary import ROOT
from texture_folders import write_textures
from tfds_folder import write_bright_dataset

# How often, in the tests that are not for every day.
KILLS = int(os.environ.get("KERAS_PADPOS_KILLS", "4"))

# Random padding is in all of them.
FLAGS = {
    "fconv_tests": [
        "--test=red_green,four_quadrants",
        "--splits=disjoint",
        "--convolution=same",
        "--padding_mode=randn",
        "--backbone=resnet18",
        "--train=scratch",
        "--borders=0",
        "--pictures=6",
        "--images=noise",
        "--max_images=200",
        "--seeds=1",
        "--epochs=3",
    ],
    "location_task": [
        "--task=both,segmentation",
        "--padding_mode=zeros,randn",
        "--dataset=padpos_bright",
        "--data_dir=tfds",
        "--train_images=80",
        "--test_images=12",
        "--batch_size=4",
        "--epochs=3",
    ],
    "position_probe": [
        "--solver=sgd",
        "--backbone=vgg16",
        "--weights=bundled",
        "--stages=1",
        "--padding_mode=zeros,randn",
        "--targets=horizontal,vertical",
        "--train_images=noise",
        "--test_images=noise,white",
        "--max_images=24",
        "--epochs=12",
    ],
    "semantic_head": [
        "--backbone=vgg5",
        "--padding_mode=zeros,randn",
        "--train_set=voc:masks:train",
        "--test_set=voc:masks:test",
        "--classes=3",
        "--size=24,32",
        "--batch_size=4",
        "--epochs=6",
        "--log_steps=7",
    ],
    "robustness": [
        "--padding_mode=zeros,randn",
        "--cutout=random",
        "--dataset=padpos_bright",
        "--data_dir=tfds",
        "--train_images=160",
        "--test_images=8",
        "--batch_size=4",
        "--epochs=3",
        "--shares=0.1",
        "--epsilon=8",
        "--attack_steps=1",
        "--universal_images=8",
    ],
    "texture": [
        "--backbone=resnet18",
        "--weights=random",
        "--padding_mode=randn",
        "--train=scratch",
        "--train_set=textures/train",
        "--test_set=textures/test",
        "--size=64",
        "--batch_size=4",
        "--epochs=3",
    ],
    "pattern_formation": [
        "--padding_mode=zeros,randn",
        "--seeds=1",
        "--dataset=padpos_bright",
        "--data_dir=tfds",
        "--images=photos",
        "--train_images=160",
        "--batch_size=4",
        "--epochs=3",
        "--checkpoints=0,5,50",
        "--pattern_crops=8",
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    write_bright_dataset(
        folder / "tfds", "padpos_bright", {"train": 160, "test": 20}
    )
    write_voc(folder / "masks", {"train": 80, "test": 10})
    write_textures(folder / "textures", {"train": 16, "test": 2}, size=64)
    (folder / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3))
    picture = Image.fromarray(pixels.astype("uint8"))
    picture.resize((100, 90), Image.BICUBIC).save(folder / "photos" / "1.png")
    return folder


def start(experiment, work):
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"experiments.{experiment}",
            *FLAGS[experiment],
            f"--workdir={work}",
            "--checkpoint_seconds=0",
        ],
        cwd=work.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(file, process):
    while not file.exists() and process.poll() is None:
        time.sleep(0.02)
    return time.monotonic()


def left_by(work):
    results = json.loads((work / "results.json").read_text())
    rows = results["rows"], results["provenance"].get("skipped")
    lines = (work / "metrics.jsonl").read_text().splitlines()
    if not (work / "arrays.npz").exists():
        return rows, sorted(lines), {}
    with np.load(work / "arrays.npz") as arrays:
        return rows, sorted(lines), {name: arrays[name] for name in arrays}


def check_killed(experiment, kills, folder):
    whole = folder / f"{experiment}-whole"
    process = start(experiment, whole)
    began = wait_for(whole / "config.json", process)
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    seconds = time.monotonic() - began
    rng = np.random.default_rng(0)
    done = turn = 0
    while done < kills:
        # Each of them is killed until it is done before its moment comes.
        killed = folder / f"{experiment}-killed{turn}"
        turn += 1
        while not (killed / "results.json").exists():
            process = start(experiment, killed)
            wait_for(killed / "config.json", process)
            wait = rng.uniform(0.1, 0.9) * seconds
            try:
                said, _ = process.communicate(
                    timeout=wait if done < kills else 600
                )
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                done += 1
            else:
                assert process.returncode == 0, said
        check_same(whole, killed)


def check_same(whole, killed):
    rows, lines, arrays = left_by(whole)
    found_rows, found_lines, found_arrays = left_by(killed)
    assert found_rows == rows
    assert found_lines == lines
    assert found_arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found_arrays[name], array, err_msg=name)
    for model in (whole / "models").glob("*.keras"):
        check_same_weights(model, killed / "models" / model.name)


def check_same_weights(one, other):
    import keras

    import keras_padpos.layers
    import keras_padpos.tasks  # noqa: F401, whose layers models hold

    found, expected = (
        keras.saving.load_model(file, compile=False).get_weights()
        for file in (other, one)
    )
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.large
@pytest.mark.parametrize("experiment", FLAGS)
def test_killed_again_and_again(experiment, tmp_path_factory, folder):
    work = tmp_path_factory.mktemp(experiment)
    for name in ("tfds", "photos", "masks", "textures"):
        (work / name).symlink_to(folder / name)
    check_killed(experiment, KILLS, work)
