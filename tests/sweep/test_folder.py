import json
import subprocess
import sys
from pathlib import Path

import pytest

from keras_padpos.errors import InputError
from keras_padpos.sweep import SweepRun
from keras_padpos.sweep import sweep_commands
from keras_padpos.sweep.folder import SweepFolder

RUNS = [
    SweepRun("experiments.count", {"seed": seed}, ("seed",)) for seed in (0, 1)
]


def test_a_new_folder_is_made_only_when_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = SweepFolder("new/study")
    runs = folder.place(RUNS)
    assert not (tmp_path / "new").exists()
    folder.open()
    folder.save(runs)
    saved = json.loads((tmp_path / "new/study/sweep.json").read_text())
    work = tmp_path / "new/study" / RUNS[0].name
    assert saved["runs"][0] == {
        "workdir": str(work),
        "log": str(work.parent / "logs" / f"{work.name}.log"),
        "experiment": "experiments.count",
        "flags": {"seed": 0},
        "state": "waiting",
        "attempts": 0,
        "node": None,
        "seconds": None,
        "fault": "",
    }


def test_a_finished_run_stays_finished_when_the_grid_changes(tmp_path):
    folder = SweepFolder(tmp_path)
    folder.open()
    first, second = folder.place(RUNS)
    Path(first.workdir).mkdir()
    Path(second.workdir).mkdir()
    Path(first.workdir, "results.json").touch()
    first.node, first.seconds, first.attempts = "host/1", 3.5, 2
    folder.save([first, second])
    # Now nothing varies, and there is one run more.
    again = [
        SweepRun(run.experiment, {"seed": s}) for s, run in enumerate(RUNS)
    ]
    runs = [SweepRun("experiments.count", {"seed": 2}), *reversed(again)]
    entries = SweepFolder(tmp_path).place(runs)
    assert [(entry.state, entry.before) for entry in entries] == [
        ("waiting", False),
        ("waiting", False),
        ("finished", True),
    ]
    last = entries[2]
    assert [entry.workdir for entry in entries[1:]] == [
        second.workdir,
        first.workdir,
    ]
    assert (last.node, last.seconds, last.attempts) == ("host/1", 3.5, 2)
    assert sweep_commands(runs, tmp_path) == [
        entry.command() for entry in entries[:2]
    ]
    # A damaged sweep.json loses only what is in no work directory.
    for text in ("", "[]", '{"runs": [3]}'):
        (tmp_path / "sweep.json").write_text(text)
        assert SweepFolder(tmp_path).place(RUNS)[0].state == "finished"


def test_a_second_sweep_is_refused(tmp_path):
    code = (
        "import sys; from keras_padpos.sweep.folder import SweepFolder\n"
        "folder = SweepFolder(sys.argv[1]); folder.open()\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(InputError, match=f"process {other.pid} on .*--out"):
            SweepFolder(tmp_path).open()
        other.stdin.close()


def test_a_folder_that_cannot_be_one(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Cannot write --out"):
        SweepFolder(tmp_path / "file").open()
    with pytest.raises(InputError, match="Cannot read --out"):
        SweepFolder(tmp_path / "file").place(RUNS)
