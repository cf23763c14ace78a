import datetime
import json
import os
import subprocess
import sys

import pytest

from keras_padpos.files.disk import strict_json
from keras_padpos.runs import Provenance


@pytest.fixture(scope="module")
def found():
    return Provenance(seed=3).as_dict()


def test_fields(found):
    # Where another test has parsed a binary's flags, how it was spread too.
    assert set(found) - {"strategy", "processes"} == {
        "versions",
        "backend",
        "devices",
        "machine",
        "seed",
        "command",
        "start",
        "wall_seconds",
        "commit",
    }
    import keras

    versions = found["versions"]
    assert versions.keys() >= {"python", "keras_padpos", "numpy", "scipy"}
    assert versions["keras"] == keras.__version__
    assert found["backend"] == keras.backend.backend()
    assert found["seed"] == 3
    assert found["wall_seconds"] >= 0
    assert found["devices"] and all(":" in name for name in found["devices"])
    assert found["machine"]["cores"] >= 1
    start = datetime.datetime.fromisoformat(found["start"])
    assert start.utcoffset() == datetime.timedelta(0)


def test_is_json(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == strict_json(found)


def test_tensorflow_is_named_if_imported(found):
    if "tensorflow" in sys.modules:
        version = sys.modules["tensorflow"].__version__
        assert found["versions"]["tensorflow"] == version


def test_command_has_no_interpreter_path(found):
    assert found["command"].startswith("python ")
    assert sys.executable not in found["command"]


def test_machine_line(found):
    line = Provenance().machine_line()
    assert line.startswith(f"{found['machine']['cores']} core")
    assert "\n" not in line
    assert found["machine"]["cpu"] in line
    assert found["machine"]["line"] == line


def test_commit_is_none_without_git(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert Provenance().as_dict()["commit"] is None


def test_commit_leaves_the_index_alone(monkeypatch):
    seen = {}

    def fake(command, **kwargs):
        seen.update(kwargs["env"])
        raise subprocess.TimeoutExpired(command, 10)

    monkeypatch.setattr(subprocess, "run", fake)
    monkeypatch.setattr("pathlib.Path.exists", lambda path: True)
    assert Provenance().as_dict()["commit"] is None
    assert seen["GIT_OPTIONAL_LOCKS"] == "0"
    assert seen["PATH"] == os.environ["PATH"]
