import json

import numpy as np
import pytest
from mask_folders import write_duts
from mask_folders import write_voc
from run_binary import run_binary
from run_study import run_study
from tool_process import ToolProcess

GIVEN = (
    "--backbone=vgg5",
    "--stages=1,2,3",
    "--size=24,32",
    "--batch_size=4",
    "--max_steps=5",
    "--log_steps=2",
)
VOC = (
    "--train_set=voc:voc:train",
    "--test_set=voc:voc:test",
    "--classes=3",
)
DUTS = (
    "--task=saliency",
    "--train_set=duts:duts:train",
    "--test_set=duts:duts:test",
)
BANDS = ["0-5 %", "5-10 %", "10-15 %", "15-20 %", "20-25 %", "interior"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("semantic")
    write_voc(folder / "voc", {"train": 9, "test": 5})
    write_duts(folder / "duts", 8, 5)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return lambda *given: run_study("semantic_head", *given, cwd=folder)


def rows_of(work):
    return json.loads((work / "results.json").read_text())["rows"]


@pytest.fixture(scope="module")
def finished(run, folder):
    done = run(*GIVEN, *VOC, "--seeds=2", "--workdir=work")
    assert done.returncode == 0, done.stderr
    return done, folder / "work"


@pytest.fixture(scope="module")
def salient(run, folder):
    done = run(
        *GIVEN,
        *DUTS,
        "--head=fcn,fcn_skips",
        "--padding_mode=reflect",
        "--invariance_images=2",
        "--workdir=salient",
    )
    assert done.returncode == 0, done.stderr
    return done, folder / "salient"


def test_bands_of_every_network_make_up_the_whole(finished):
    _, work = finished
    rows = rows_of(work)
    networks = [("majority", None, None), ("prior", None, None)]
    networks += [
        ("vgg5", mode, seed) for seed in (0, 1) for mode in ("zeros", "none")
    ]
    named = ("backbone", "padding_mode", "seed", "band")
    assert [tuple(row[name] for name in named) for row in rows] == [
        (*network, band) for network in networks for band in ("overall", *BANDS)
    ]
    while rows:
        (overall, *bands), rows = rows[:7], rows[7:]
        # The first rows of pixels, of 40 before they were resized, are void.
        assert overall["pixels"] == 5 * 23 * 32
        assert overall["pixels"] == sum(row["pixels"] for row in bands)
        mean = sum(
            row["pixels"] * row["pixel_accuracy"]
            for row in bands
            if row["pixels"]
        )
        assert overall["pixel_accuracy"] == pytest.approx(
            mean / overall["pixels"]
        )
        assert 0 <= overall["mean_iou"] <= 1
        assert overall["steps"] == 5 * (overall["seed"] is not None)
        assert (overall["train_images"], overall["test_images"]) == (9, 5)
        assert overall["size"] == [24, 32]


def test_saliency_has_the_scores_of_its_field(salient):
    done, work = salient
    rows = rows_of(work)
    assert [(row["backbone"], row["head"], row["band"]) for row in rows] == [
        (*network, band)
        for network in (
            ("majority", None),
            ("prior", None),
            ("vgg5", "fcn"),
            ("vgg5", "fcn_skips"),
        )
        for band in ("overall", "pooled", *BANDS)
    ]
    for row in rows[::8]:
        for name in ("max_f", "mean_f", "adaptive_f", "mae", "s_measure"):
            assert 0 <= row[name] <= 1
        assert row["images"] == 5
    assert "Salient objects: max F by distance to the border" in done.stdout
    assert "pysodmetrics" in done.stdout


def test_answers_are_compared_between_patches(finished, salient):
    done, work = salient
    rows = rows_of(work)
    for row in rows:
        assert ("invariance_images" in row) == (row["band"] == "overall")
    majority, prior, *networks = rows[::8]
    assert majority["mean_entropy"] == majority["disagreement"] == 0
    # The prior knows of the place alone.
    assert prior["disagreement"] >= max(
        each["disagreement"] for each in networks
    )
    for row in (prior, *networks):
        assert row["invariance_images"] == 2
        assert 0 <= row["mean_entropy"] <= row["disagreement"] <= 1
    assert "(meanE), bits" in done.stdout and "disR" in done.stdout
    assert "meanE" not in finished[0].stdout


def test_both_baselines_are_printed(finished, salient):
    for done, _ in (finished, salient):
        for name in ("majority", "prior"):
            assert f"| {name}" in done.stdout
    assert "Semantic segmentation: mIoU by distance" in finished[0].stdout
    assert " ± " in finished[0].stdout


def test_it_leaves_curves_answers_and_figures(finished):
    _, work = finished
    names = {file.stem for file in (work / "figures").iterdir()}
    assert names == {
        f"{what}_segmentation_vgg5_random_1-2-3_fcn_places"
        for what in ("bands", "learning", "examples")
    }
    lines = (work / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4, 5] * 4
    with np.load(work / "arrays.npz") as arrays:
        assert arrays["masks/pictures"].shape == (4, 24, 32, 3)
        for row in rows_of(work)[14::7]:
            assert arrays[f"{row['arrays']}/loss"].shape == (3,)
            answers = arrays[f"{row['arrays']}/answers"]
            assert answers.shape == (4, 24, 32)
            assert answers.max() < 3


@pytest.mark.large
def test_its_backbones_are_networks_for_others(finished, folder):
    from keras_padpos import models

    _, work = finished
    files = sorted((work / "models").glob("*-backbone-*.keras"))
    assert len(files) == 4
    assert len(list((work / "models").iterdir())) == 8
    for module, given in (
        (
            "experiments.position_probe",
            "--padding_mode=own --stages=stage2_out,stage3_out "
            "--targets=horizontal --train_images=noise --test_images=noise",
        ),
        (
            "experiments.padding_pattern",
            "--padding_mode=own --layers=stage3_out --crop=32 "
            "--images=voc/JPEGImages --max_images=2 --shorter_side=96",
        ),
    ):
        with ToolProcess(module, []) as tool:
            zeros = next(each for each in files if "-zeros-" in each.name)
            done = tool(
                f"--backbone={zeros}",
                "--weights=file",
                *given.split(),
                f"--workdir={module}",
                cwd=folder,
            )
            assert done.returncode == 0, done.stderr
    # The weights are the whole network's.
    import keras

    for file in files:
        whole = next(
            each
            for each in (work / "models").iterdir()
            if each.name.startswith(file.name.partition("-backbone-")[0])
            and each not in files
        )
        inner = models.backbone_of(models.load_model_file(whole))
        found = keras.saving.load_model(file, compile=False)
        for mine, theirs in zip(
            found.get_weights(), inner.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)


def test_files_of_one_name_are_two_networks(run, folder):
    import keras

    for filters, name in ((4, "a"), (6, "b")):
        (folder / name).mkdir()
        inputs = keras.Input((24, 32, 3))
        x = keras.layers.Rescaling(1 / 255)(inputs)
        x = keras.layers.Conv2D(filters, 3, padding="same", name="last")(x)
        keras.Model(inputs, x).save(folder / name / "net.keras")
    done = run(
        *GIVEN,
        *VOC,
        "--classes=sky,road,tree",
        "--backbone=a/net.keras,b/net.keras",
        "--weights=file",
        "--padding_mode=own",
        "--stages=last",
        "--workdir=files",
    )
    assert done.returncode == 0, done.stderr
    work = folder / "files"
    first, second = (
        row for row in rows_of(work)[14:] if row["band"] == "overall"
    )
    assert first["backbone"] != second["backbone"]
    assert first["arrays"] != second["arrays"]
    assert first["stages"] == "last"
    found = [
        keras.saving.load_model(work / row["backbone_model"], compile=False)
        for row in (first, second)
    ]
    kernels = [each.get_weights()[0] for each in found]
    assert [each.shape[-1] for each in kernels] == [4, 6]
    assert first["class_names"] == ["sky", "road", "tree"]
    for words in ("| a/net.keras ", "| b/net.keras ", "| road "):
        assert words in done.stdout
    names = sorted(file.name for file in (work / "figures").iterdir())
    assert len(names) == 6 and "a-net.keras" in names[0]


@pytest.mark.large
def test_deeplab_has_one_network_whatever_other_heads_are_told(run, folder):
    pytest.importorskip("keras_hub")
    done = run(
        *[each for each in GIVEN if "size=2" not in each],
        *VOC,
        "--backbone=resnet18",
        "--stages=all",
        "--size=64",
        "--head=deeplab",
        "--enlarge=places,stretch",
        "--padding_mode=zeros",
        "--workdir=deeplab",
    )
    assert done.returncode == 0, done.stderr
    (row,) = (
        row
        for row in rows_of(folder / "deeplab")[14:]
        if row["band"] == "overall"
    )
    assert (row["head"], row["enlarge"], row["stages"]) == (
        "deeplab",
        None,
        None,
    )
    assert row["pixels"] and 0 < row["mean_iou"] < 1


@pytest.mark.large
def test_a_trained_head_is_exported_and_inspected(finished, folder):
    _, work = finished
    head = work / rows_of(work)[-1]["model"]
    with ToolProcess("tools.export_saved_model", []) as tool:
        done = tool(f"--model={head}", "--out=exported", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "| logits | 1x24x32x3 | 1x24x32x3 " in done.stdout
    with ToolProcess("tools.inspect_model", ["PATH"]) as tool:
        for path in ("exported", head):
            done = tool(str(path), cwd=folder)
            assert done.returncode == 0, done.stderr
            assert "| logits | ?x24x32x3 " in done.stdout
            # Nothing pads.
            assert "Padding sites" not in done.stdout
            assert "| score1 " in done.stdout


FAULTS = {
    # As a power cut would, while the first network is scored.
    "killed": """
import os
def score(answer, *args, **options):
    if "semantic_answers" in answer.__qualname__:
        os._exit(9)
    return whole(answer, *args, **options)
whole, tasks.score_semantic = tasks.score_semantic, score
""",
    "diverged": """
def diverging(model, *args, **options):
    steps = train(model, *args, **options)
    if model.layers[1].name == "vgg5" and not wild:
        wild.append(True)
        model.get_layer("score1").bias.assign([float("nan")] * 3)
    return steps
wild = []
train, tasks.train_semantic = tasks.train_semantic, diverging
""",
}


def run_with(fault, folder, *given):
    code = "from keras_padpos import tasks\n" + FAULTS[fault]
    return run_binary(
        "experiments.semantic_head", *given, cwd=folder, fault=code
    )


@pytest.mark.large
def test_killed_while_it_scores_it_need_not_train_again(finished, run, folder):
    _, work = finished
    given = (*GIVEN, *VOC, "--seeds=2", "--workdir=again")
    assert run_with("killed", folder, *given).returncode == 9
    again = folder / "again"
    (trained,) = (again / "checkpoints").glob("*network*.json")
    done = run(*given)
    assert done.returncode == 0, done.stderr
    assert not trained.exists()
    assert rows_of(work) == rows_of(again)
    lines = [(each / "metrics.jsonl").read_text() for each in (work, again)]
    assert lines[0] == lines[1]
    with np.load(work / "arrays.npz") as mine:
        with np.load(again / "arrays.npz") as theirs:
            assert set(mine) == set(theirs)
            for name in mine:
                np.testing.assert_array_equal(mine[name], theirs[name])
    # The bar reaches its end: 5 steps of 4 pictures, and 5 to score.
    for line in done.stderr.splitlines()[1:]:
        assert ": 25 pictures" in line, line


@pytest.mark.large
def test_a_network_that_diverges_does_not_end_the_run(folder):
    done = run_with("diverged", folder, *GIVEN, *VOC, "--workdir=wild")
    assert done.returncode == 0, done.stderr
    rows = rows_of(folder / "wild")[14:]
    diverged, trained = (row for row in rows if row["band"] == "overall")
    assert diverged["reason"].endswith("training has diverged")
    assert diverged["padding_mode"] == "zeros"
    assert "mean_iou" not in diverged
    assert trained["mean_iou"] > 0
    assert "training has diverged" in done.stdout
    assert "0 of 1" in done.stdout
    assert len(list((folder / "wild" / "models").iterdir())) == 2


def test_one_that_diverges_by_itself_does_not_either(run, folder):
    done = run(
        *GIVEN,
        *VOC,
        "--padding_mode=zeros",
        "--learning_rate=1e30",
        "--workdir=wilder",
    )
    assert done.returncode == 0, done.stderr
    *_, row = rows_of(folder / "wilder")
    assert row["reason"].endswith("training has diverged")
    assert not (folder / "wilder" / "models").exists()


def test_finished_it_prints_the_same_tables(finished, run):
    done, _ = finished
    again = run(*GIVEN, *VOC, "--seeds=2", "--workdir=work")
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--backbone=vgg6", "vgg6"),
        ("--weights=imagenet", "does not exist for vgg5"),
        ("--head=fcn8", "--head must be of fcn, fcn_skips"),
        ("--enlarge=crop", "--enlarge must be of places, stretch"),
        ("--padding_mode=mirror", "none, own. Received: mirror"),
        ("--stages=7", "--stages of vgg5 go from 1 to 4"),
        ("--stages=3,1", "--stages must go from the first to the last"),
        ("--stages=", "--stages must name at least one"),
        ("--backbone=", "--backbone must name at least one"),
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
        ("--train_set=", "--train_set: must name pictures with masks"),
        ("--test_set=voc:voc:val", "--test_set: `spec` must name a whole set"),
        ("--train_images=3", "--train_images must be at least --batch_size=4"),
        ("--task=saliency", "--task=saliency takes masks of two classes"),
        ("--classes=few", "--classes"),
        (
            "--train_set=duts:duts:train --test_set=duts:duts:test",
            "--classes are those of sets in the layout of Pascal VOC",
        ),
        ("--classes=", "`classes` must say how many classes"),
        (
            "--test_set=duts:duts:test",
            ", 3. Received: 2 (background, salient)",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_once(run, folder, given, said):
    done = run(*GIVEN, *VOC, *given.split(), "--workdir=refused")
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("semantic_head: error: ")
    assert said in line
    assert not (folder / "refused").exists()
