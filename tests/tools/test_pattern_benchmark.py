"""The benchmark of the measurement of patterns."""

import functools
import json

import pytest
from pattern_nets import pattern_net
from run_tool import run_tool

from tools.measure_pattern import pattern_over_forward

benchmark = functools.partial(run_tool, "tools.benchmark", "pattern")


def test_the_measurement_is_timed_beside_both_passes():
    found = pattern_over_forward(
        pattern_net(), 16, crops=4, batch_size=2, rounds=3
    )
    assert found["pictures"] == "40x40"
    assert found["forward_seconds"] > 0
    assert found["ratio"] == pytest.approx(
        found["pattern_seconds"] / found["forward_seconds"]
    )


@pytest.mark.large
def test_binary_leaves_rows_and_prints_the_target(tmp_path):
    flags = (
        f"--workdir={tmp_path / 'work'}",
        "--backbone=resnet18",
        "--crop=32",
        "--crops=2",
        "--batch_size=2",
        "--rounds=1",
        "--memory_crops=2",
    )
    done = benchmark(*flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    time, memory = json.loads((tmp_path / "work" / "results.json").read_text())[
        "rows"
    ]
    assert time["pictures"] == "480x480"
    assert time["ratio"] > 0
    assert 50 < memory["peak_mib"] < 20_000
    assert "Target: at most 1.2." in done.stdout


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--memory_crops=few", "--memory_crops must be whole numbers from 2"),
        ("--padding_mode=mirror", "--padding_mode must be one of"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(flag, words, tmp_path):
    done = benchmark(f"--workdir={tmp_path / 'w'}", flag, cwd=tmp_path)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "w").exists()
