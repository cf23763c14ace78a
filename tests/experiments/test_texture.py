import keras
import numpy as np
import pytest
from run_study import StudyRuns
from texture_folders import write_textures

import keras_padpos.layers
import keras_padpos.tasks  # noqa: F401, whose layers models hold
from keras_padpos import data

SHARED = (
    "--backbone=small.keras",
    "--weights=file",
    "--layer=relu",
    "--train_set=pictures/train",
    "--test_set=pictures/test",
    "--size=24",
    "--batch_size=4",
    "--log_steps=2",
    "--epochs=1",
)
WHOLE = ("--padding_mode=own,none", "--train=frozen,scratch")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texture")
    write_textures(folder / "pictures", {"train": 8, "test": 4})
    write_textures(folder / "other", {"one": 1})
    (folder / "other/one/fine").rename(folder / "other/one/odd")
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
    return StudyRuns("texture", folder, *SHARED)


@pytest.fixture(scope="module")
def finished(run):
    return run(*WHOLE)


def test_rows_are_each_network(finished):
    assert [(row["padding_mode"], row["train"]) for row in finished.rows] == [
        (mode, train)
        for mode in ("own", "none")
        for train in ("frozen", "scratch")
    ]
    for row in finished.rows:
        frozen = row["train"] == "frozen"
        low, high = row["accuracy_ci95"]
        assert 0 <= low <= row["accuracy"] <= high <= 1
        expected = {
            "train_images": 16,
            "test_images": 8,
            "steps": 4,
            "classes": 2,
            "class_names": ["coarse", "fine"],
            "size": [24, 24],
            "learning_rate": 1e-3 if frozen else 1e-4,
            "calibration_images": 16 if frozen else 0,
        }
        assert expected.items() <= row.items()
        assert finished.arrays[f"{row['arrays']}/step"].tolist() == [2, 4]
        confusion = finished.arrays[f"{row['arrays']}/confusion"]
        assert confusion.sum(axis=1).tolist() == [4, 4]
        assert np.trace(confusion) / 8 == row["accuracy"]


def test_it_prints_its_table_again_and_its_progress(finished, run):
    assert "Texture recognition: accuracy in percent" in finished.stdout
    # Training and scoring.
    lines = finished.stderr.splitlines()
    assert sum(f": {4 * 4 + 8} pictures" in line for line in lines) == 4
    assert run(*WHOLE).stdout == finished.stdout


def test_saved_networks_are_those_that_were_scored(finished, folder):
    pictures, labels = data.open_labelled(
        folder / "pictures/test", size=24
    ).arrays()
    before = keras.saving.load_model(folder / "small.keras")
    kernel = before.get_layer("conv").get_weights()[0]
    for row in finished.rows:
        (file,) = finished.work.glob(f"models/{row['arrays']}-*.keras")
        network = keras.saving.load_model(file, compile=False)
        answers = network.predict(pictures.astype("float32"), verbose=0)
        assert np.mean(answers.argmax(axis=-1) == labels) == row["accuracy"]
        # Frozen layers stay as they are.
        (trained,) = (
            each for each in network.get_weights() if each.shape == kernel.shape
        )
        assert (trained == kernel).all() == (row["train"] == "frozen")


def test_a_network_that_diverges_does_not_end_the_run(run):
    flags = ("--padding_mode=own", "--train=scratch,frozen")
    done = run(*flags, "--learning_rate=1e20", work="diverged")
    scratch, frozen = done.rows
    assert "are not finite: training has diverged" in scratch["reason"]
    assert not {"accuracy", "class_accuracy"} & set(scratch)
    assert "reason" not in frozen and 0 <= frozen["accuracy"] <= 1
    assert "diverged" in done.stdout


def test_few_pictures_of_a_folder_are_of_all_classes(run):
    done = run("--padding_mode=own", "--max_images=6", work="few")
    (row,) = done.rows
    assert (row["train_images"], row["test_images"]) == (6, 6)
    confusion = done.arrays[f"{row['arrays']}/confusion"]
    assert confusion.sum(axis=1).tolist() == [3, 3]


def test_stripes_are_told_apart(run):
    flags = ("--padding_mode=reflect", "--train=scratch")
    done = run(*flags, "--learning_rate=0.1", "--epochs=20", work="learned")
    assert [row["accuracy"] for row in done.rows] == [1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--train=all", "--train must be one of frozen, scratch"),
        (
            "--backbone=vgg17",
            "Received: vgg17. Did you mean vgg1",
        ),
        ("--backbone=", "--backbone must be one of vgg16"),
        ("--weights=imagenet", "`weights` of a .keras file must be"),
        ("--padding_mode=mirror", "Received: mirror. Did you mean reflect?"),
        ("--padding_mode=", "--padding_mode must be one of"),
        ("--layer=nope", "--layer=nope: `stages` must name layers"),
        ("--train_set=nowhere", "--train_set: `spec` must be"),
        ("--test_set=other/one", "--test_set must have the classes"),
        ("--size=2,3,4", "--size must be one number, or height and width"),
        ("--size=wide", "--size must be whole numbers"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--batch_size=17", "at most the number of pictures to train on"),
        ("--max_images=1 --batch_size=1", "at least as many pictures as clas"),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, flags, message):
    run.check_refused(flags, message)
