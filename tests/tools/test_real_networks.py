import json
import os

import keras
import numpy as np
import pytest
from run_binary import run_binary
from run_tool import run_tool

from keras_padpos import models
from tools.network_catalogue import catalogue
from tools.network_checks import CHECKS
from tools.network_checks import examine


def _net():
    inputs = keras.Input((24, 24, 3))
    x = keras.layers.ZeroPadding2D(1, name="frame")(inputs)
    x = keras.layers.Conv2D(4, 3, strides=2, name="first")(x)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool")(x)
    y = keras.layers.Conv2D(4, 3, padding="same", name="second")(x)
    return keras.Model(inputs, keras.layers.Add(name="sum")([x, y]))


def test_every_check_holds_for_a_small_network():
    row = examine(_net)
    assert {name: row[name] for name in CHECKS} == dict.fromkeys(CHECKS, "yes")
    assert (row["layers"], row["sites"], row["unknown"]) == (6, 3, 0)
    assert row["fields"] == row["maps"] == 5
    assert 0 < row["convert_seconds"] < row["seconds"]


def test_a_copy_that_pads_with_zeros_is_seen(monkeypatch):
    def unchanged(model, mode):
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        return copy

    monkeypatch.setattr(models, "convert_padding", unchanged)
    row = examine(_net)
    assert row["constant"].startswith("no: frame differs by ")
    assert row["roll"].startswith("no: first differs by ")
    assert row["zeros"] == row["saved"] == "yes"


def test_a_copy_of_other_weights_is_seen(monkeypatch):
    convert = models.convert_padding

    def drawn_anew(model, mode):
        copy = convert(model, mode)
        copy.get_layer("second").bias.assign_add([1e-3] * 4)
        return copy

    monkeypatch.setattr(models, "convert_padding", drawn_anew)
    assert examine(_net)["zeros"].startswith("no: outputs differ by 2.0e-03")


def test_a_field_told_too_small_is_seen(monkeypatch):
    tell = models.receptive_field

    def of_the_pooling(model, shape):
        fields = tell(model, shape)
        return {**fields, "second": fields["pool"]}

    monkeypatch.setattr(models, "receptive_field", of_the_pooling)
    assert examine(_net)["field"].startswith("no: second: position ")


def _gated():
    inputs = keras.Input((24, 24, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", name="first")(inputs)
    mean = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Multiply(name="gate")([x, mean])
    return keras.Model(
        inputs, keras.layers.Conv2D(4, 3, padding="same", name="second")(x)
    )


def test_a_field_told_too_small_is_seen_behind_a_gate(monkeypatch):
    row = examine(_gated)
    assert {name: row[name] for name in CHECKS} == dict.fromkeys(CHECKS, "yes")
    assert (row["fields"], row["unchecked"]) == (3, 0)
    tell = models.receptive_field

    def of_the_gate(model, shape):
        fields = tell(model, shape)
        return {**fields, "second": fields["gate"]}

    monkeypatch.setattr(models, "receptive_field", of_the_gate)
    assert examine(_gated)["field"].startswith("no: second: position ")


def test_a_file_that_pads_another_way_is_seen(monkeypatch):
    load = keras.saving.load_model
    convert = models.convert_padding
    monkeypatch.setattr(
        keras.saving, "load_model", lambda path: convert(load(path), "zeros")
    )
    assert examine(_net)["saved"].startswith("no: outputs differ by ")


def test_what_is_not_converted_is_a_row_with_its_reason(monkeypatch):
    def refuse(*args, **options):
        raise RuntimeError("no config for you")

    monkeypatch.setattr(models, "convert_padding", refuse)
    row = examine(_net)
    assert "no config for you" in row["converts"]
    assert row["zeros"] == "n/a: not converted"


def test_what_is_not_built_is_a_row_with_its_reason():
    def build():
        raise ImportError("too old")

    row = examine(build)
    reason = "n/a: not built: ImportError: too old"
    assert [row[name] for name in CHECKS] == [reason] * len(CHECKS)


def test_what_does_not_pad_or_learns_positions_is_told():
    def build():
        inputs = keras.Input((8, 8, 3))
        return keras.Model(inputs, keras.layers.Conv2D(4, 3)(inputs))

    row = examine(build)
    assert row["converts"] == "n/a: it does not pad"
    assert row["field"] == "yes"
    row = examine(_net, learns_positions=True)
    assert row["constant"] == row["roll"] == "n/a: it learns positions"
    assert row["saved"] == "yes"


def test_nothing_is_switched_off_by_its_first_weights():
    inputs = keras.Input((8, 8, 3))
    norm = keras.layers.BatchNormalization(gamma_initializer="zeros")
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    net = keras.Model(inputs, norm(x))
    examine(lambda: net)
    for value in norm.get_weights():
        assert np.ptp(value) > 0
    assert np.min(norm.get_weights()[3]) >= 0.5


def test_the_binary_prints_tables_and_writes_rows(tmp_path):
    pytest.importorskip("keras_hub")
    flags = ("--only=keras_hub/vgg", "--rows=rows.json", "--format=markdown")
    done = run_tool("tools.real_networks", *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 networks that pad are converted in full." in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "| keras" in line]
    cells = [cell.strip() for cell in line.split("|")]
    assert cells[4:10] == ["yes"] * len(CHECKS)
    (row,) = json.loads((tmp_path / "rows.json").read_text())
    assert {row[name] for name in CHECKS} == {"yes"}


def test_a_name_that_no_network_has_is_one_line(tmp_path):
    done = run_tool("tools.real_networks", "--only=alexnet", cwd=tmp_path)
    assert done.returncode != 0
    (line,) = done.stderr.strip().splitlines()
    assert "--only must fit one of applications/VGG16, " in line
    assert line.endswith("Received: alexnet")


@pytest.mark.large
@pytest.mark.skipif(
    "KERAS_PADPOS_BATTERY" not in os.environ,
    reason="takes ten minutes or more; set KERAS_PADPOS_BATTERY to run it",
)
def test_networks_of_other_packages(tmp_path):
    pytest.importorskip("keras_hub")
    done = run_binary(
        "tools.real_networks", "--rows=rows.json", cwd=tmp_path, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    broken = {
        (row["network"], name): row[name]
        for row in rows
        for name in CHECKS
        if row[name].startswith(("no:", "crashed:"))
    }
    assert broken == {}
    padding = [row for row in rows if row.get("sites")]
    assert len(padding) >= 30
    full = [row for row in padding if row["converts"] == "yes"]
    assert len(full) >= 0.9 * len(padding)


def test_names_in_the_catalogue_are_unique():
    names = [network.name for network in catalogue()]
    assert len(set(names)) == len(names)
