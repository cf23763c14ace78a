"""Files that cannot grow, as on a full disk: the system itself refuses."""

import errno
import json
import os

import numpy as np
import pytest
import work_folder
from absl import flags
from absl.testing import flagsaver
from work_folder import make
from work_folder import no_file_larger_than
from work_folder import small_model

from keras_padpos import runs
from keras_padpos.report.figure import figure_panels

runs.define_common_flags()


def contents(path):
    """Without the events: a full disk may cost these."""
    files = work_folder.contents(path).items()
    return {name: data for name, data in files if "tfevents" not in name}


def ended(main, capsys):
    """Status and printed lines of a binary that does this."""
    with flagsaver.flagsaver():
        flags.FLAGS.unparse_flags()
        with pytest.raises(SystemExit) as end:
            runs.run(main, ["binary"], needs_keras=False)
    return end.value.code, capsys.readouterr().err.splitlines()


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
    "models/a": lambda work: work.save_model("a", small_model(units=3)),
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


def test_a_new_directory_on_a_full_disk_is_named(tmp_path, capsys):
    def main(argv):
        with no_file_larger_than(0):
            make(tmp_path / "run")

    status, (line,) = ended(main, capsys)
    assert status == 1
    assert os.strerror(errno.EFBIG) in line
    assert contents(tmp_path) == {"run": False}
    assert not (tmp_path / "run" / ".lock").exists()
    make(tmp_path / "run").write_results([], {})
    assert json.loads(contents(tmp_path)["run/results.json"])["rows"] == []
