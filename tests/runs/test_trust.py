"""Nothing that is read can run code."""

import ast
import hashlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_padpos import files
from keras_padpos import models
from keras_padpos import runs
from keras_padpos.files.disk import read_arrays

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    file
    for folder in ("keras_padpos", "experiments", "tools")
    for file in (ROOT / folder).rglob("*.py")
)
# May go with these values alone; what else could run code, ruff refuses.
_KEYWORDS = {"allow_pickle": "False", "safe_mode": "True"}


def test_no_source_reads_what_could_run_code():
    given = [
        (node.arg, ast.unparse(node.value))
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.keyword) and node.arg in _KEYWORDS
    ]
    assert given
    assert set(given) <= set(_KEYWORDS.items())


def ran(x):
    sys.modules["keras"].code_of_the_file_has_run = True
    return x


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A network whose file holds code that leaves a trace when it runs."""
    folder = tmp_path_factory.mktemp("trust")
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(2, 3, padding="same", name="first")(inputs)
    # Not a module's function, which would be saved by its name.
    trace = keras.layers.Lambda(lambda x: ran(x), name="code")
    network = keras.Model(inputs, trace(x))
    network.save(folder / "code.keras")
    plain = keras.Model(inputs, keras.layers.ReLU()(x))
    plain.export(folder / "graph", verbose=False)
    (folder / "graph" / "assets.extra").mkdir(exist_ok=True)
    (folder / "graph" / "assets.extra" / "model.json").write_text(
        json.dumps({"model": json.loads(network.to_json())})
    )
    work = runs.WorkDirectory(folder / "run", "position_probe", {})
    work.save_model("unit", network)
    work.write_results([], {})
    # Building it has run it.
    vars(sys.modules["keras"]).pop("code_of_the_file_has_run")
    return folder


@pytest.mark.parametrize(
    "load",
    [
        lambda folder: files.load_keras_model(folder / "code.keras"),
        lambda folder: files.load_keras_model(
            folder / "code.keras", compiled=True
        ),
        lambda folder: files.inspect_file(folder / "code.keras"),
        lambda folder: models.backbone(
            str(folder / "code.keras"), "file", "own", stages=["first"]
        ),
        lambda folder: runs.WorkDirectory(
            folder / "run", "position_probe", {}
        ).load_model("unit"),
    ],
)
def test_code_in_a_model_file_is_refused(folder, load):
    with pytest.raises((runs.InputError, ValueError)) as error:
        load(folder)
    message = str(error.value)
    assert "holds code of its own, such as a Lambda layer's" in message
    assert "\n" not in message and "safe_mode" not in message
    assert not hasattr(keras, "code_of_the_file_has_run")


def test_code_beside_a_graph_is_told_of_and_not_run(folder):
    rows, about = files.inspect_file(folder / "graph")
    assert {row["table"] for row in rows} == {"signature", "operations"}
    assert any("holds code of its own" in note for note in about["notes"])
    assert not hasattr(keras, "code_of_the_file_has_run")


def test_objects_are_neither_written_nor_read(tmp_path):
    work = runs.WorkDirectory(tmp_path / "run", "probe", {})
    with pytest.raises(ValueError, match="must hold numbers"):
        work.save_checkpoint("a", [], {"x": np.array([{}], dtype=object)})
    work.save_checkpoint("a", [], {"x": np.zeros(1)})
    (npz,) = (tmp_path / "run" / "checkpoints").glob("*.npz")
    np.savez(npz, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="no file of arrays, or damaged$"):
        read_arrays(npz)
    # One of which somebody has made the digest fit as well.
    (file,) = (tmp_path / "run" / "checkpoints").glob("*.json")
    saved = json.loads(file.read_text())
    saved["arrays"] = hashlib.sha256(npz.read_bytes()).hexdigest()
    file.write_text(json.dumps(saved))
    with pytest.warns(UserWarning, match="damaged"):
        assert work.checkpoint("a") is None
