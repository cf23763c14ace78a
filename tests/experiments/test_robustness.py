import json

import numpy as np
import pytest
from bright_dataset import write_bright_dataset
from tool_process import ToolProcess

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
    with ToolProcess("experiments.robustness", []) as tool:
        yield lambda *given: tool(*given, cwd=folder)


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
        ("--padding_mode=mirror", "--padding_mode must be among"),
        ("--epsilon=0", "--epsilon must be numbers between 0 and 256"),
        ("--shares=wide", "--shares must be numbers between 0 and 0.5"),
        ("--shares=0.3", "--shares must leave"),
        ("--shares=0.001", "--shares must leave"),
        ("--padding_mode=none", "larger than the padded input"),
        ("--cutout_size=0", "--cutout_size must be above 0"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, folder, given, said):
    done = run(*GIVEN, given, "--workdir=refused")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("robustness: error: ")
    assert said in line
    assert not (folder / "refused").exists()
