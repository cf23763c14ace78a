"""A run of two processes on this machine's loopback."""

import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
from run_binary import ROOT

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


def command(experiment, workdir, *given):
    return [
        sys.executable,
        "-m",
        f"experiments.{experiment}",
        *RUNS[experiment],
        f"--workdir={workdir}",
        *given,
    ]


@pytest.mark.skipif(BACKEND != "jax", reason="needs keras.distribution")
@pytest.mark.parametrize("experiment", RUNS)
def test_two_processes_find_what_one_finds(experiment, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    both = [
        "--strategy=data_parallel",
        f"--coordinator={address}",
        "--num_processes=2",
    ]
    started = [
        subprocess.Popen(
            command(experiment, workdir, *given),
            cwd=ROOT,
            env={**os.environ, "KERAS_BACKEND": "jax"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for workdir, given in (
            (tmp_path / "both", both),
            (tmp_path / "not_written", [*both, "--process_id=1"]),
        )
    ]
    try:
        said = [each.communicate(timeout=200)[0] for each in started]
    finally:
        for each in started:
            each.kill()
            each.communicate()
    for each, words in zip(started, said, strict=True):
        assert each.returncode == 0, words
    subprocess.run(
        command(experiment, tmp_path / "one"),
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        check=True,
        capture_output=True,
    )
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    started = [
        subprocess.Popen(
            command(
                "fconv_tests",
                folder,
                "--strategy=data_parallel",
                f"--coordinator={address}",
                "--num_processes=2",
                f"--process_id={process}",
            ),
            cwd=ROOT,
            env={**os.environ, "KERAS_BACKEND": "jax"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for process in range(2)
    ]
    try:
        said = [each.communicate(timeout=120)[0] for each in started]
    finally:
        for each in started:
            each.kill()
            each.communicate()
    for each, words in zip(started, said, strict=True):
        assert each.returncode == 1, words
        assert "holds files but no config.json" in words
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]
