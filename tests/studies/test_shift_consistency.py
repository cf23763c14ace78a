"""Networks whose answers to shifted crops are known."""

import json

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import run_study

from keras_padpos import metrics
from keras_padpos import models
from keras_padpos.errors import InputError
from keras_padpos.studies.shift_consistency import STUDY

MODES = ("zeros", "reflect")


def classifier(kernel):
    """The class of the channel with the largest mean, after a padded map."""
    inputs = keras.Input((224, 224, 3))
    x = keras.layers.Rescaling(1.0, offset=-127.0)(inputs)
    conv = keras.layers.Conv2D(3, 3, padding="same", use_bias=False)
    x = keras.layers.GlobalAveragePooling2D()(conv(x))
    conv.set_weights([kernel])
    return keras.Model(inputs, x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shift")
    rng = np.random.default_rng(0)
    for number in range(4):
        # Such that neither resizing nor the middle changes a pixel.
        noise = rng.integers(0, 256, (256, 256, 3), "uint8")
        Image.fromarray(noise).save(folder / f"{number}.png")
    return folder


def rows_of(folder, monkeypatch, kernel, *flags):
    network = classifier(kernel)
    monkeypatch.setattr(models, "classifier", lambda *names: network)
    work = folder / network.name
    done = run_study(
        "shift_consistency",
        "--weights=random",
        f"--padding_mode={','.join(MODES)}",
        f"--images={folder}",
        f"--workdir={work}",
        "--batch_size=3",
        *flags,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert (work / "figures" / "consistency.png").stat().st_size > 5000
    return json.loads((work / "results.json").read_text())["rows"], done.stdout


def test_a_network_that_sees_no_shift_always_says_the_same(folder, monkeypatch):
    kernel = np.zeros((3, 3, 3, 3))
    rows, printed = rows_of(folder, monkeypatch, kernel, "--pairs=2")
    assert [row["padding_mode"] for row in rows] == list(MODES)
    for row in rows:
        assert (row["images"], row["pairs"]) == (4, 2)
        assert row["consistency"] == 1
        assert row["consistency_ci95"] == [1, 1]
    assert rows[1]["less_zeros"] == 0
    (line,) = [line for line in printed.splitlines() if "| reflect" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:5] == ["2", "100.0", "100.0 to 100.0"]


def test_by_hand(folder, monkeypatch):
    kernel = np.random.default_rng(1).normal(size=(3, 3, 3, 3))
    rows, _ = rows_of(folder, monkeypatch, kernel, "--pairs=5", "--seed=7")
    scores = {mode: [] for mode in MODES}
    for number in range(4):
        with Image.open(folder / f"{number}.png") as image:
            pixels = np.asarray(image) - 127.0
        offsets = np.random.default_rng([7, number]).integers(32, size=(10, 2))
        for mode, own in scores.items():
            classes = []
            for top, left in offsets:
                crop = pixels[top : top + 224, left : left + 224]
                padded = np.pad(
                    crop,
                    [(1, 1), (1, 1), (0, 0)],
                    "constant" if mode == "zeros" else mode,
                )
                windows = np.array(
                    [
                        [
                            padded[i : i + 224, j : j + 224].sum(axis=(0, 1))
                            for j in range(3)
                        ]
                        for i in range(3)
                    ]
                )
                answer = np.einsum("ijc,ijcd->d", windows, kernel)
                classes.append(answer.argmax())
            pairs = np.reshape(classes, (5, 2))
            own.append(np.mean(pairs[:, 0] == pairs[:, 1]))
    assert 0 < np.mean(scores["zeros"]) < 1
    for row in rows:
        own = np.array(scores[row["padding_mode"]])
        assert row["consistency"] == pytest.approx(own.mean())
        assert row["consistency_ci95"] == pytest.approx(
            metrics.bootstrap_interval(own)
        )
    difference = np.mean(scores["reflect"]) - np.mean(scores["zeros"])
    assert rows[1]["less_zeros"] == pytest.approx(difference)


def test_no_padding_is_no_choice_for_crops_of_one_size():
    with pytest.raises(InputError, match="--padding_mode must be of zeros, "):
        STUDY.flags["padding_mode"].value("padding_mode", ["none"])
