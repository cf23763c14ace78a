import functools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image
from run_tool import run_tool

from keras_padpos import files
from keras_padpos import tasks
from keras_padpos.errors import InputError
from keras_padpos.files import inspect_file
from keras_padpos.report import print_inspection

tool = functools.partial(run_tool, "tools.inspect_model")


def _small():
    return keras.Sequential(
        [
            keras.Input((None, None, 3), name="picture"),
            layers.Conv2D(4, 3, strides=2, padding="same", name="first"),
            layers.ZeroPadding2D(((0, 1), (0, 1)), name="frame"),
            layers.Conv2D(4, 3, strides=2, name="second"),
            layers.Conv2D(4, 3, padding="same", name="third"),
        ]
    )


class Foreign(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 3], name="x")])
    def __call__(self, x):
        return {"y": tf.nn.max_pool2d(x, 3, 2, "SAME", name="pool")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    _small().save(folder / "small.keras")
    files.export_model(_small(), folder / "exported")
    foreign = Foreign()
    tf.saved_model.save(foreign, str(folder / "foreign"))
    tf.saved_model.save(foreign, str(folder / "strange"))
    (folder / "strange" / "assets.extra").mkdir()
    (folder / "strange" / "assets.extra" / "model.json").write_text("{}")
    (folder / "note.keras").write_text("no model")
    (folder / "empty").mkdir()
    return folder


def _tables(rows):
    tables = {}
    for row in rows:
        tables.setdefault(row["table"], []).append(row)
    return tables


def test_signature_sites_and_fields_by_hand(folder):
    rows, about = inspect_file(folder / "small.keras", (32, 32, 3))
    tables = _tables(rows)
    assert [tuple(row.values())[1:] for row in tables["signature"]] == [
        ("input", "picture", [None, None, None, 3], "float32"),
        ("output", "third", [None, None, None, 4], "float32"),
    ]
    assert [
        (row["layer"], row["pads"], row["seen"], row["uneven"])
        for row in tables["padding_sites"]
    ] == [
        ("first", [[0, 1]] * 2, [[0, 1]] * 2, "uneven"),
        ("frame + second", [[0, 1]] * 2, [[0, 1]] * 2, "uneven"),
        ("third", [[1, 1]] * 2, [[1, 1]] * 2, ""),
    ]
    # 16x16 after the first, of which the last row sees padding; 8x8 after
    # the second, likewise; all around after the third.
    first, third = tables["receptive_field"]
    assert (first["layer"], first["stride"], first["size"]) == (
        "first",
        [2, 2],
        [3, 3],
    )
    assert first["reach_both"] == pytest.approx(1 - (15 / 16) ** 2)
    assert (third["layer"], third["stride"], third["size"]) == (
        "third",
        [4, 4],
        [15, 15],
    )
    assert third["positions"] == [8, 8]
    # One row above, and two below: the last, and that before it, which sees
    # the second's last.
    assert third["reach_both"] == pytest.approx(1 - (5 / 8) ** 2)
    assert about["notes"] == []


def test_uneven_sites_say_what_would_make_them_even(folder):
    rows, _ = inspect_file(folder / "small.keras", (32, 32, 3))
    tables = _tables(rows)
    first, second = tables["uneven_sites"]
    assert first["even_at"] == [31, 33, 35]
    assert first["remark"] == ""
    assert second["even_at"] == []
    # At 33 the first leaves 17, of which the second's windows see no frame.
    assert second["remark"] == (
        "at no size: the cells are fixed in layer frame; seen evenly at 33"
    )
    (sizes,) = tables["even_sizes"]
    assert sizes["even_at"] == [31, 33, 35]
    assert sizes["centred_at"] == [29, 33, 37]
    assert sizes["complete"]


def test_open_sizes_are_taken_for_224(folder):
    rows, about = inspect_file(folder / "small.keras")
    assert about["shape"] == "224x224x3"
    assert about["notes"] == [
        "The model leaves sizes open: looked at with 224."
    ]
    tables = _tables(rows)
    assert tables["padding_sites"][0]["sizes"] == [224, 224]


def test_every_layer_if_asked(folder):
    rows, _ = inspect_file(folder / "small.keras", (32, 48, 3), all_layers=True)
    fields = _tables(rows)["receptive_field"]
    assert [row["layer"] for row in fields] == [
        "picture",
        "first",
        "frame",
        "second",
        "third",
    ]
    assert [row["layer"] for row in fields if row["stage"]] == [
        "first",
        "third",
    ]
    assert fields[-1]["positions"] == [8, 12]


def test_an_export_tells_what_its_keras_model_does(folder):
    exported, about = inspect_file(folder / "exported", (32, 32, 3))
    kept, _ = inspect_file(folder / "small.keras", (32, 32, 3))
    assert [r for r in exported if r["table"] != "signature"] == [
        r for r in kept if r["table"] != "signature"
    ]
    # The folder's own signature has the outputs' names as served.
    names = {r["name"] for r in exported if r["table"] == "signature"}
    assert names >= {"picture", "third"}
    assert "assets.extra/model.json" in about["notes"][0]


@pytest.mark.parametrize("name", ["foreign", "strange"])
def test_a_foreign_graph_tells_its_operations(folder, name):
    rows, about = inspect_file(folder / name)
    tables = _tables(rows)
    assert set(tables) == {"signature", "operations"}
    (pool,) = tables["operations"]
    assert (pool["operation"], pool["padding"]) == ("MaxPool", "SAME")
    assert (pool["kernel"], pool["strides"]) == ([3, 3], [2, 2])
    assert about["notes"][-1].startswith("A .keras file would tell")
    assert ("no Keras model to load" in about["notes"][0]) == (
        name == "strange"
    )


def test_several_inputs_and_a_dict_of_outputs(tmp_path):
    left = keras.Input((8, 8, 1), name="left")
    right = keras.Input((None, None, 1), name="right", dtype="float32")
    conv = layers.Conv2D(2, 3, padding="same", name="conv")
    model = keras.Model([left, right], {"b": conv(left), "a": conv(right)})
    model.save(tmp_path / "two.keras")
    rows, about = inspect_file(tmp_path / "two.keras")
    assert about["shape"] == "left 8x8x1, right 224x224x1"
    tables = _tables(rows)
    assert [row["name"] for row in tables["signature"]] == [
        "left",
        "right",
        "a",
        "b",
    ]
    assert tables["signature"][2]["shape"] == [None, None, None, 2]
    assert len(tables["padding_sites"]) == 2
    assert "of one input" in tables["receptive_field"][0]["reason"]
    with pytest.raises(InputError, match="models of one input"):
        inspect_file(tmp_path / "two.keras", (8, 8, 1))


def test_layers_of_the_tasks_are_known(tmp_path):
    net = tasks.location_net("vgg5", "both", 3, size=8, permuted=True)
    net.save(tmp_path / "location.keras")
    done = tool("location.keras", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Padding sites at cell, picture 8x8x3" in done.stdout
    assert "4 sites, 0 uneven; modes: zeros 4." in done.stdout
    files.export_model(net, tmp_path / "exported")
    done = tool("exported", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 sites, 0 uneven; modes: zeros 4." in done.stdout


def test_without_fields_the_reason_is_printed(tmp_path):
    left, right = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    joined = layers.Conv2D(2, 3)(layers.Add()([left, right]))
    keras.Model([left, right], joined).save(tmp_path / "two.keras")
    done = tool("two.keras", "--workdir=work", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Receptive fields: they are computed for models of" in done.stdout
    assert "Padding sites" not in done.stdout
    assert not (tmp_path / "work" / "figures").exists()


@pytest.fixture(scope="module")
def finished(folder):
    flags = ("small.keras", "--input_shape=32,32,3", "--workdir=work")
    done = tool(*flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    return flags, done


def test_the_tables_are_printed(finished):
    _, done = finished
    for line in (
        "small.keras",
        "| input  | picture | ?x?x?x3 | float32 |",
        "Padding sites at 32x32x3",
        "3 sites, 2 uneven; modes: zeros 3.",
        "At once all others are even at: 31, 33, 35, and with every map "
        "centred on the picture at: 29, 33, 37.",
        # Less than 3 leave no window of the second.
        "62 sizes tried, 3 to 64.",
        "reach: share of the positions that padding reaches.",
    ):
        assert line in done.stdout.splitlines()
    assert "at no size: the cells are fixed in layer frame" in done.stdout
    assert "sizes at which padding is even: " in done.stderr


def test_results_and_figure_are_left(finished, folder):
    work = folder / "work"
    results = json.loads((work / "results.json").read_text())
    assert results["experiment"] == "inspect_model"
    assert results["config"]["input_shape"] == [32, 32, 3]
    rows, _ = inspect_file(folder / "small.keras", (32, 32, 3))
    assert results["rows"] == json.loads(json.dumps(rows))
    with Image.open(work / "figures" / "reach.png") as figure:
        assert len(np.unique(np.asarray(figure))) > 2


def test_a_finished_run_is_shown_again(finished, folder):
    flags, done = finished
    again = tool(*flags, cwd=folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == done.stdout


def test_without_a_workdir_nothing_is_written(folder):
    before = sorted(folder.rglob("*"))
    done = tool("foreign", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| pool | MaxPool   | SAME    | 3x3    | 2x2     |" in done.stdout
    done = tool("exported", "--input_shape=9,9,3", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Padding sites at 9x9x3" in done.stdout
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "argv, message, status",
    [
        ([], "expected PATH and flags. Received: nothing", 2),
        (["a.keras", "b.keras"], "Received: 'a.keras' 'b.keras'", 2),
        (["no.keras"], "There is no file at 'no.keras'", 1),
        (["empty"], "There is no file at 'empty/saved_model.pb'", 1),
        (["note.keras"], "PATH must be a .keras file that Keras can load", 1),
        (["foreign/saved_model.pb"], "PATH must be a file with the ending", 1),
        (["small.keras", "--input_shape=32,x,3"], "--input_shape must be", 1),
        (["small.keras", "--input_shape=0,1,3"], "Received: 0,1,3", 1),
        (["small.keras", "--input_shape=32,32"], "the model's ?,?,3", 1),
        (["small.keras", "--input_shape=32,32,4"], "'first'", 1),
        (["small.keras", "--input_shap=1"], "Did you mean", 2),
        (["small.keras", "--workdir=empty/x", "--input_shape=3"], "fit", 1),
    ],
)
def test_a_mistake_is_one_line(folder, argv, message, status):
    done = tool(*argv, cwd=folder)
    assert done.returncode == status, done
    assert message in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_the_command_itself(tmp_path):
    done = tool("--help", cwd=tmp_path)
    assert done.returncode == 0
    for text in ("--input_shape:", "PATH", "--[no]all_layers:", "--workdir:"):
        assert text in done.stdout


def test_the_halo_of_a_u_net_is_printed(tmp_path, capsys):
    inputs = keras.Input((16, 16, 1))
    fine = keras.layers.Conv2D(2, 3, padding="same")(inputs)
    x = keras.layers.UpSampling2D(2)(keras.layers.MaxPooling2D(2)(fine))
    x = keras.layers.Concatenate()([x, fine])
    x = keras.layers.Conv2D(1, 3, padding="same", name="scores")(x)
    keras.Model(inputs, x).save(tmp_path / "net.keras")
    rows, about = inspect_file(tmp_path / "net.keras")
    *_, row = _tables(rows)["receptive_field"]
    assert (row["layer"], row["output"]) == ("scores", True)
    assert (row["stride"], row["period"]) == ([1, 1], [2, 2])
    json.dumps(rows)
    print_inspection(about["title"], rows, about["shape"])
    # A window of 3, a cell of 2, and a window of 3 before the pooling.
    assert (
        "halo of output scores: 4 cells; tiles start at multiples of 2."
        in " ".join(capsys.readouterr().out.split())
    )
