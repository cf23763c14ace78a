import json

import keras
import numpy as np
import pytest
from bright_dataset import write_bright_dataset
from run_binary import run_binary
from run_study import run_study

import keras_padpos.layers
import keras_padpos.tasks  # noqa: F401, whose layers models hold
from keras_padpos import data

GIVEN = (
    "--dataset=padpos_bright",
    "--data_dir=tfds",
    "--train_images=16",
    "--test_images=10",
    "--batch_size=4",
    "--epochs=2",
    "--log_steps=4",
    "--shares=0.1",
    "--attack_steps=2",
    "--attack_step=1",
    "--epsilon=8",
    "--universal_images=8",
    "--universal_epochs=1",
)
ASKED = (
    "--padding_mode=interpolate",
    "--cutout=off,random",
    "--test_cutout=black,random",
    "--workdir=work",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robustness")
    write_bright_dataset(
        folder / "tfds", "padpos_bright", {"train": 16, "test": 12}
    )
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return lambda *given: run_study("robustness", *given, cwd=folder)


@pytest.fixture(scope="module")
def finished(run, folder):
    done = run(*GIVEN, *ASKED)
    assert done.returncode == 0, done.stderr
    return done, folder / "work"


def test_rows_are_each_network_at_each_trial(finished):
    _, work = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    networks = dict.fromkeys(
        (row["padding_mode"], row["cutout"]) for row in rows
    )
    assert list(networks) == [
        ("interpolate", "off"),
        ("interpolate", "random"),
    ]
    trials = [
        ("none", None, None, None),
        ("cutout", "black", None, None),
        ("cutout", "random", None, None),
        *(
            (attack, None, region, share)
            for attack in ("noise", "pgd", "universal")
            for region, share in (
                ("whole", None),
                ("border", 0.1),
                ("interior", 0.1),
            )
        ),
    ]
    names = ("attack", "fill", "region", "share")
    for number in range(2):
        own = rows[number * len(trials) : (number + 1) * len(trials)]
        assert [tuple(row[name] for name in names) for row in own] == trials
    for row in rows:
        assert 0 <= row["accuracy"] <= 1
        assert (row["steps"], row["test_images"]) == (8, 10)
        if row["region"]:
            # Of 32x32 pixels, three on each side.
            whole = row["region"] == "whole"
            assert row["fraction"] == (1 if whole else 1 - 26**2 / 32**2)
            assert row["epsilon"] == 8
        low, high = row["accuracy_ci95"]
        assert low <= row["accuracy"] <= high
        assert row["dataset"] == "padpos_bright"
        assert (row["size"], row["cutout_size"]) == (32, 0.5)
        assert (row["attack_step"], row["attack_steps"]) == (1, 2)
    for border, interior in zip(rows, rows[1:], strict=False):
        if interior["region"] == "interior":
            difference = border["accuracy"] - interior["accuracy"]
            assert interior["border_minus_interior"] == pytest.approx(
                difference
            )
        else:
            assert interior["border_minus_interior"] is None


def test_saved_networks_are_those_that_were_scored(finished, folder):
    _, work = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    pictures, labels = data.labelled_pictures(
        "padpos_bright:test", 32, count=10, data_dir=folder / "tfds"
    )
    arrays = np.load(work / "arrays.npz")
    for label in dict.fromkeys(row["arrays"] for row in rows):
        (file,) = (work / "models").glob(f"{label}-*.keras")
        network = keras.saving.load_model(file, compile=False)
        for row in rows:
            if row["arrays"] != label or row["attack"] not in (
                "none",
                "universal",
            ):
                continue
            given = pictures.astype("float32")
            if row["region"]:
                name = f"universal-8-{row['region']}"
                if row["share"]:
                    name += "-0.1"
                given = np.clip(given + arrays[f"{label}/{name}"], 0, 255)
            answers = network.predict(given, verbose=0).argmax(axis=-1)
            assert np.mean(answers == labels) == row["accuracy"]


def test_it_leaves_curves_perturbations_figures_and_models(finished):
    done, work = finished
    assert "clean and with squares cut out" in done.stdout
    assert "Accuracy in percent under attack" in done.stdout
    assert len(list((work / "models").iterdir())) == 2
    assert {file.stem for file in (work / "figures").iterdir()} == {
        "cutout_vgg5",
        *(f"learning_vgg5_{cutout}" for cutout in ("off", "random")),
        *(
            f"{what}_vgg5_{cutout}_epsilon8"
            for what in ("fraction", "perturbations")
            for cutout in ("off", "random")
        ),
    }
    with np.load(work / "arrays.npz") as arrays:
        label = "vgg5-interpolate-random-seed0"
        assert arrays[f"{label}/step"].tolist() == [4, 8]
        assert arrays[f"{label}/accuracy"].shape == (2,)
        border = arrays[f"{label}/universal-8-border-0.1"]
    assert border.shape == (32, 32, 3)
    assert 0 < np.abs(border).max() <= 8
    assert not border[3:-3, 3:-3].any()


def test_finished_it_prints_the_same_tables(finished, run):
    done, _ = finished
    assert run(*GIVEN, *ASKED).stdout == done.stdout


# As a power cut would, while the first network is attacked.
KILL = """
import os
import sys
from keras_padpos import tasks
calls = []
def killing(*args, **options):
    calls.append(1)
    if len(calls) == 2:
        os._exit(9)
    return pgd(*args, **options)
module = sys.modules[tasks.score_robustness.__module__]
pgd, module.pgd = module.pgd, killing
"""


def test_killed_while_it_attacks_it_goes_on_there(finished, run, folder):
    done, work = finished
    given = (*GIVEN, *ASKED[:-1], "--workdir=again", "--checkpoint_seconds=0")
    killed = run_binary(
        "experiments.robustness", *given, cwd=folder, fault=KILL
    )
    assert killed.returncode == 9, killed.stderr
    checkpoints = folder / "again" / "checkpoints"
    (network,) = checkpoints.glob("*under-way-network*.json")
    states = [
        json.loads(file.read_text())["rows"][0]
        for file in checkpoints.glob("*scores*.json")
    ]
    # The whole, the border and the interior under noise, then one of PGD.
    assert max(len(state["rows"]) for state in states) == 3 + 3 + 1
    again = run(*given)
    assert again.returncode == 0, again.stderr
    # But for the time it took and where it is.
    assert again.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]
    assert not network.exists()
    assert not list(checkpoints.glob("*under-way*"))
    files = [each / "metrics.jsonl" for each in (work, folder / "again")]
    assert files[0].read_text() == files[1].read_text()
    results = [
        json.loads((each / "results.json").read_text())
        for each in (work, folder / "again")
    ]
    assert results[0]["rows"] == results[1]["rows"]
    assert [each["provenance"]["resumed_units"] for each in results] == [0, 1]
    # Training, and a row each: all pictures are counted, whoever saw them.
    assert f"seed0: {4 * 8 + 12 * 10} pictures" in again.stderr


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (["--max_steps=1"], "answers"),
        (["--nocalibrate_batch_norm", "--attacks=noise"], "weights"),
    ],
)
def test_networks_that_diverge_do_not_end_the_run(run, folder, given, what):
    done = run(
        *GIVEN,
        "--padding_mode=zeros,interpolate",
        "--cutout=off",
        "--learning_rate=1e30",
        *given,
        f"--workdir=diverged-{what}",
    )
    assert done.returncode == 0, done.stderr
    work = folder / f"diverged-{what}"
    rows = json.loads((work / "results.json").read_text())["rows"]
    assert [row["padding_mode"] for row in rows] == ["zeros", "interpolate"]
    for row in rows:
        reason = f"{what} are not finite: training has diverged"
        assert row["reason"] == reason
        assert not {"accuracy", "fooling_rate", "cross_entropy"} & set(row)
    assert not (work / "models").exists()
    assert "diverged" in done.stdout


