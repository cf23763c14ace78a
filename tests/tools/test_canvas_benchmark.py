"""The benchmark of the canvases of location-dependent tasks."""

import functools
import json

import keras
import pytest
from run_tool import run_tool

from tools import measure_canvas as module
from tools.measure_canvas import measure_canvas
from tools.training_in_turns import TrainingInTurns

benchmark = functools.partial(run_tool, "tools.benchmark", "canvas")
FEEDS = [
    module.MEMORY,
    module.LAYER,
    module.DATASET,
    module.DATASET_BYTES,
    module.DATASET_ALONE,
]
TINY = {"batch_size": 2, "steps": 2, "rounds": 2, "size": 8}


@pytest.mark.parametrize(
    ("task", "installed", "feeds"),
    [
        pytest.param("both", True, FEEDS, marks=pytest.mark.large),
        ("segmentation", False, FEEDS[:2]),
    ],
)
def test_every_feed_gets_a_row(task, installed, feeds, monkeypatch):
    monkeypatch.setattr(
        "tools.measure_canvas.importlib.util.find_spec", lambda _: installed
    )
    rows = measure_canvas("vgg5", task, 2, **TINY)
    assert [row["feed"] for row in rows] == feeds
    for row in rows:
        assert row["ratio"] == pytest.approx(
            row["milliseconds"] / rows[0]["milliseconds"]
        )
        assert 0 < row["ratio_low"] <= row["ratio_high"]
        assert row["cpu_ratio"] == pytest.approx(
            row["cpu_milliseconds"] / rows[0]["cpu_milliseconds"]
        )


@pytest.mark.large
def test_all_train_the_same_number_of_steps_with_the_same_settings(monkeypatch):
    compiled, called = [], []

    def watched(contenders, rounds):
        for name in (module.MEMORY, module.LAYER, module.DATASET_BYTES):
            before = [int(model.optimizer.iterations) for model in compiled]
            contenders[name]()
            after = [int(model.optimizer.iterations) for model in compiled]
            called.append([b - a for a, b in zip(before, after, strict=True)])
        return real(contenders, rounds)

    def compile(model, *args, **options):
        keras_compile(model, *args, **options)
        compiled.append(model)

    real = module.interleaved_times
    keras_compile = keras.Model.compile
    monkeypatch.setattr(module, "interleaved_times", watched)
    monkeypatch.setattr(keras.Model, "compile", compile)
    measure_canvas("vgg5", "both", 2, jit=False, **TINY)
    whole, bare = compiled
    assert called == [[0, 2], [2, 0], [0, 2]]
    assert whole.optimizer.get_config() == bare.optimizer.get_config()
    assert whole.jit_compile is bare.jit_compile is False
    assert [each.name for each in whole.trainable_variables] == [
        each.name for each in bare.trainable_variables
    ]


def test_training_in_turns_raises_what_it_meets():
    def train(log):
        log(step=1)
        raise ValueError("no more")

    with TrainingInTurns(train) as go_on:
        go_on()
        with pytest.raises(ValueError, match="no more"):
            go_on()
    with TrainingInTurns(lambda log: log()) as go_on:
        go_on()
        with pytest.raises(RuntimeError, match="has ended"):
            go_on()
    with TrainingInTurns(train):
        """Nobody asks it to begin."""


def test_training_in_turns_has_the_policy_of_who_asks():
    before = keras.config.dtype_policy()
    seen = []

    def train(log):
        seen.append(keras.config.dtype_policy().name)
        log()

    keras.config.set_dtype_policy("mixed_float16")
    try:
        with TrainingInTurns(train) as go_on:
            go_on()
    finally:
        keras.config.set_dtype_policy(before)
    assert seen == ["mixed_float16"]


@pytest.mark.large
def test_binary_leaves_rows_and_prints_the_target(tmp_path):
    flags = (
        f"--workdir={tmp_path / 'work'}",
        "--model=vgg5",
        "--grid=1",
        "--batch_size=2",
        "--steps=1",
        "--rounds=1",
        "--jit=0",
        "--mixed_precision",
    )
    done = benchmark(*flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "work" / "results.json").read_text())
    assert results["experiment"] == "benchmark_canvas"
    assert results["config"]["backend"] == keras.backend.backend()
    assert [row["feed"] for row in results["rows"]] == FEEDS
    assert {(row["grid"], row["jit"]) for row in results["rows"]} == {(1, "0")}
    assert "2 canvases, mixed_float16" in done.stdout
    assert "Target: at most 1.05 times canvases in memory." in done.stdout
    assert results["provenance"]["machine"]["line"] in done.stdout


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--model=vgg6", "--model must be one of vgg5, resnet18, "),
        ("--model=", "Received: nothing"),
        ("--jit=2", "--jit must be one of auto, 0, 1. Received: 2"),
        ("--grid=0", "--grid must be whole numbers from 1"),
        ("--padding_mode=mirror", "--padding_mode must be one of"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(flag, words, tmp_path):
    done = benchmark(f"--workdir={tmp_path / 'w'}", flag, cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert words in line
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("flag", "choices"),
    [
        ("--task=naming", "<classification|location|both|segmentation>"),
        ("--canvas=grey", "<black|white|mean>"),
    ],
)
def test_one_value_is_one_of_its_choices(flag, choices, tmp_path):
    done = benchmark(f"--workdir={tmp_path / 'w'}", flag, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert f"flag {flag}: value should be one of {choices}" in line
    assert not (tmp_path / "w").exists()
