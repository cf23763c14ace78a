import json

import numpy as np
import pytest
from bright_dataset import write_bright_dataset
from run_binary import run_binary
from run_study import run_study

GIVEN = (
    "--dataset=padpos_bright",
    "--data_dir=tfds",
    "--train_images=20",
    "--test_images=12",
    "--batch_size=4",
    "--epochs=1",
    "--log_steps=2",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("location")
    write_bright_dataset(
        folder / "tfds", "padpos_bright", {"train": 20, "test": 14}
    )
    write_bright_dataset(
        folder / "tfds", "padpos_few", {"train": 3, "test": 14}
    )
    write_bright_dataset(
        folder / "tfds", "padpos_many", {"train": 20, "test": 14}, classes=12
    )
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return lambda *given: run_study("location_task", *given, cwd=folder)


@pytest.fixture(scope="module")
def finished(run, folder):
    done = run(
        *GIVEN,
        "--task=both,segmentation",
        "--padding_mode=zeros,none",
        "--canvas=mean",
        "--workdir=work",
    )
    assert done.returncode == 0, done.stderr
    return done, folder / "work"


def test_rows_have_every_cell_as_often(finished):
    _, work = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    assert [
        (row["task"], row["padding_mode"], row["head"]) for row in rows
    ] == [
        ("both", "zeros", "class"),
        ("both", "zeros", "cell"),
        ("both", "zeros", "latent"),
        ("both", "none", "class"),
        ("both", "none", "cell"),
        ("both", "none", "latent"),
        ("segmentation", "zeros", "pixels"),
        ("segmentation", "zeros", "latent"),
        ("segmentation", "none", "pixels"),
        ("segmentation", "none", "latent"),
    ]
    for row in rows:
        if row["head"] == "latent":
            continue
        assert [len(line) for line in row["per_cell"]] == [3, 3, 3]
        assert row["per_cell_images"] == row["test_images"] == 12
        assert len(row["by_border_distance"]) == 2
        assert row["steps"] == 5
        score = row["mean_iou" if row["head"] == "pixels" else "accuracy"]
        assert 0 <= score <= 1
        if row["head"] != "pixels":
            mean = sum(map(sum, row["per_cell"])) / 9
            assert score == pytest.approx(mean)


def test_rows_of_units_add_up(finished):
    _, work = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    for row in rows:
        if row["head"] != "latent":
            continue
        counts = (
            row[f"neurons_{name}"] for name in ("location", "class", "residual")
        )
        assert sum(counts) == row["units"] == 256
        assert list(row["position_units"]) == [
            f"stage{number}_out" for number in range(1, 5)
        ]


def test_it_leaves_curves_figures_and_models(finished):
    done, work = finished
    assert "| segmentation | pixels | mean" in done.stdout
    assert "What units say of place and class" in done.stdout
    assert len(list((work / "models").iterdir())) == 4
    names = {file.stem for file in (work / "figures").iterdir()}
    assert names == {
        f"{what}_vgg5_{head}_mean_3_ordered"
        for what in ("cells", "distance", "learning")
        for head in ("both_class", "both_cell", "segmentation_pixels")
    }
    lines = (work / "metrics.jsonl").read_text().splitlines()
    steps = [2, 4, 5]
    assert [json.loads(line)["step"] for line in lines] == steps * 4
    with np.load(work / "arrays.npz") as arrays:
        for mode in ("zeros", "none"):
            label = f"vgg5-both-mean-3x3-{mode}-seed0"
            assert arrays[f"{label}/step"].tolist() == steps
            assert arrays[f"{label}/epoch"].tolist() == [0.4, 0.8, 1]
            assert arrays[f"{label}/cell_accuracy"].shape == (3,)


def test_channels_may_be_permuted(run, folder):
    done = run(
        *GIVEN,
        "--task=location",
        "--grid=2",
        "--padding_mode=zeros",
        "--channels=ordered,permuted",
        "--workdir=permuted",
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "permuted" / "results.json").read_text())
    rows = [row for row in results["rows"] if row["head"] == "cell"]
    assert [row["channels"] for row in rows] == ["ordered", "permuted"]


