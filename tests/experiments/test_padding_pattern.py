"""`padding_pattern` as a user starts it."""

import json

import keras
import numpy as np
import pytest
from pattern_nets import STAGES
from pattern_nets import pattern_net
from PIL import Image
from run_study import run_study

from keras_padpos.runs import RollingCheckpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network of one's own, and pictures."""
    folder = tmp_path_factory.mktemp("pattern")
    net = pattern_net(channels=3)
    keras.Model(net.inputs, net.output["third"]).save(folder / "net.keras")
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for number, size in enumerate([60, 70, 80, 30]):
        noise = rng.integers(0, 256, (size, size + 5, 3), "uint8")
        Image.fromarray(noise).save(folder / "photos" / f"{number}.png")
    return folder


def arguments(folder, name, *more):
    return (
        f"--workdir={folder / name}",
        "--backbone=net.keras",
        f"--layers={','.join(STAGES)}",
        "--padding_mode=own,reflect,randn,none",
        "--images=photos",
        "--crop=28",
        "--crops_per_picture=4",
        "--batch_size=3",
        *more,
    )


@pytest.fixture(scope="module")
def run(folder):
    return lambda *given: run_study("padding_pattern", *given, cwd=folder)


@pytest.fixture(scope="module")
def finished(run, folder):
    done = run(*arguments(folder, "work"))
    assert done.returncode == 0, done.stderr
    return folder / "work", done


def rows_in(path):
    return json.loads((path / "results.json").read_text())["rows"]


def test_leaves_rows_arrays_and_figures(finished):
    path, done = finished
    rows = rows_in(path)
    assert len(rows) == 4 * 3
    first = rows[0]
    fields = (
        "backbone weights padding_mode layer stride images mae mae_per_image "
        "relative snr snr_unbiased snr_ci95"
    ).split()
    assert set(fields) <= set(first)
    # Three pictures of four are large enough, four crops of each.
    assert (first["images"], first["pictures"]) == (12, 3)
    assert (first["padding_mode"], first["stride"]) == ("own", [1, 1])
    by_mode = {(row["padding_mode"], row["layer"]): row["mae"] for row in rows}
    assert by_mode["none", "third"] == 0
    assert by_mode["own", "third"] > by_mode["reflect", "third"] > 0
    with np.load(path / "arrays.npz") as arrays:
        pattern = arrays[f"{rows[2]['arrays']}/pattern"]
        assert pattern.shape == (7, 7)
        assert pattern.mean() == pytest.approx(rows[2]["mae"])
    names = {file.name for file in (path / "figures").glob("*.png")}
    assert names == {
        "depth.png",
        "modes.png",
        "profile.png",
        *(f"surface_{stage}.png" for stage in STAGES),
    }
    assert "photos at 52x52: left out 1 picture:" in done.stdout
    assert "3.png: 35x30 pixels, and 52x52 are needed" in done.stdout
    assert "definitions are ours" in done.stdout


def test_again_it_only_prints(run, finished, folder):
    path, done = finished
    again = run(*arguments(folder, "work"))
    assert again.stdout == done.stdout
    assert not list((path / "checkpoints").glob("*under*"))


def test_stopped_it_goes_on_where_it_was(run, finished, folder, monkeypatch):
    path, _ = finished
    given = arguments(folder, "stopped", "--checkpoint_seconds=0")
    offer = RollingCheckpoint.offer

    def stop(self, state):
        offer(self, state)
        if state()[1]["batches"] == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RollingCheckpoint, "offer", stop)
        assert run(*given).returncode == 130
    assert not (folder / "stopped" / "results.json").exists()
    done = run(*given)
    assert done.returncode == 0, done.stderr
    assert rows_in(folder / "stopped") == rows_in(path)


@pytest.mark.large
def test_a_network_is_measured_alike_whichever_came_before(run, folder):
    """With several networks, and stopped after the first."""
    pattern_net(seed=5, channels=3).save(folder / "other.keras")
    given = (
        *arguments(folder, "both"),
        "--backbone=other.keras,net.keras",
        "--padding_mode=randn",
    )
    done = run(*given)
    assert done.returncode == 0, done.stderr
    path = folder / "both"
    rows = rows_in(path)
    (path / "results.json").unlink()
    for file in (path / "checkpoints").glob("2-*"):
        file.unlink()
    done = run(*given)
    assert done.returncode == 0, done.stderr
    assert rows_in(path) == rows


def test_before_its_activation_a_map_has_another_pattern(run, finished, folder):
    done = run(*arguments(folder, "before", "--activation=before"))
    assert done.returncode == 0, done.stderr
    after, before = (rows_in(folder / name) for name in ("work", "before"))
    # Only the first layer has an activation, and it lets half of it through.
    assert before[0]["mae"] > 1.3 * after[0]["mae"]
    assert before[1]["mae"] == after[1]["mae"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--backbone=rgb"], "rgb has no padding"),
        (["--crop=100"], "needs 124x124 pixels for --crop=100"),
        (["--shorter_side=40"], "net.keras needs 52x52 pixels"),
        (["--layers=1"], "--layers of 'net.keras' must name layers"),
        (["--layers="], "--layers must name at least one"),
        (["--images=nowhere"], "--images: "),
        (["--crop=100000"], "--crop=100000"),
        (["--checkpoint_seconds=nan"], "--checkpoint_seconds must be finite"),
        (["--padding_mode="], "--padding_mode must be one of"),
        (["--max_images=1"], "at least 2 crops"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(run, flags, message, folder):
    done = run(*arguments(folder, "refused"), "--overwrite", *flags)
    assert done.returncode in (1, 2)  # 2: absl itself refuses it
    (line,) = done.stderr.strip().splitlines()
    assert message in line
