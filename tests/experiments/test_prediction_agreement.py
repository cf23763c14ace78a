import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import StudyRuns

from keras_padpos import models

# Width and height of the pictures, by the class of each.
SIZES = {3: (100, 80), 7: (80, 90)}
SIDE = 80


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for label, size in SIZES.items():
        small = Image.fromarray(rng.integers(0, 256, (9, 9, 3)).astype("uint8"))
        (folder / "set" / f"{label:03}").mkdir(parents=True)
        path = folder / "set" / f"{label:03}" / "a.png"
        small.resize(size, Image.BICUBIC).save(path)
    # Fresh weights let all that MobileNet says vanish; larger ones do not.
    keras.utils.set_random_seed(0)
    net = keras.applications.MobileNet(weights=None)
    for layer in net.layers:
        layer.set_weights(
            [10 * w if w.ndim == 4 else w for w in layer.get_weights()]
        )
    net.save_weights(folder / "weights.weights.h5")
    return StudyRuns(
        "prediction_agreement",
        folder,
        "--images=set",
        "--weights=weights.weights.h5",
        f"--shorter_side={SIDE}",
        "--crop=64",
        "--padding_mode=zeros,replicate,none",
    )


@pytest.fixture(scope="module")
def finished(runs):
    return runs()


def expected(folder, side, start, size):
    """What the network with zeros says of a window of each picture.

    The window begins `start` cells into the picture's middle square.
    """
    net = models.classifier(
        "mobilenet",
        str(folder / "weights.weights.h5"),
        input_shape=(size, size, 3),
    )
    pictures = []
    for label, (width, height) in SIZES.items():
        scale = side / min(width, height)
        resized = (round(width * scale), round(height * scale))
        with Image.open(folder / "set" / f"{label:03}" / "a.png") as image:
            pixels = np.asarray(image.resize(resized, Image.BICUBIC))
        top, left = ((n - side) // 2 + start for n in pixels.shape[:2])
        pictures.append(pixels[top : top + size, left : left + size])
    return net.predict_on_batch(np.array(pictures, "float32"))


def test_rows_are_zeros_crops_aside_modes_and_the_real_neighbours(finished):
    (side,) = {row["shorter_side"] for row in finished.rows} - {SIDE}
    aside = [f"crop, {n} px aside" for n in (1, 4)]
    assert [
        (row["shorter_side"], row["padding_mode"], row["shown"])
        for row in finished.rows
    ] == [
        (SIDE, "zeros", "crop"),
        *((SIDE, "zeros", shown) for shown in aside),
        (SIDE, "replicate", "crop"),
        (side, "zeros", "crop"),
        *((side, "zeros", shown) for shown in aside),
        (side, "none", "neighbours"),
        (side, "zeros", "neighbours"),
    ]
    assert "crops of 64" in finished.stdout
    share = 100 * finished.rows[3]["top1_agreement"]
    assert finished.stdout.startswith(
        "mobilenet gives the same answer as with zeros on "
        f"{share:.1f} % with replicate."
    )


def test_pictures_are_prepared_as_said(finished, runs):
    arrays = finished.arrays
    (side,) = {row["shorter_side"] for row in finished.rows} - {SIDE}
    net = models.classifier("mobilenet", "random", input_shape=(64, 64, 3))
    *_, last = models.receptive_field(net).values()
    before, after = last.surround[0]
    assert side == before + 64 + after
    for key, start, size in [
        (f"zeros-{SIDE}", 8, 64),
        (f"zeros-{SIDE}-shift4", 12, 64),
        (f"zeros-{side}", before, 64),
        (f"zeros-{side}-shift1", before + 1, 64),
        (f"zeros-{side}-neighbours", 0, side),
    ]:
        shorter = SIDE if str(SIDE) in key.split("-") else side
        own = expected(runs.folder, shorter, start, size)
        np.testing.assert_allclose(arrays[key], own, atol=1e-6)
    assert not np.allclose(arrays[f"none-{side}-neighbours"], own, atol=1e-3)


def test_scores_follow_from_what_the_networks_say(finished):
    arrays = finished.arrays
    labels = arrays[f"zeros-{SIDE}/labels"]
    np.testing.assert_array_equal(labels, list(SIZES))
    for row in finished.rows:
        side = row["shorter_side"]
        key = f"{row['padding_mode']}-{side}"
        key += {"neighbours": "-neighbours"}.get(row["shown"], "")
        key += f"-shift{row['shift']}" * bool(row["shift"])
        zeros, says = arrays[f"zeros-{side}"], arrays[key]
        np.testing.assert_allclose(says.sum(axis=1), 1, rtol=1e-5)
        first, own = says.argmax(axis=1), zeros.argmax(axis=1)
        assert row["images"] == 2
        assert row["top1_agreement"] == np.mean(first == own)
        assert row["accuracy"] == np.mean(first == labels)
        variation = np.abs(says - zeros).sum(axis=1).mean() / 2
        assert row["total_variation"] == pytest.approx(variation)
        assert (row["total_variation"] == 0) == (key == f"zeros-{side}")
        if says is not zeros and "accuracy_less_zeros" in row:
            less = np.mean(first == labels) - np.mean(own == labels)
            assert row["accuracy_less_zeros"] == pytest.approx(less)


def test_a_set_without_labels_has_no_accuracy(runs):
    folder = runs.folder / "set" / "003"
    done = runs(f"--images={folder}", "--padding_mode=zeros", work="plain")
    assert len(done.rows) == 3
    assert not any("accuracy" in row for row in done.rows)
    assert "less zeros" not in done.stdout


def test_a_run_goes_on_after_what_it_has_measured(finished, runs):
    copy = runs.folder / "again"
    shutil.copytree(finished.work, copy)
    (copy / "results.json").unlink()
    for file in (copy / "checkpoints").glob("replicate-*"):
        file.unlink()
    again = runs(work="again")
    assert again.stderr.count("done before") == len(finished.rows) - 1
    assert again.rows == finished.rows
    assert again.stdout.splitlines()[:-1] == finished.stdout.splitlines()[:-1]


@pytest.mark.parametrize(
    "flag, message",
    [
        ("--padding_mode=mirror", "--padding_mode must be one of zeros"),
        ("--crop=100", "--crop must be a multiple of 32"),
        ("--shorter_side=71", "--shorter_side must be at least 72"),
        ("--weights=nowhere.h5", "Received: nowhere.h5. There is no such file"),
        ("--weights=bundled", "--weights must be one of imagenet, random, or"),
    ],
)
def test_errors(runs, flag, message):
    runs.check_refused(flag, message)
