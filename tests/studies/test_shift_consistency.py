"""Networks whose answers to shifted crops are known."""

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import StudyRuns

from keras_padpos import metrics
from keras_padpos import models
from keras_padpos.errors import InputError
from keras_padpos.studies.shift_consistency import STUDY

MODES = ("zeros", "reflect")


def classifier(kernel, strides=1):
    """The class of the channel with the largest mean, after a padded map."""
    inputs = keras.Input((224, 224, 3))
    x = keras.layers.Rescaling(1.0, offset=-127.0)(inputs)
    conv = keras.layers.Conv2D(3, 3, strides, padding="same", use_bias=False)
    x = keras.layers.GlobalAveragePooling2D()(conv(x))
    conv.set_weights([kernel])
    return keras.Model(inputs, x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two pictures of each of two classes."""
    folder = tmp_path_factory.mktemp("shift")
    rng = np.random.default_rng(0)
    for number in range(4):
        # Such that neither resizing nor the middle changes a pixel.
        noise = rng.integers(0, 256, (256, 256, 3), "uint8")
        (folder / "set" / f"{number // 2}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise).save(folder / f"set/{number // 2}/{number}.png")
    return folder


@pytest.fixture
def run(folder, monkeypatch):
    def run(network, *flags):
        monkeypatch.setattr(models, "classifier", lambda *names: network)
        runs = StudyRuns(
            "shift_consistency",
            folder,
            "--weights=random",
            f"--padding_mode={','.join(MODES)}",
            "--images=set",
            "--batch_size=3",
        )
        return runs(*flags, work=network.name)

    return run


def test_a_network_that_sees_no_shift_always_says_the_same(run):
    done = run(classifier(np.zeros((3, 3, 3, 3))), "--pairs=2")
    assert [(row["padding_mode"], row["shift"]) for row in done.rows] == [
        (mode, shift) for mode in MODES for shift in ("crops", "circular")
    ]
    for row in done.rows:
        assert (row["images"], row["pairs"]) == (4, 2)
        assert row["consistency"] == 1
        assert row["consistency_ci95"] == [1, 1]
        assert row["accuracy"] == 0.5  # class 0 is what it always says
    assert done.rows[2]["less_zeros"] == 0
    assert "less_zeros" not in done.rows[0]
    assert done.figures == {"consistency"}
    line = next(x for x in done.stdout.splitlines() if "| reflect" in x)
    assert "strided" in line and "100.0 to 100.0" in line


def test_by_hand(run, folder):
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3, 3))
    done = run(classifier(kernel), "--pairs=5", "--seed=7")
    scores = {(mode, s): [] for mode in MODES for s in ("crops", "circular")}
    for number in range(4):
        path = folder / f"set/{number // 2}/{number}.png"
        with Image.open(path) as image:
            pixels = np.asarray(image) - 127.0
        offsets = np.random.default_rng([7, number]).integers(32, size=(10, 2))
        for (mode, shift), own in scores.items():
            classes = []
            for top, left in offsets:
                crop = pixels[top : top + 224, left : left + 224]
                if shift == "circular":
                    middle = pixels[16:240, 16:240]
                    crop = np.roll(middle, (top, left), axis=(0, 1))
                padded = np.pad(
                    crop,
                    [(1, 1), (1, 1), (0, 0)],
                    "constant" if mode == "zeros" else mode,
                )
                answer = sum(
                    padded[i : i + 224, j : j + 224] @ kernel[i, j]
                    for i in range(3)
                    for j in range(3)
                )
                classes.append(answer.mean(axis=(0, 1)).argmax())
            pairs = np.reshape(classes, (5, 2))
            own.append(np.mean(pairs[:, 0] == pairs[:, 1]))
    assert 0 < np.mean(scores["zeros", "crops"]) < 1
    for row in done.rows:
        own = np.array(scores[row["padding_mode"], row["shift"]])
        zeros = np.mean(scores["zeros", row["shift"]])
        assert row["consistency"] == pytest.approx(own.mean())
        assert row["consistency_ci95"] == pytest.approx(
            metrics.bootstrap_interval(own)
        )
        if row["padding_mode"] != "zeros":
            assert row["less_zeros"] == pytest.approx(own.mean() - zeros)


def test_circular_and_polyphase_always_say_the_same_of_circular_shifts(run):
    kernel = np.random.default_rng(3).normal(size=(3, 3, 3, 3))
    done = run(
        classifier(kernel, strides=4),
        "--pairs=8",
        "--padding_mode=zeros,circular",
        "--downsampling=strided,polyphase",
        "--shifts=circular",
    )
    consistency = {
        (row["padding_mode"], row["downsampling"]): row["consistency"]
        for row in done.rows
    }
    assert consistency.pop(("circular", "polyphase")) == 1
    assert len(consistency) == 3 and max(consistency.values()) < 1


def test_no_padding_is_no_choice_for_crops_of_one_size():
    with pytest.raises(
        InputError, match="--padding_mode must be one of zeros, "
    ):
        STUDY.flags["padding_mode"].value("padding_mode", ["none"])
