import sys

import keras
import numpy as np
import pytest
from mask_folders import write_duts
from mask_folders import write_voc
from run_study import StudyRuns
from run_tool import run_tool

from keras_padpos import models
from keras_padpos import tasks

SHARED = (
    "--backbone=vgg5",
    "--stages=1,2,3",
    "--size=24,32",
    "--batch_size=4",
    "--max_steps=5",
    "--log_steps=2",
    "--train_set=voc:voc:train",
    "--test_set=voc:voc:test",
    "--classes=3",
)
BANDS = ["0-5 %", "5-10 %", "10-15 %", "15-20 %", "20-25 %", "interior"]
# Rows of the two baselines, which stand before those of networks.
FIRST = 2 * (1 + len(BANDS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("semantic")
    write_voc(folder / "voc", {"train": 9, "test": 5})
    write_duts(folder / "duts", 8, 5)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return StudyRuns("semantic_head", folder, *SHARED)


@pytest.fixture(scope="module")
def finished(run):
    return run("--seeds=2")


@pytest.fixture(scope="module")
def salient(run):
    return run(
        "--task=saliency",
        "--train_set=duts:duts:train",
        "--test_set=duts:duts:test",
        "--classes=",
        "--head=fcn,fcn_skips",
        "--padding_mode=reflect",
        "--invariance_images=2",
        work="salient",
    )


def overall(rows):
    return [row for row in rows[FIRST:] if row["band"] == "overall"]


def test_bands_of_every_network_make_up_the_whole(finished):
    networks = [("majority", None, None), ("prior", None, None)]
    networks += [
        ("vgg5", mode, seed) for seed in (0, 1) for mode in ("zeros", "none")
    ]
    names = ("backbone", "padding_mode", "seed", "band")
    assert [tuple(row[name] for name in names) for row in finished.rows] == [
        (*network, band) for network in networks for band in ("overall", *BANDS)
    ]
    for start in range(0, len(finished.rows), 7):
        whole, *bands = finished.rows[start : start + 7]
        # The first rows of pixels, of 40 before they were resized, are void.
        assert whole["pixels"] == 5 * 23 * 32
        assert whole["pixels"] == sum(row["pixels"] for row in bands)
        right = sum(
            row["pixels"] * row["pixel_accuracy"]
            for row in bands
            if row["pixels"]
        )
        mean = pytest.approx(right / whole["pixels"])
        assert whole["pixel_accuracy"] == mean
        assert 0 <= whole["mean_iou"] <= 1
        expected = {
            "steps": 5 * (whole["seed"] is not None),
            "train_images": 9,
            "test_images": 5,
            "size": [24, 32],
        }
        assert expected.items() <= whole.items()


def test_saliency_has_the_scores_of_its_field(salient):
    networks = [("majority", None), ("prior", None)]
    networks += [("vgg5", "fcn"), ("vgg5", "fcn_skips")]
    names = ("backbone", "head", "band")
    assert [tuple(row[name] for name in names) for row in salient.rows] == [
        (*network, band)
        for network in networks
        for band in ("overall", "pooled", *BANDS)
    ]
    for row in salient.rows[::8]:
        for name in ("max_f", "mean_f", "adaptive_f", "mae", "s_measure"):
            assert 0 <= row[name] <= 1
        assert row["images"] == 5


def test_answers_are_compared_between_patches(finished, salient):
    for row in salient.rows:
        assert ("invariance_images" in row) == (row["band"] == "overall")
    majority, prior, *networks = salient.rows[::8]
    assert majority["mean_entropy"] == majority["disagreement"] == 0
    # The prior knows of the position alone.
    most = max(each["disagreement"] for each in networks)
    assert prior["disagreement"] >= most
    for row in (prior, *networks):
        assert row["invariance_images"] == 2
        assert 0 <= row["mean_entropy"] <= row["disagreement"] <= 1
    assert "meanE" not in finished.stdout


def test_tables_are_printed_and_printed_again(finished, salient, run):
    for text in (
        *("| majority", "| prior", "(meanE), bits", "disR", "pysodmetrics"),
        "Salient objects: max F by distance to the border",
    ):
        assert text in salient.stdout
    for text in (
        *("| majority", "| prior", " ± "),
        "Semantic segmentation: mIoU by distance",
    ):
        assert text in finished.stdout
    assert run("--seeds=2").stdout == finished.stdout


def test_it_leaves_curves_answers_and_figures(finished):
    assert finished.figures == {
        f"{what}_segmentation_vgg5_random_1-2-3_fcn_places"
        for what in ("bands", "learning", "examples")
    }
    assert [line["step"] for line in finished.lines] == [2, 4, 5] * 4
    assert finished.arrays["masks/pictures"].shape == (4, 24, 32, 3)
    for row in overall(finished.rows):
        assert finished.arrays[f"{row['arrays']}/loss"].shape == (3,)
        answers = finished.arrays[f"{row['arrays']}/answers"]
        assert answers.shape == (4, 24, 32)
        assert answers.max() < 3
    # 5 steps of 4 pictures, and 5 to score.
    lines = finished.stderr.splitlines()
    assert sum(": 25 pictures" in line for line in lines) == 4


@pytest.mark.large
def test_its_backbones_are_networks_for_others(finished, folder):
    files = [file for file in finished.models if "-backbone-" in file.name]
    assert (len(files), len(finished.models)) == (4, 8)
    (zeros, *_) = (each for each in files if "-zeros-" in each.name)
    for name, flags in (
        (
            "position_probe",
            "--stages=stage2_out,stage3_out --targets=horizontal "
            "--train_images=noise --test_images=noise",
        ),
        (
            "padding_pattern",
            "--layers=stage3_out --crop=32 --images=voc/JPEGImages "
            "--max_images=2 --shorter_side=96",
        ),
    ):
        shared = (f"--backbone={zeros}", "--weights=file", "--padding_mode=own")
        StudyRuns(name, folder, *shared)(*flags.split(), work=name)
    # The weights are the whole network's.
    for file in files:
        stem = file.name.partition("-backbone-")[0]
        (whole,) = (
            each
            for each in finished.models
            if each.name.startswith(stem) and each not in files
        )
        inner = models.backbone_of(models.load_model_file(whole))
        saved = keras.saving.load_model(file, compile=False)
        for weights, expected in zip(
            saved.get_weights(), inner.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weights, expected)


def test_files_of_one_name_are_two_networks(run, folder):
    for filters, name in ((4, "a"), (6, "b")):
        (folder / name).mkdir()
        inputs = keras.Input((24, 32, 3))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        x = keras.layers.Conv2D(filters, 3, padding="same", name="last")(x)
        keras.Model(inputs, x).save(folder / name / "net.keras")
    done = run(
        "--classes=sky,road,tree",
        "--backbone=a/net.keras,b/net.keras",
        "--weights=file",
        "--padding_mode=own",
        "--stages=last",
        work="files",
    )
    first, second = overall(done.rows)
    assert first["backbone"] != second["backbone"]
    assert first["arrays"] != second["arrays"]
    assert first["stages"] == "last"
    assert first["class_names"] == ["sky", "road", "tree"]
    for filters, row in ((4, first), (6, second)):
        file = done.work / row["backbone_model"]
        saved = keras.saving.load_model(file, compile=False)
        assert saved.get_weights()[0].shape[-1] == filters
    for text in ("| a/net.keras ", "| b/net.keras ", "| road "):
        assert text in done.stdout
    assert len(done.figures) == 6 and "a-net.keras" in min(done.figures)


@pytest.mark.large
def test_deeplab_has_one_network_whatever_other_heads_are_told(run):
    pytest.importorskip("keras_hub")
    done = run(
        *("--backbone=resnet18", "--stages=all", "--size=64"),
        *("--head=deeplab", "--enlarge=places,stretch", "--padding_mode=zeros"),
        work="deeplab",
    )
    (row,) = overall(done.rows)
    expected = {"head": "deeplab", "enlarge": None, "stages": None}
    assert expected.items() <= row.items()
    assert row["pixels"] and 0 < row["mean_iou"] < 1


@pytest.mark.large
def test_a_trained_head_is_exported_and_inspected(finished, folder):
    head = finished.work / finished.rows[-1]["model"]
    flags = (f"--model={head}", "--out=exported")
    done = run_tool("tools.export_saved_model", *flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "| logits | 1x24x32x3 | 1x24x32x3 " in done.stdout
    for path in ("exported", head):
        done = run_tool("tools.inspect_model", path, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "| logits | ?x24x32x3 " in done.stdout
        # Nothing pads.
        assert "Padding sites" not in done.stdout
        assert "| score1 " in done.stdout


def test_scores_without_their_package_are_refused_at_once(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "py_sod_metrics", None)
    run.check_refused(
        "--task=saliency", 'pip install "keras-padpos[segmentation]"'
    )


def test_a_network_that_diverges_does_not_end_the_run(run, monkeypatch):
    train, diverged = tasks.train_semantic, []

    def diverging(model, *args, **options):
        steps = train(model, *args, **options)
        if not diverged:
            diverged.append(model)
            model.get_layer("score1").bias.assign([float("nan")] * 3)
        return steps

    monkeypatch.setattr(tasks, "train_semantic", diverging)
    done = run(work="wild")
    first, second = overall(done.rows)
    assert first["reason"].endswith("training has diverged")
    assert first["padding_mode"] == "zeros"
    assert "mean_iou" not in first
    assert second["mean_iou"] > 0
    assert "training has diverged" in done.stdout
    assert "0 of 1" in done.stdout
    assert len(done.models) == 2


def test_one_that_diverges_by_itself_does_not_either(run):
    flags = ("--padding_mode=zeros", "--learning_rate=1e30")
    done = run(*flags, work="wilder")
    assert done.rows[-1]["reason"].endswith("training has diverged")
    assert not done.models


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ("--backbone=vgg6", "vgg6"),
        ("--weights=imagenet", "does not exist for vgg5"),
        ("--head=fcn8", "--head must be one of fcn, fcn_skips"),
        ("--enlarge=crop", "--enlarge must be one of places, stretch"),
        ("--padding_mode=mirror", "Received: mirror. Did you mean reflect?"),
        ("--stages=7", "--stages of vgg5 go from 1 to 4"),
        ("--stages=3,1", "--stages must go from the first to the last"),
        ("--stages=", "--stages must name at least one"),
        ("--backbone=", "--backbone must be one of vgg16"),
        ("--head=deeplab", "--stages are those that heads fcn"),
        ("--train_set=tfds:nothing_of_the_kind:train", "--train_set: "),
        (
            "--stages=1 --head=fcn_skips",
            ", --head=fcn_skips, --enlarge=places, --size=",
        ),
        ("--size=1,2,3", "--size must be one number, or height and width"),
        ("--size=none", "--size"),
        (
            "--size=12 --padding_mode=none",
            "--padding_mode=none, --head=fcn, --enlarge=places, --size=12: ",
        ),
        ("--train_set=", "--train_set must be given"),
        ("--test_set=voc:voc:val", "--test_set: `spec` must name a whole set"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--task=saliency", "--task=saliency takes masks of two classes"),
        ("--classes=few", "--classes"),
        (
            "--train_set=duts:duts:train --test_set=duts:duts:test",
            "--train_set: `classes` must be None: duts sets know theirs",
        ),
        ("--classes=", "`classes` must say how many classes"),
        (
            "--test_set=duts:duts:test",
            ", 3. Received: 2 (background, salient)",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, flags, message):
    run.check_refused(flags, message)
