"""A run of two processes on this machine's loopback."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from run_binary import ROOT
from run_binary import finish
from run_binary import free_address

BACKEND = keras.backend.backend()

RUNS = {
    "fconv_tests": [
        "--splits=disjoint",
        "--convolution=same",
        "--padding_mode=zeros",
        "--seeds=1",
        "--epochs=2",
        "--max_images=40",
    ],
    "padding_pattern": [
        "--backbone=vgg16",
        "--weights=random",
        "--layers=1",
        "--padding_mode=zeros,reflect",
        "--images=noise",
        "--crop=32",
        "--max_images=14",
        "--batch_size=4",
    ],
    "position_probe": [
        "--backbone=vgg16",
        "--weights=random",
        "--stages=1",
        "--train_images=noise",
        "--test_images=noise",
        "--max_images=6",
        "--batch_size=2",
    ],
}


def start(experiment, workdir, *given):
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"experiments.{experiment}",
            *RUNS[experiment],
            f"--workdir={workdir}",
            *given,
        ],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def start_two(experiment, *workdirs):
    """Two processes that compute together, each with a `--workdir`."""
    together = (
        "--strategy=data_parallel",
        f"--coordinator={free_address()}",
        "--num_processes=2",
    )
    return [
        start(experiment, workdir, *together, f"--process_id={number}")
        for number, workdir in enumerate(workdirs)
    ]


@pytest.mark.skipif(BACKEND != "jax", reason="needs keras.distribution")
@pytest.mark.parametrize("experiment", RUNS)
def test_two_processes_find_what_one_finds(experiment, tmp_path):
    finish(*start_two(experiment, tmp_path / "both", tmp_path / "not_written"))
    finish(start(experiment, tmp_path / "one"))
    assert not (tmp_path / "not_written").exists()
    one, two = (
        json.loads((tmp_path / name / "results.json").read_text())["rows"]
        for name in ("one", "both")
    )
    assert len(one) == len(two) > 0
    for alone, together in zip(one, two, strict=True):
        assert alone.keys() == together.keys()
        for name, value in alone.items():
            if isinstance(value, float):
                np.testing.assert_allclose(
                    together[name], value, rtol=1e-3, atol=1e-4, err_msg=name
                )
            elif not isinstance(value, list):
                assert together[name] == value, name


@pytest.mark.skipif(BACKEND != "jax", reason="needs keras.distribution")
def test_what_stops_process_0_is_said_by_both(tmp_path):
    """A work directory of somebody else: nobody hangs."""
    folder = tmp_path / "somebodys"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    for text in finish(*start_two("fconv_tests", folder, folder), status=1):
        assert "holds files but no config.json" in text
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]