def test_finished_it_prints_the_same_table(finished, run):
    done, work = finished
    again = run(
        *GIVEN,
        "--task=both,segmentation",
        "--padding_mode=zeros,none",
        "--canvas=mean",
        "--workdir=work",
    )
    assert again.stdout == done.stdout


FAULTS = {
    # As a power cut would, while the first network is scored.
    "killed": """
import os
tasks.score_location = lambda *args, **options: os._exit(9)
""",
    "diverged": """
def diverging(model, *args, **options):
    steps = train(model, *args, **options)
    if model.layers[-1].name == "cell_logits":
        model.layers[-1].bias.assign([float("nan")] * 4)
    return steps
train, tasks.train_location = tasks.train_location, diverging
""",
}


def run_with(fault, folder, *given):
    code = "from keras_padpos import tasks\n" + FAULTS[fault]
    return run_binary(
        "experiments.location_task", *given, cwd=folder, fault=code
    )


@pytest.mark.large
def test_killed_while_it_scores_it_need_not_train_again(finished, run, folder):
    _, work = finished
    given = (
        *GIVEN,
        "--task=both,segmentation",
        "--padding_mode=zeros,none",
        "--canvas=mean",
        "--workdir=again",
    )
    assert run_with("killed", folder, *given).returncode == 9
    (trained,) = (folder / "again" / "checkpoints").glob("*network*.json")
    assert run(*given).returncode == 0
    assert not trained.exists()
    results = [
        json.loads((each / "results.json").read_text())["rows"]
        for each in (work, folder / "again")
    ]
    assert results[0] == results[1]
    lines = [
        (each / "metrics.jsonl").read_text()
        for each in (work, folder / "again")
    ]
    assert lines[0] == lines[1]


@pytest.mark.large
def test_a_network_that_diverges_does_not_end_the_run(folder):
    done = run_with(
        "diverged",
        folder,
        *GIVEN,
        "--task=location,classification",
        "--grid=2",
        "--padding_mode=zeros",
        "--workdir=diverged",
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((folder / "diverged" / "results.json").read_text())
    rows = results["rows"]
    assert [row["head"] for row in rows] == ["cell", "class", "latent"]
    assert "diverged" in rows[0]["reason"]
    assert "accuracy" not in rows[0]
    assert rows[0]["reason"] in done.stdout


@pytest.mark.large
def test_seeds_grids_and_half_precision(run, folder):
    done = run(
        *GIVEN,
        "--task=both",
        "--padding_mode=zeros",
        "--grid=1,2",
        "--seeds=2",
        "--max_steps=3",
        "--nocalibrate_batch_norm",
        "--mixed_precision",
        "--workdir=half",
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((folder / "half" / "results.json").read_text())["rows"]
    cells = [row for row in rows if row["head"] == "cell"]
    assert [(row["grid"], row["seed"]) for row in cells] == [
        (1, 0),
        (2, 0),
        (1, 1),
        (2, 1),
    ]
    assert [row["chance"] for row in cells] == [1, 0.25] * 2
    assert cells[0]["accuracy"] == 1
    assert {row["steps"] for row in rows} == {3}
    with np.load(folder / "half" / "arrays.npz") as arrays:
        found = arrays["vgg5-both-black-1x1-zeros-seed0/cell_accuracy"]
    assert found.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--model=vgg6", "--model must be of vgg5"),
        ("--task=where", "--task must be of classification"),
        ("--canvas=grey", "--canvas must be of black"),
        ("--grid=0", "--grid"),
        ("--grid=three", "--grid"),
        ("--padding_mode=mirror", "mirror"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--test_images=10", "--test_images must be at least 11"),
        ("--max_images=10", "Received: 10, with --max_images=10 and"),
        ("--grid=4", "--test_images must be at least 17"),
        ("--channels=mixed", "--channels must be of ordered, permuted"),
        ("--channels=permuted --task=segmentation", "--channels must be orde"),
        ("--dataset=padpos_nowhere", "=padpos_nowhere cannot be read: "),
        ("--dataset=padpos_few", "=padpos_few, which has 3"),
        ("--dataset=padpos_many", "at most 10 classes. Received: --dataset=pa"),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, folder, given, said):
    done = run(*GIVEN, *given.split(), "--workdir=refused")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("location_task: error: ")
    assert said in line
    assert not (folder / "refused").exists()
