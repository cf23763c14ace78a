"""Nothing that is read can run code."""

import ast
import hashlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from tool_process import ToolProcess

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
MODULES = {
    *("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib"),
    *("marshal", "shelve", "hickle", "jsonpickle"),
}
# May go with these values alone.
KEYWORDS = {"allow_pickle": False, "safe_mode": True, "weights_only": True}
LOADERS = {"SafeLoader", "CSafeLoader"}


def faults(text):
    """What in a source could run what it reads."""
    nodes = list(ast.walk(ast.parse(text)))
    loaders = LOADERS | {
        node.name
        for node in nodes
        if isinstance(node, ast.ClassDef)
        and [_last(base) for base in node.bases] in ([n] for n in LOADERS)
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] in MODULES:
                    yield f"import {name.name}"
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] in MODULES:
                yield f"from {node.module} import"
        elif isinstance(node, ast.Attribute):
            if node.attr == "enable_unsafe_deserialization":
                yield node.attr
        elif isinstance(node, ast.Call):
            yield from _call_faults(node, loaders)


def _last(name):
    return ast.unparse(name).rpartition(".")[2]


def _call_faults(call, loaders):
    called = ast.unparse(call.func)
    given = {word.arg: word.value for word in call.keywords}
    if called in ("eval", "exec", "os.system", "os.popen"):
        yield called
    for name, wanted in KEYWORDS.items():
        if name in given and ast.unparse(given[name]) != str(wanted):
            yield f"{called}({name}={ast.unparse(given[name])})"
    if called in ("np.load", "numpy.load") and "allow_pickle" not in given:
        yield f"{called} without allow_pickle=False"
    if called == "torch.load" and "weights_only" not in given:
        yield f"{called} without weights_only=True"
    if "shell" in given:
        yield f"{called}(shell)"
    if called in ("yaml.load", "yaml.load_all"):
        loader = given.get("Loader") or (call.args[1:] or [None])[0]
        if loader is None or _last(loader) not in loaders:
            yield f"{called} without a safe loader"
    if called.startswith("yaml.") and called.endswith(
        ("unsafe_load", "full_load")
    ):
        yield called


@pytest.mark.parametrize(
    ("faulty", "text"),
    [
        *(
            (True, text)
            for text in (
                "import pickle",
                "import joblib.externals as j",
                "from pickle import loads",
                "np.load(f)",
                "np.load(f, allow_pickle=trust)",
                "load_model(f, safe_mode=flag.value)",
                "keras.config.enable_unsafe_deserialization()",
                "eval(text)",
                "torch.load(f)",
                "torch.load(f, weights_only=False)",
                "yaml.load(f)",
                "yaml.load(f, yaml.FullLoader)",
                "class Strict(yaml.Loader): pass\nyaml.load(f, Strict)",
                "yaml.unsafe_load(f)",
                "subprocess.run(command, shell=True)",
                "os.system(command)",
            )
        ),
        *(
            (False, text)
            for text in (
                "np.load(f, allow_pickle=False)",
                "keras.saving.load_model(f, compile=False)",
                "network.eval()",
                "yaml.load(f, Loader=yaml.CSafeLoader)",
                "class Strict(yaml.SafeLoader): pass\nyaml.load(f, Strict)",
                "text = 'import pickle'",
            )
        ),
    ],
)
def test_the_search_finds_what_it_looks_for(faulty, text):
    assert any(faults(text)) == faulty


def test_no_source_reads_what_could_run_code():
    assert len(SOURCES) > 200
    for file in SOURCES:
        assert not list(faults(file.read_text("utf-8"))), file


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
        lambda folder: runs.WorkDirectory.open_finished(
            folder / "run", "position_probe"
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


def test_a_binary_refuses_such_a_file_in_one_line(folder):
    argv = ("code.keras", "out.keras", "--padding_mode=reflect")
    with ToolProcess(
        "tools.convert_padding", ["IN.keras", "OUT.keras"]
    ) as tool:
        done = tool(*argv, cwd=folder)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "code.keras" in line
    assert "holds code of its own, such as a Lambda layer's" in line
    assert not (folder / "out.keras").exists()


def test_objects_are_neither_written_nor_read(tmp_path):
    work = runs.WorkDirectory(tmp_path / "run", "probe", {})
    with pytest.raises(ValueError, match="must hold numbers"):
        work.save_checkpoint("a", [], {"x": np.array([{}], dtype=object)})
    work.save_checkpoint("a", [], {"x": np.zeros(1)})
    (npz,) = (tmp_path / "run" / "checkpoints").glob("*.npz")
    np.savez(npz, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_arrays(npz)
    # One of which somebody has made the digest fit as well.
    (file,) = (tmp_path / "run" / "checkpoints").glob("*.json")
    saved = json.loads(file.read_text())
    saved["arrays"] = hashlib.sha256(npz.read_bytes()).hexdigest()
    file.write_text(json.dumps(saved))
    with pytest.warns(UserWarning, match="damaged"):
        assert work.checkpoint("a") is None
