"""Files that cannot grow, as on a full disk: the system itself refuses."""

import contextlib
import errno
import json
import os
import resource

import keras
import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from keras_padpos import runs
from keras_padpos.report.figure import figure_panels

runs.define_common_flags()


@contextlib.contextmanager
def no_file_larger_than(size):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def contents(path):
    return {
        str(file.relative_to(path)): file.is_file() and file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.name != ".lock" and "tfevents" not in file.name
    }


def make(path):
    return runs.WorkDirectory(path, "probe", {"seed": 0})


def ended(main, capsys):
    """Status and printed lines of a binary that does this."""
    with flagsaver.flagsaver():
        flags.FLAGS.unparse_flags()
        with pytest.raises(SystemExit) as end:
            runs.run(main, ["binary"], needs_keras=False)
    return end.value.code, capsys.readouterr().err.splitlines()


def small_model(units=1):
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])


def draw(work, cells=8):
    ramp = np.linspace(0, 1, cells * cells).reshape(cells, cells)
    with figure_panels(work.figure_path("maps"), "Maps") as panels:
        panels[0, 0].imshow(ramp)


WRITES = {
    "checkpoints/a": lambda work: work.save_checkpoint(
        "a", ["other " * 1000], {"map": np.ones(9)}
    ),
    "arrays.npz": lambda work: work.save_arrays({"x": np.zeros(999)}),
    "figures/maps.png": lambda work: draw(work, 9),
    "models/a": lambda work: work.save_model("a", small_model(3)),
    "results.json": lambda work: work.write_results(
        [{"mae": 0.5, "words": "w" * 2000}], {}
    ),
    "metrics.jsonl": lambda work: work.log("a", words="w" * 2000),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("size", [0, 1000])
def test_one_line_says_so_and_nothing_is_lost(tmp_path, capsys, name, size):
    work = make(tmp_path / "run")
    work.log("a", epoch=1, loss=0.5)
    work.save_checkpoint("a", [1], {"map": np.zeros(9)})
    work.save_arrays({"x": np.ones(999)})
    work.save_model("a", small_model())
    draw(work)
    before = contents(work.path)
    capsys.readouterr()

    def main(argv):
        with no_file_larger_than(size):
            WRITES[name](work)

    status, (line,) = ended(main, capsys)
    assert status == 1
    assert line.startswith("binary: error: ")
    assert os.strerror(errno.EFBIG) in line
    assert f"{tmp_path / 'run' / name}" in line
    after = contents(work.path)
    if name == "metrics.jsonl":
        assert after.pop(name).startswith(before[name])
    assert after == {key: before[key] for key in after}
    assert before.keys() - after.keys() <= {"metrics.jsonl"}
    # There is room again: what was there is, and what was not can be written.
    work.close()
    work = make(tmp_path / "run")
    assert contents(work.path) == before
    assert work.checkpoint("a")[0] == [1]
    assert work.load_model("a").output_shape == (None, 1)
    WRITES[name](work)
    assert contents(work.path) != before


def test_a_directory_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    status, (line,) = ended(lambda _: make(tmp_path / "file" / "run"), capsys)
    assert status == 1
    assert f"Cannot write {str(tmp_path / 'file' / 'run')!r}" in line


def test_a_new_directory_on_a_full_disk_is_named(tmp_path, capsys):
    def main(argv):
        with no_file_larger_than(0):
            make(tmp_path / "run")

    status, (line,) = ended(main, capsys)
    assert status == 1
    assert os.strerror(errno.EFBIG) in line
    assert contents(tmp_path) == {"run": False}
    make(tmp_path / "run").write_results([], {})
    (rows,) = [
        json.loads(text)["rows"]
        for name, text in contents(tmp_path).items()
        if name == "run/results.json"
    ]
    assert rows == []


@pytest.mark.parametrize("name", ["checkpoints/a", "figures", "models/a"])
def test_a_file_where_a_folder_belongs_is_named(tmp_path, capsys, name):
    work = make(tmp_path)
    folder = tmp_path / name.partition("/")[0]
    folder.write_text("mine")
    write = {**WRITES, "figures": draw}[name]
    status, (line,) = ended(lambda _: write(work), capsys)
    assert status == 1
    assert f"Cannot write '{tmp_path / name}" in line
    assert folder.read_text() == "mine"
