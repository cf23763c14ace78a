import json

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import run_study


def run(*flags, cwd):
    return run_study("fconv_tests", *flags, cwd=cwd)


def _rows(work):
    return json.loads((work / "results.json").read_text())["rows"]


def _table(text):
    """The lines of a printed Markdown table, as dicts."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith("|-")
    ]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


@pytest.fixture(scope="module")
def red_green(tmp_path_factory):
    """A run of the binary: its directory, flags and what it printed."""
    work = tmp_path_factory.mktemp("run") / "work"
    flags = (
        f"--workdir={work}",
        "--convolution=valid,full",
        "--padding_mode=zeros",
        "--splits=released",
        "--seeds=2",
        "--seed=3",
        "--epochs=1",
        "--max_images=12",
    )
    done = run(*flags, cwd=work.parent)
    assert done.returncode == 0, done.stderr
    return work, flags, done


def test_rows_are_flat_and_each_is_there_once(red_green):
    work, _, _ = red_green
    rows = _rows(work)
    found = [
        (
            row["convolution"],
            row["padding_mode"],
            row["seed"],
            row["test_set"],
        )
        for row in rows
    ]
    assert len(set(found)) == len(found)
    # Without padding there is nothing to fill.
    assert set(found) == {
        (*net, seed, test_set)
        for net in [("valid", "none"), ("full", "zeros")]
        for seed in (3, 4)
        for test_set in ("similar", "dissimilar")
    }
    for row in rows:
        assert row["test"] == "red_green"
        assert (row["images"], row["train_images"], row["epochs"]) == (
            12,
            12,
            1,
        )
        assert 0 <= row["accuracy"] <= 1


def test_what_the_splits_and_full_convolutions_entail(red_green):
    rows = _rows(red_green[0])
    similar = {
        (row["convolution"], row["seed"]): row["accuracy"]
        for row in rows
        if row["test_set"] == "similar"
    }
    for row in rows:
        # With so few pictures all released sets are the same one.
        key = row["convolution"], row["seed"]
        assert row["train_accuracy"] == similar[key]
        if row["convolution"] == "full":
            assert row["accuracy"] == similar[key]


def test_the_table_shows_means_beside_the_papers_numbers(red_green):
    work, _, done = red_green
    table = _table(done.stdout)
    assert len(table) == 4
    for line in table:
        values = [
            100 * row["accuracy"]
            for row in _rows(work)
            if all(
                row[key] == line[heading]
                for key, heading in (
                    ("convolution", "convolution"),
                    ("padding_mode", "padding"),
                    ("test_set", "test set"),
                )
            )
        ]
        assert line["seeds"] == "2"
        deviation = np.std(values, ddof=1)
        assert line["accuracy"] == f"{np.mean(values):.1f} ± {deviation:.1f}"
    papers = {
        (line["convolution"], line["test set"]): (
            line["paper"],
            line["within 3 points"],
        )
        for line in table
    }
    # Typed from the paper. One epoch is not enough for either.
    assert papers["valid", "similar"] == ("100.0 ± 0.0", "no")
    assert papers["full", "dissimilar"] == ("89.7 ± 0.5", "no")


@pytest.mark.large
def test_a_run_goes_on_from_its_checkpoints(red_green, tmp_path):
    work, flags, done = red_green
    again = run(*flags, cwd=tmp_path)
    assert again.stdout == done.stdout
    assert "done before" not in again.stderr, "finished: nothing is read"
    rows = _rows(work)
    lost = "red_green-released-full-zeros-seed4"
    # As if the run had been killed in the middle of one unit.
    (work / "results.json").unlink()
    (checkpoint,) = (work / "checkpoints").glob(f"{lost}-*.json")
    checkpoint.unlink()
    resumed = run(*flags, cwd=tmp_path)
    assert resumed.stderr.count("done before") == 3
    assert f"{lost}: 1 epoch," in resumed.stderr
    for row, first in zip(_rows(work), rows, strict=True):
        loss = row.pop("validation_cross_entropy")
        assert loss == pytest.approx(first.pop("validation_cross_entropy"))
        assert row == first


def test_figures_and_metrics_are_there(red_green):
    work, _, _ = red_green
    with Image.open(work / "figures" / "red_green_examples.png") as figure:
        assert figure.width > 300
    lines = (work / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert {"epoch", "val_cross_entropy"} <= set(json.loads(lines[0]))


@pytest.fixture(scope="module")
def quadrants(tmp_path_factory):
    """A run of both kinds of training on a small network of a file."""
    folder = tmp_path_factory.mktemp("quadrants")
    keras.utils.set_random_seed(0)
    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 255)(x)
    for name in ("conv0", "conv1"):
        x = keras.layers.Conv2D(8, 3, 2, padding="same", name=name)(x)
    keras.Model(inputs, x).save(folder / "net.keras")
    done = run(
        f"--workdir={folder / 'work'}",
        "--test=four_quadrants",
        f"--backbone={folder / 'net.keras'}",
        "--weights=file",
        "--layer=conv1",
        "--padding_mode=own",
        "--train=frozen,scratch",
        "--borders=0,8",
        "--images=noise",
        "--pictures=6,3",
        "--background=black",
        "--seeds=1",
        "--epochs=1",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return folder / "work", done


def test_quadrants_of_a_file(quadrants):
    work, done = quadrants
    rows = _rows(work)
    # 2 trainings x 2 borders x 2 splits.
    assert len(rows) == len(_table(done.stdout)) == 8
    for row in rows:
        pictures = 6 if row["border"] == 0 else 3
        share = 3 if row["splits"] == "disjoint" else 1
        assert row["test_images"] == pictures // share
        assert ("difference" in row) == (row["train"] == "frozen")
    with Image.open(work / "figures" / "accuracy_by_border.png") as figure:
        assert figure.width > 300


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--test=red"], "--test must be one of red_green, four_quadrants"),
        (["--padding_mode=nought"], "--padding_mode must be one of zeros"),
        (["--padding_mode=own"], "--padding_mode of red_green must be a mode"),
        (
            ["--test=four_quadrants", "--pictures=5,5"],
            "--pictures must be one number, or one for each of --borders",
        ),
        (
            [
                "--test=four_quadrants",
                "--backbone=bagnet33",
                "--weights=imagenet",
            ],
            "--weights of bagnet33 must be random",
        ),
    ],
)
def test_bad_flags_end_in_one_line(flags, message, tmp_path):
    done = run(*flags, cwd=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.strip().count("\n") == 0
    assert not list(tmp_path.iterdir())
