import json
import os

import pytest

from keras_padpos.sweep import SweepRun
from keras_padpos.sweep.process import sweep_task

# Writes what it sees into its work directory, and does what it is told.
_BINARY = """
import json, os, pathlib, sys
flags = dict(word[2:].split("=", 1) for word in sys.argv[1:])
work = pathlib.Path(flags.pop("workdir"))
work.mkdir(exist_ok=True)
with open(work / "calls", "a") as file:
    print(json.dumps([flags, os.getcwd(), dict(os.environ)]), file=file)
calls = len((work / "calls").read_text().splitlines())
if calls <= int(flags.get("busy", 0)):
    sys.exit(f"count: error: {str(work)!r} is in use by process 1 on host.")
if "signal" in flags:
    os.kill(os.getpid(), int(flags["signal"]))
if "status" in flags:
    print("is in use, but long ago\\n" + "something else\\n" * 5)
    sys.exit(int(flags["status"]))
(work / "results.json").write_text("{}")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs" / "count.py").write_text(_BINARY)
    (tmp_path / "logs").mkdir()
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    return tmp_path, pauses


def task(folder, flags, **options):
    given = {"attempt": 1, "node": "host/1", "cwd": str(folder)}
    given |= {"environment": {}} | options
    return sweep_task(
        SweepRun("stubs.count", flags),
        str(folder / "work"),
        str(folder / "logs" / "run.log"),
        **given,
    )


def calls(folder):
    file = folder / "work" / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_a_run_is_run_once(folder):
    folder, _ = folder
    end = task(folder, {"seed": 1})
    assert end.finished
    assert (end.node, end.fault, end.lost) == ("host/1", "", False)
    assert end.seconds > 0
    again = task(folder, {"seed": 1}, attempt=2)
    assert again.finished
    assert again.seconds == 0
    assert len(calls(folder)) == 1
    log = (folder / "logs" / "run.log").read_text()
    assert log.startswith("[sweep] attempt 1 on host/1, ")
    assert "attempt 2" not in log


def test_its_environment(folder, monkeypatch):
    folder, _ = folder
    for name in ("RAY_JOB_ID", "OMP_NUM_THREADS", "KEPT", "KERAS_BACKEND"):
        monkeypatch.setenv(name, "4")
    environment = {"OMP_NUM_THREADS": None, "KERAS_BACKEND": "jax"}
    task(folder, {"seed": 1}, environment=environment)
    (call,) = calls(folder)
    flags, cwd, seen = json.loads(call)
    assert (flags, cwd) == ({"seed": "1"}, str(folder))
    assert (seen["KEPT"], seen["KERAS_BACKEND"]) == ("4", "jax")
    assert not {"RAY_JOB_ID", "OMP_NUM_THREADS"} & set(seen)


def test_a_directory_in_use_is_waited_for(folder):
    folder, pauses = folder
    assert task(folder, {"busy": 3}).finished
    assert len(calls(folder)) == 4
    assert [pause for pause in pauses if pause >= 1] == [1, 2, 4]


def test_but_not_for_ever(folder):
    folder, pauses = folder
    end = task(folder, {"busy": 1}, patience=0.5)
    assert (end.fault, end.lost) == ("exit status 1", True)
    assert len(calls(folder)) == 1


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        ({"status": 1}, "exit status 1"),
        ({"status": 2, "busy": 0}, "exit status 2"),
        ({"status": 0}, "it ended without results.json"),
        ({"signal": 9}, "killed by SIGKILL, as when memory runs out"),
        ({"signal": 15}, "killed by SIGTERM"),
    ],
)
def test_a_run_that_fails_is_not_tried_again(folder, flags, fault):
    folder, pauses = folder
    end = task(folder, flags)
    assert (end.fault, end.lost, end.finished) == (fault, False, False)
    assert len(calls(folder)) == 1


def test_a_node_without_the_shared_folder(folder):
    folder, _ = folder
    for missing in ("logs", "cwd"):
        options = {"cwd": str(folder / "cwd")}
        (folder / "cwd").mkdir(exist_ok=True)
        os.rename(folder / missing, folder / "away")
        end = task(folder, {}, **options)
        assert f"host/1 does not see '{folder / missing}'" in end.fault
        assert "shared folder under the same path" in end.fault
        os.rename(folder / "away", folder / missing)
    assert not calls(folder)
