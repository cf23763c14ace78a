import functools
import json

import keras
import numpy as np
import pytest
from run_tool import run_tool

from keras_padpos import probes
from keras_padpos.data import open_images
from tools.held_images import HeldImages
from tools.measure_probe import exact_pass_over_forward
from tools.measure_probe import fit_all
from tools.measure_probe import recipe_seconds
from tools.peak_memory import peak_memory

benchmark = functools.partial(run_tool, "tools.benchmark", "probe")


@pytest.fixture
def network():
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.AveragePooling2D(2)(inputs)
    return keras.Model(inputs, {"early": x, "late": x[..., :1]})


def test_held_images_are_those_of_the_set_in_batches_of_any_size():
    images = open_images("noise", size=8, count=5)
    held = HeldImages(images)
    assert held.delivered == 5
    assert [len(batch) for batch in held.batches(2)] == [2, 2, 1]
    np.testing.assert_array_equal(
        np.concatenate(list(held.as_dataset(3))),
        next(images.batches(5)),
    )


def test_the_recipe_is_extrapolated_by_its_steps(network):
    images = open_images("noise", size=32, count=70)
    seen = []
    found = recipe_seconds(
        network,
        images,
        probes.Head(3, output="sigmoid", stages=("late",)),
        target="gaussian",
        steps=2,
        advance=lambda: seen.append(1),
    )
    # 15 epochs of 70 pictures, 32 at once: 15 * 3.
    assert found["steps"] == 45
    assert found["seconds"] == pytest.approx(45 * found["step_seconds"])
    assert len(seen) == 3  # one more, not timed


def test_the_pass_and_the_fit_are_timed(network):
    images = open_images("noise", size=32, count=4)
    found = exact_pass_over_forward(
        network, images, targets=["horizontal"], batch_size=2, rounds=3
    )
    assert found["ratio"] == pytest.approx(
        found["exact_seconds"] / found["forward_seconds"]
    )
    assert found["forward_seconds"] > 0
    seen = []
    seconds = fit_all(
        network,
        images,
        [probes.Head(), probes.Head(3, stages=("early",))],
        targets=["horizontal"],
        batch_size=2,
        ridge=0.1,
        positions="auto",
        advance=seen.append,
    )
    assert seconds > 0
    assert seen == [2, 2]


def test_a_run_that_fails_says_why():
    with pytest.raises(RuntimeError, match="tools.report failed.*DIR"):
        peak_memory("tools.report", ["nowhere"])


@pytest.mark.large
def test_binary_leaves_rows_and_prints_the_targets(tmp_path):
    flags = (
        f"--workdir={tmp_path / 'work'}",
        "--backbone=rgb",
        "--weights=random",
        "--images=noise",
        "--max_images=40",
        "--recipe_steps=1",
        "--rounds=1",
        "--pass_images=4",
        "--memory_images=2",
        "--targets=horizontal,gaussian",
    )
    done = benchmark(*flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "work" / "results.json").read_text())["rows"]
    tables, each_pass, memory = rows
    # 3x3, 1x1, 7x7 and 3x3 with one and two zeros.
    assert tables["heads"] == 5
    assert tables["recipe_runs"] == 10
    assert tables["recipe_steps"] == 15 * 2
    assert tables["recipe_seconds"] == pytest.approx(
        2 * 30 * sum(tables["step_seconds"])
    )
    assert each_pass["ratio"] > 0
    assert 50 < memory["peak_mib"] < 20_000
    assert "Target: at least 50; measured" in done.stdout
    assert "bare forward pass" in done.stdout
    again = benchmark(*flags, cwd=tmp_path)
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--memory_images=few", "--memory_images must be whole numbers"),
        ("--tables=9", "9"),
        ("--weights=nowhere.h5", "nowhere.h5"),
        ("--ridge=-1", "--ridge"),
        ("--targets=diagonal", "`target` must be one of"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, flag, words):
    done = benchmark(flag, cwd=tmp_path)
    assert done.returncode != 0
    assert words in done.stderr.strip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
