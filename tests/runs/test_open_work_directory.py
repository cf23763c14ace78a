import json
from pathlib import Path

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver
from work_folder import contents
from work_folder import make

from keras_padpos.files.disk import atomic_file
from keras_padpos.runs import InputError
from keras_padpos.runs import define_common_flags
from keras_padpos.runs import open_work_directory
from keras_padpos.runs import run

define_common_flags()

# Of somebody else, some of them named as ours nearly are.
FOREIGN = (
    "notes.txt",
    ".hidden",
    "events.out.tfevents.1.host",
    "checkpoints/mine.json",
    "models/teacher.keras",
    "figures/for the paper.png",
    "figures/deep/a.png",
    "my_results.json",
)


@pytest.fixture(autouse=True)
def restored():
    with flagsaver.flagsaver():
        yield


def open_with(path, *argv, experiment="probe", config=None):
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["binary", f"--workdir={path}", *argv])
    return open_work_directory(experiment, config or {"seed": 0})


def fill(path, finish):
    work = make(path)
    work.log(unit="a", epoch=1, loss=1.0)
    work.save_checkpoint("a b/c", [1], {"map": np.arange(3.0)})
    work.save_checkpoint("x" * 300, [1])
    work.save_arrays({"x": np.ones(2)})
    for name in ("maps", "a.b-1"):
        with atomic_file(work.figure_path(name)) as file:
            file.write(b"png")
    (path / "models").mkdir()
    (path / "models" / "a-0123abcd.keras").write_bytes(b"zip")
    # What a killed process was writing.
    (path / ".results.json.17-0123abcd.tmp").write_bytes(b"{")
    (path / "models" / ".17-0123abcd.tmp.a-0123abcd.keras").write_bytes(b"PK")
    if finish:
        work.write_results([{"mae": 1.0}], {})


@pytest.mark.parametrize(
    ("argv", "finish", "options"),
    [
        (["--overwrite"], True, {}),
        (["--overwrite"], False, {"config": {"seed": 1}}),
        (["--overwrite", "--noresume"], True, {"experiment": "pattern"}),
        (["--noresume"], False, {}),
    ],
)
def test_a_run_is_removed_and_nothing_else(
    tmp_path, capsys, argv, finish, options
):
    path = tmp_path / "run"
    fill(path, finish)
    for name in FOREIGN:
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text("mine")
    work = open_with(path, *argv, **options)
    assert not work.finished
    assert work.checkpoint("a b/c") is None
    left = contents(path)
    assert set(left) == {
        "config.json",
        *FOREIGN,
        *("checkpoints", "models", "figures", "figures/deep"),
    }
    assert {left[name] for name in FOREIGN} == {b"mine"}
    assert json.loads(left["config.json"]) == {
        "experiment": options.get("experiment", "probe"),
        "config": options.get("config", {"seed": 0}),
    }
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines)) == ("", "--overwrite" in argv)
    kind = "a finished" if finish else "an unfinished"
    for line in lines:
        assert f"removed {kind} run of probe from {str(path)!r}: " in line
        assert ("results.json" in line) == finish
        text = "checkpoints (3 files), figures (2 files), models (1 file)"
        assert text in line


@pytest.mark.parametrize("there", [None, "empty", "blank"])
def test_overwrite_of_nothing_says_nothing(tmp_path, capsys, there):
    path = tmp_path / "run"
    if there:
        path.mkdir()
    if there == "blank":
        make(path, {"seed": 3})
    open_with(path, "--overwrite").save_checkpoint("a", [])
    assert capsys.readouterr().err == ""


def test_a_finished_run_is_removed_by_that_flag_alone(tmp_path):
    path = tmp_path / "run"
    fill(path, finish=True)
    before = contents(path)
    with pytest.raises(InputError, match="add --overwrite"):
        open_with(path, "--noresume")
    assert open_with(path).finished
    assert contents(path) == before


def test_a_stop_while_overwriting_leaves_no_mixture(tmp_path, monkeypatch):
    path = tmp_path / "run"
    fill(path, finish=True)
    unlink = Path.unlink
    removed = []

    def stop(file, *arguments, **keywords):
        if len(removed) == 3:
            raise KeyboardInterrupt
        removed.append(file.name)
        unlink(file, *arguments, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", stop)
        with pytest.raises(KeyboardInterrupt):
            open_with(path, "--overwrite", config={"seed": 1})
    # What is left still belongs to the old run, which is unfinished now.
    assert removed[0] == "results.json"
    with pytest.raises(InputError, match="--seed is 0 there and 1 now"):
        open_with(path, config={"seed": 1})
    assert not open_with(path).finished
    open_with(path, "--overwrite", config={"seed": 1})
    assert contents(path).keys() == {"config.json"}


def test_what_a_killed_process_was_writing_goes(tmp_path):
    path = tmp_path / "run"
    fill(path, finish=False)
    open_with(path)
    assert not [name for name in contents(path) if "tmp" in name]


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ("", "the same command goes on"),
        ("--overwrite", "the same command without --overwrite goes on"),
        ("--overwrite --noresume", "without --noresume and --overwrite goes"),
    ],
)
def test_an_interruption_says_how_to_go_on(tmp_path, capsys, argv, text):
    def main(rest):
        open_work_directory("probe", {"seed": 0})
        raise KeyboardInterrupt

    flags.FLAGS.unparse_flags()
    argv = ["binary", f"--workdir={tmp_path}", *argv.split()]
    with pytest.raises(SystemExit) as end:
        run(main, argv, needs_keras=False)
    assert end.value.code == 130
    line = capsys.readouterr().err
    assert line.startswith("binary: interrupted; the same") and text in line
