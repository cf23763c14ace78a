import itertools
import json
import sys

import keras
import numpy as np
import pytest
from run_study import StudyRuns
from tfds_folder import write_bright_dataset

import keras_padpos.layers  # noqa: F401, which models hold
from keras_padpos import data
from keras_padpos import tasks

SHARED = (
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
WHOLE = (
    "--padding_mode=interpolate",
    "--cutout=off,random",
    "--test_cutout=black,random",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("robustness")
    splits = {"train": 16, "test": 12}
    write_bright_dataset(folder / "tfds", "padpos_bright", splits)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return StudyRuns("robustness", folder, *SHARED)


@pytest.fixture(scope="module")
def finished(run):
    return run(*WHOLE)


def test_rows_are_each_network_at_each_trial(finished):
    trials = [
        ("none", None, None, None),
        ("cutout", "black", None, None),
        ("cutout", "random", None, None),
        *(
            (attack, None, region, None if region == "whole" else 0.1)
            for attack in ("noise", "pgd", "universal")
            for region in ("whole", "border", "interior")
        ),
    ]
    names = ("padding_mode", "cutout", "attack", "fill", "region", "share")
    assert [tuple(row[name] for name in names) for row in finished.rows] == [
        ("interpolate", cutout, *trial)
        for cutout in ("off", "random")
        for trial in trials
    ]
    for row in finished.rows:
        low, high = row["accuracy_ci95"]
        assert 0 <= low <= row["accuracy"] <= high <= 1
        expected = {
            "steps": 8,
            "test_images": 10,
            "dataset": "padpos_bright",
            "size": 32,
            "cutout_size": 0.5,
            "attack_step": 1,
            "attack_steps": 2,
        }
        if row["region"]:
            # Of 32x32 pixels, three on each side.
            whole = row["region"] == "whole"
            expected["fraction"] = 1 if whole else 1 - 26**2 / 32**2
            expected["epsilon"] = 8
        assert expected.items() <= row.items()
    for border, interior in itertools.pairwise(finished.rows):
        expected = None
        if interior["region"] == "interior":
            expected = border["accuracy"] - interior["accuracy"]
            expected = pytest.approx(expected)
        assert interior["border_minus_interior"] == expected


def test_saved_networks_are_those_that_were_scored(finished, folder):
    pictures, labels = data.labelled_pictures(
        "padpos_bright:test", 32, count=10, data_dir=folder / "tfds"
    )
    assert len(finished.models) == 2
    for file in finished.models:
        network = keras.saving.load_model(file, compile=False)
        for row in finished.rows:
            attacked = row["attack"] in ("none", "universal")
            if not attacked or not file.name.startswith(f"{row['arrays']}-"):
                continue
            shown = pictures.astype("float32")
            if row["region"]:
                share = "-0.1" if row["share"] else ""
                name = f"{row['arrays']}/universal-8-{row['region']}{share}"
                shown = np.clip(shown + finished.arrays[name], 0, 255)
            answers = network.predict(shown, verbose=0).argmax(axis=-1)
            assert np.mean(answers == labels) == row["accuracy"]


def test_it_leaves_curves_perturbations_and_figures(finished):
    assert finished.figures == {
        "cutout_vgg5",
        *(f"learning_vgg5_{cutout}" for cutout in ("off", "random")),
        *(
            f"{what}_vgg5_{cutout}_epsilon8"
            for what in ("fraction", "perturbations")
            for cutout in ("off", "random")
        ),
    }
    label = "vgg5-interpolate-random-seed0"
    assert finished.arrays[f"{label}/step"].tolist() == [4, 8]
    assert finished.arrays[f"{label}/accuracy"].shape == (2,)
    border = finished.arrays[f"{label}/universal-8-border-0.1"]
    assert border.shape == (32, 32, 3)
    assert 0 < np.abs(border).max() <= 8
    assert not border[3:-3, 3:-3].any()


def test_finished_it_prints_the_same_tables(finished, run):
    assert "clean and with squares cut out" in finished.stdout
    assert "Accuracy in percent under attack" in finished.stdout
    assert run(*WHOLE).stdout == finished.stdout


class Killed(BaseException):
    """As a power cut would, while the first network is attacked."""


@pytest.mark.large
def test_killed_while_it_attacks_it_goes_on_there(finished, run, monkeypatch):
    module = sys.modules[tasks.score_robustness.__module__]
    pgd, calls = module.pgd, []

    def killing(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return pgd(*args, **options)

    flags = (*WHOLE, "--checkpoint_seconds=0")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, "pgd", killing)
        run(*flags, work="again")
    checkpoints = run.folder / "again/checkpoints"
    (network,) = checkpoints.glob("*under-way-network*.json")
    states = [
        json.loads(file.read_text())["rows"][0]
        for file in checkpoints.glob("*scores*.json")
    ]
    # The whole, the border and the interior under noise, then one of PGD.
    assert max(len(state["rows"]) for state in states) == 3 + 3 + 1
    again = run(*flags, work="again")
    # But for the time it took and where it is.
    assert again.stdout.splitlines()[:-1] == finished.stdout.splitlines()[:-1]
    assert not list(checkpoints.glob("*under-way*"))
    assert again.lines == finished.lines
    assert again.rows == finished.rows
    resumed = [
        each.results["provenance"]["resumed_units"]
        for each in (finished, again)
    ]
    assert resumed == [0, 1]
    # Training, and a row each: all pictures are counted, whoever saw them.
    assert f"seed0: {4 * 8 + 12 * 10} pictures" in again.stderr


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (["--max_steps=1"], "answers"),
        (["--nocalibrate_batch_norm", "--attacks=noise"], "weights"),
    ],
)
def test_networks_that_diverge_do_not_end_the_run(run, flags, what):
    done = run(
        "--padding_mode=zeros,interpolate",
        "--cutout=off",
        "--learning_rate=1e30",
        *flags,
        work=f"diverged-{what}",
    )
    modes = [row["padding_mode"] for row in done.rows]
    assert modes == ["zeros", "interpolate"]
    for row in done.rows:
        reason = f"{what} are not finite: training has diverged"
        assert row["reason"] == reason
        assert not {"accuracy", "fooling_rate", "cross_entropy"} & set(row)
    assert not done.models
    assert "diverged" in done.stdout


def test_what_is_not_asked_for_is_not_done(run):
    done = run(
        *("--padding_mode=zeros", "--cutout=off", "--test_cutout="),
        *("--attacks=noise", "--max_steps=1", "--seeds=2"),
        work="less",
    )
    assert "squares" not in done.stdout
    assert [(r["seed"], r["attack"], r["steps"]) for r in done.rows] == [
        (seed, attack, 1)
        for seed in (0, 1)
        for attack in ("none", "noise", "noise", "noise")
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--model=vgg6", "--model must be one of vgg5"),
        ("--cutout=grey", "--cutout must be one of off, black"),
        ("--cutout=", "--cutout must be one of off, black"),
        ("--test_cutout=off", "--test_cutout must be one of black"),
        ("--attacks=fgsm", "--attacks must be one of noise, pgd, universal"),
        ("--padding_mode=mirror", "--padding_mode must be one of zeros"),
        ("--epsilon=0", "--epsilon must be numbers above 0 and at most 255"),
        ("--shares=wide", "--shares must be numbers above 0 and at most 0.5"),
        ("--shares=0.3", "--shares: `share` must leave"),
        ("--shares=0.5", "--shares: `share` must be between 0 and 0.5"),
        ("--shares=0.001", "--shares: `share` must leave"),
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
def test_what_cannot_work_is_refused_at_once(run, flags, message):
    run.check_refused(flags, message)
