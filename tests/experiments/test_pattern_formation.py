import json
import shutil

import numpy as np
import pytest
from PIL import Image
from run_study import run_study
from tfds_folder import write_bright_dataset

from keras_padpos import data
from keras_padpos import models
from keras_padpos import ppp

SIZE = 40


def run(*flags, cwd):
    return run_study("pattern_formation", *flags, cwd=cwd)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formation")
    write_bright_dataset(
        folder / "tfds", "padpos_bright", {"train": 20, "test": 6}
    )
    photos = folder / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        small = Image.fromarray(rng.integers(0, 256, (9, 9, 3)).astype("uint8"))
        small.resize((100, 90), Image.BICUBIC).save(photos / f"{number}.png")
    flags = (
        "--padding_mode=zeros,none",
        "--seeds=1",
        "--seed=3",
        "--dataset=padpos_bright",
        f"--data_dir={folder / 'tfds'}",
        "--train_images=16",
        "--batch_size=4",
        "--epochs=1",
        "--checkpoints=0,2,50",
        "--calibrate_batch_norm=8",
        f"--images={photos}",
        "--pattern_crops=5",
    )
    work = folder / "work"
    done = run(f"--workdir={work}", *flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    return work, flags, done


def rows_of(work):
    return json.loads((work / "results.json").read_text())["rows"]


def test_rows(finished):
    work, _, done = finished
    rows = rows_of(work)
    layers = models.FORMATION_STAGES["vgg5"]
    assert [
        (row["padding_mode"], row["step"], row["epoch"], row["layer"])
        for row in rows
    ] == [
        (mode, step, step / 4, layer)
        for mode in ("zeros", "none")
        for step in (0, 2, 4)
        for layer in layers
    ]
    for row in rows:
        assert (row["seed"], row["train_images"], row["test_images"]) == (
            3,
            16,
            6,
        )
        assert (row["images"], row["pictures"]) == (5, 3)
        assert (row["crop"], row["calibration_images"]) == (SIZE, 8)
        assert 0 <= row["test_accuracy"] <= 1
        if row["padding_mode"] == "none":
            # Real neighbours all around: the null check.
            assert row["mae_per_image"] == row["relative"] == row["snr"] == 0
        else:
            assert row["relative"] > 0.005
            assert row["border"] > row["centre"]
    first, last = (
        [row["relative"] for row in rows[:12] if row["step"] == step]
        for step in (0, 4)
    )
    assert np.abs(np.log(np.divide(last, first))).max() > 1e-3
    assert "| stage4_out | none " in done.stdout
    for name in ("formation", "first_patterns", "last_patterns"):
        assert (work / "figures" / f"{name}.png").stat().st_size > 5000
    with np.load(work / "arrays.npz") as arrays:
        pattern = arrays[f"{rows[0]['arrays']}/pattern"]
    assert pattern.shape == (SIZE, SIZE)
    assert pattern.mean() == pytest.approx(rows[0]["mae"])


@pytest.mark.large
def test_a_resumed_run_gives_the_same(finished, tmp_path):
    work, flags, done = finished
    begun = tmp_path / "work"
    shutil.copytree(work, begun)
    (begun / "results.json").unlink()
    for file in (begun / "checkpoints").glob("*zeros*"):
        file.unlink()
    again = run(f"--workdir={begun}", *flags, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "vgg5-none-seed3: done before" in again.stderr
    for mine, theirs in zip(rows_of(begun), rows_of(work), strict=True):
        assert mine.keys() == theirs.keys()
        for name in ("relative", "snr", "mae", "test_accuracy"):
            assert mine[name] == pytest.approx(theirs[name], rel=1e-4)


def test_saved_networks_have_the_pattern(finished):
    work, flags, _ = finished
    (file,) = (work / "models").glob("vgg5-zeros-seed3-*.keras")
    network = models.backbone(
        str(file),
        stages=models.FORMATION_STAGES["vgg5"],
        input_shape=(SIZE, SIZE, 3),
    )
    measurement = ppp.PatternMeasurement({"own": network}, SIZE)
    crops = data.open_crops(
        work.parent / "photos",
        measurement.picture_shape,
        per_picture=2,
        shorter_side=80,
        count=5,
        seed=3,
    )
    for batch, numbers in crops.numbered_batches(8):
        measurement.update(batch, numbers)
    ours = [row for row in rows_of(work)[:12] if row["step"] == 4]
    for mine, theirs in zip(ours, measurement.rows(), strict=True):
        assert mine["layer"] == theirs["layer"]
        for name in ("relative", "snr", "mae", "mae_noise"):
            assert mine[name] == pytest.approx(theirs[name], rel=1e-3)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--size=32", "--padding_mode=none, --size=32: `size` is too small"),
        ("--checkpoints=0,soon", "--checkpoints must be whole numbers"),
    ],
)
def test_errors(finished, flag, message, tmp_path):
    _, flags, _ = finished
    done = run(*flags, flag, cwd=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert message in line and "Received: " in line
    assert not list(tmp_path.iterdir())