def test_what_is_not_asked_for_is_not_done(run, folder):
    done = run(
        *GIVEN,
        "--padding_mode=zeros",
        "--cutout=off",
        "--test_cutout=",
        "--attacks=noise",
        "--max_steps=1",
        "--seeds=2",
        "--workdir=less",
    )
    assert done.returncode == 0, done.stderr
    assert "squares" not in done.stdout
    rows = json.loads((folder / "less" / "results.json").read_text())["rows"]
    assert [(row["seed"], row["attack"]) for row in rows] == [
        (seed, attack)
        for seed in (0, 1)
        for attack in ("none", "noise", "noise", "noise")
    ]
    assert {row["steps"] for row in rows} == {1}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--model=vgg6", "--model must be of vgg5"),
        ("--cutout=grey", "--cutout must be of off, black"),
        ("--cutout=", "--cutout must be of off, black"),
        ("--test_cutout=off", "--test_cutout must be of black"),
        ("--attacks=fgsm", "--attacks must be of noise, pgd, universal"),
        ("--padding_mode=mirror", "--padding_mode must be of zeros"),
        ("--epsilon=0", "--epsilon must be numbers above 0 to 255"),
        ("--shares=wide", "--shares must be numbers above 0 to 0.5"),
        ("--shares=0.3", "--shares must leave"),
        ("--shares=0.5", "--shares must be between 0 and 0.5"),
        ("--shares=0.001", "--shares must leave"),
        ("--padding_mode=none", "larger than the padded input"),
        ("--cutout_size=0", "--cutout_size must be above 0"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--max_images=3", "--max_images must be at least --batch_size=4"),
        ("--dataset=nothere", "--dataset=nothere cannot be read"),
        ("--batch_size=17 --train_images=99", "at most the number of pictures"),
        ("--epsilon=", "--epsilon must name the sizes of --attacks=noise"),
        ("--epsilon=4,4.00000001", "--epsilon must differ in their first six"),
        ("--attacks= --test_cutout=", "must name something to measure"),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, folder, given, said):
    done = run(*GIVEN, *given.split(), "--workdir=refused")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("robustness: error: ")
    assert said in line
    assert not (folder / "refused").exists()
