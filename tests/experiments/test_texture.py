import json

import keras
import numpy as np
import pytest
from run_binary import run_binary
from run_study import run_study
from texture_folders import write_textures

import keras_padpos.layers
import keras_padpos.tasks  # noqa: F401, whose layers models hold
from keras_padpos import data

GIVEN = (
    "--backbone=small.keras",
    "--weights=file",
    "--layer=relu",
    "--train_set=pictures/train",
    "--test_set=pictures/test",
    "--size=24",
    "--batch_size=4",
    "--log_steps=2",
)
ASKED = (
    "--padding_mode=own,none",
    "--train=frozen,scratch",
    "--epochs=1",
    "--workdir=work",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texture")
    write_textures(folder / "pictures", {"train": 8, "test": 4})
    (folder / "pictures" / "other").mkdir()
    write_textures(folder / "pictures" / "other", {"one": 1})
    (folder / "pictures" / "other" / "one" / "fine").rename(
        folder / "pictures" / "other" / "one" / "odd"
    )
    keras.utils.set_random_seed(0)
    inputs = keras.Input((24, 24, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(name="relu")(x)
    keras.Model(inputs, x).save(folder / "small.keras")
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return lambda *given: run_study("texture", *given, cwd=folder)


@pytest.fixture(scope="module")
def finished(run, folder):
    done = run(*GIVEN, *ASKED)
    assert done.returncode == 0, done.stderr
    return done, folder / "work"


def rows_of(work):
    return json.loads((work / "results.json").read_text())["rows"]


def test_rows_are_each_network(finished):
    _, work = finished
    rows = rows_of(work)
    assert [(row["padding_mode"], row["train"]) for row in rows] == [
        (mode, train)
        for mode in ("own", "none")
        for train in ("frozen", "scratch")
    ]
    for row in rows:
        low, high = row["accuracy_ci95"]
        assert 0 <= low <= row["accuracy"] <= high <= 1
        assert (row["train_images"], row["test_images"]) == (16, 8)
        assert (row["steps"], row["classes"]) == (4, 2)
        assert row["class_names"] == ["coarse", "fine"]
        assert row["size"] == [24, 24]
        assert row["learning_rate"] == (
            1e-3 if row["train"] == "frozen" else 1e-4
        )
        assert row["calibration_images"] == (
            16 if row["train"] == "frozen" else 0
        )


def test_it_leaves_curves_confusions_and_models(finished):
    done, work = finished
    assert "Texture recognition: accuracy in percent" in done.stdout
    with np.load(work / "arrays.npz") as arrays:
        for row in rows_of(work):
            label = row["arrays"]
            assert arrays[f"{label}/step"].tolist() == [2, 4]
            confusion = arrays[f"{label}/confusion"]
            assert confusion.sum(axis=1).tolist() == [4, 4]
            assert np.trace(confusion) / 8 == row["accuracy"]


def test_frozen_layers_stay_as_they_are(finished, folder):
    _, work = finished
    before = keras.saving.load_model(folder / "small.keras")
    kernel = before.get_layer("conv").get_weights()[0]
    same = []
    for file in sorted((work / "models").iterdir()):
        weights = keras.saving.load_model(file, compile=False).get_weights()
        (found,) = (each for each in weights if each.shape == kernel.shape)
        same.append(bool((found == kernel).all()))
    assert sorted(same) == [False, False, True, True]


def test_saved_networks_are_those_that_were_scored(finished, folder):
    _, work = finished
    pictures, labels = data.open_labelled(
        folder / "pictures" / "test", size=24
    ).arrays()
    for row in rows_of(work):
        (file,) = (work / "models").glob(f"{row['arrays']}-*.keras")
        network = keras.saving.load_model(file, compile=False)
        given = pictures.astype("float32")
        answers = network.predict(given, verbose=0).argmax(axis=-1)
        assert np.mean(answers == labels) == row["accuracy"]


# As a power cut would, while the second network is scored.
KILL = """
import os
from keras_padpos import tasks
calls = []
def killing(*args, **options):
    calls.append(1)
    if len(calls) == 2:
        os._exit(9)
    return score(*args, **options)
score, tasks.score_classifier = tasks.score_classifier, killing
"""


def test_killed_while_it_scores_it_need_not_train_again(finished, run, folder):
    done, work = finished
    given = (*GIVEN, *ASKED[:-1], "--workdir=again")
    killed = run_binary("experiments.texture", *given, cwd=folder, fault=KILL)
    assert killed.returncode == 9, killed.stderr
    checkpoints = folder / "again" / "checkpoints"
    (network,) = checkpoints.glob("*under-way-network*.json")
    again = run(*given)
    assert again.returncode == 0, again.stderr
    # But for the time it took and where it is.
    assert again.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]
    assert not network.exists()
    assert rows_of(folder / "again") == rows_of(work)
    files = [each / "metrics.jsonl" for each in (work, folder / "again")]
    assert files[0].read_text() == files[1].read_text()
    said = again.stderr.splitlines()
    assert said[0].startswith("1/4") and said[0].endswith("done before")
    # Training and scoring, whoever did it.
    assert all(f": {4 * 4 + 8} pictures" in line for line in said[1:4])


def test_a_network_that_diverges_does_not_end_the_run(run, folder):
    done = run(
        *GIVEN,
        "--padding_mode=own",
        "--train=scratch,frozen",
        "--learning_rate=1e20",
        "--epochs=1",
        "--workdir=diverged",
    )
    assert done.returncode == 0, done.stderr
    scratch, frozen = rows_of(folder / "diverged")
    assert "are not finite: training has diverged" in scratch["reason"]
    assert not {"accuracy", "class_accuracy"} & set(scratch)
    assert "reason" not in frozen and 0 <= frozen["accuracy"] <= 1
    assert "diverged" in done.stdout


def test_few_pictures_of_a_folder_are_of_all_classes(run, folder):
    done = run(
        *GIVEN,
        "--padding_mode=own",
        "--train=frozen",
        "--epochs=1",
        "--max_images=6",
        "--workdir=few",
    )
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(folder / "few")
    assert (row["train_images"], row["test_images"]) == (6, 6)
    with np.load(folder / "few" / "arrays.npz") as arrays:
        confusion = arrays[f"{row['arrays']}/confusion"]
    assert confusion.sum(axis=1).tolist() == [3, 3]


def test_finished_it_prints_the_same_table(finished, run):
    done, _ = finished
    assert run(*GIVEN, *ASKED).stdout == done.stdout


def test_stripes_are_told_apart(run, folder):
    done = run(
        *GIVEN,
        "--padding_mode=reflect",
        "--train=scratch",
        "--learning_rate=0.1",
        "--epochs=20",
        "--workdir=learned",
    )
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(folder / "learned")
    assert row["accuracy"] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--train=all", "--train must be of frozen, scratch"),
        (
            "--backbone=vgg17",
            "--backbone=vgg17, --weights=file, --padding_mode=",
        ),
        ("--backbone=", "--backbone must name at least one"),
        ("--weights=imagenet", "`weights` of a .keras file must be"),
        ("--padding_mode=mirror", "interpolate, none, own. Received: mirror"),
        ("--padding_mode=", "--padding_mode must be of"),
        ("--layer=nope", "--layer=nope: `stages` must name layers"),
        ("--train_set=nowhere", "--train_set: `spec` must be"),
        ("--test_set=pictures/other/one", "--test_set must have the classes"),
        ("--size=2,3,4", "--size must be one number, or height and width"),
        ("--size=wide", "--size must be whole numbers"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--batch_size=17", "at most the number of pictures to train on"),
        ("--max_images=1 --batch_size=1", "at least as many pictures as clas"),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, folder, given, said):
    done = run(*GIVEN, *given.split(), "--workdir=refused")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("texture: error: ")
    assert said in line
    assert not (folder / "refused").exists()
