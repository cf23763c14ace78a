import datetime
import json
import os
import subprocess
import sys

import keras

from keras_padpos.runs import Provenance


def test_fields():
    fields = Provenance(seed=3).as_dict()
    # Where another test has parsed a binary's flags, its devices too.
    assert set(fields) - {"strategy", "processes"} == {
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
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields
    versions = fields["versions"]
    assert versions.keys() >= {"python", "keras_padpos", "numpy", "scipy"}
    for name in {"keras", "tensorflow", keras.backend.backend()}:
        if name in sys.modules:
            assert versions[name] == sys.modules[name].__version__
    assert fields["backend"] == keras.backend.backend()
    assert (fields["seed"], fields["wall_seconds"] >= 0) == (3, True)
    assert fields["devices"] and all(":" in name for name in fields["devices"])
    start = datetime.datetime.fromisoformat(fields["start"])
    assert start.utcoffset() == datetime.timedelta(0)
    assert fields["command"].startswith("python ")
    assert sys.executable not in fields["command"]
    machine = fields["machine"]
    assert machine["line"] == Provenance().machine_line()
    assert machine["line"].startswith(f"{machine['cores']} core")
    assert machine["cpu"] in machine["line"] and "\n" not in machine["line"]


def test_commit_leaves_the_index_alone(monkeypatch):
    environment = {}

    def fake(command, **kwargs):
        environment.update(kwargs["env"])
        raise subprocess.TimeoutExpired(command, 10)

    monkeypatch.setattr(subprocess, "run", fake)
    monkeypatch.setattr("pathlib.Path.exists", lambda path: True)
    assert Provenance().as_dict()["commit"] is None
    assert environment["GIT_OPTIONAL_LOCKS"] == "0"
    assert environment["PATH"] == os.environ["PATH"]
