"""Training on several devices gives what one device gives."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from run_binary import finish
from run_binary import free_address

HERE = Path(__file__).parent
BACKEND = keras.backend.backend()


def start(how, out, *, process=0, processes=1, address="", devices=1):
    environment = {
        **os.environ,
        "KERAS_BACKEND": BACKEND,
        "PYTHONPATH": str(HERE.parents[1]),
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
    }
    return subprocess.Popen(
        [
            sys.executable,
            HERE / "devices_train.py",
            *map(str, (how, process, processes, address, out)),
        ],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def train_alone(out):
    """On one device, in this process."""
    script = runpy.run_path(HERE / "devices_train.py")
    script["main"]("none", 0, 1, "", str(out))


def load(file):
    with np.load(file) as found:
        return dict(found)


def check(found, expected, devices):
    assert found["devices"] == devices
    assert found["resumed"]
    for name, each in expected.items():
        if name not in ("devices", "resumed"):
            np.testing.assert_allclose(
                found[name], each, rtol=1e-4, atol=2e-5, err_msg=name
            )


@pytest.mark.skipif(BACKEND != "tensorflow", reason="is TensorFlow's")
def test_mirrored_on_two_devices(tmp_path):
    alone, both = tmp_path / "mirrored_alone.npz", tmp_path / "mirrored.npz"
    started = start("mirrored", both)
    train_alone(alone)
    finish(started)
    check(load(both), load(alone), 2)


@pytest.mark.skipif(BACKEND != "jax", reason="is JAX's")
def test_data_parallel_on_two_devices_and_in_two_processes(tmp_path):
    alone, devices, first, second = (
        tmp_path / f"{number}.npz" for number in range(4)
    )
    address = free_address()
    started = start("data_parallel", devices, devices=2)
    train_alone(alone)
    finish(started)
    finish(
        *(
            start(
                "data_parallel",
                out,
                process=process,
                processes=2,
                address=address,
            )
            for process, out in enumerate((first, second))
        )
    )
    expected = load(alone)
    check(load(devices), expected, 2)
    check(load(first), expected, 2)
    # To the last bit what the other process has.
    for name, each in load(first).items():
        np.testing.assert_array_equal(load(second)[name], each, err_msg=name)
