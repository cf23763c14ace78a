import json
import os
import shutil
import warnings

import numpy as np
import pytest
import work_folder
from work_folder import contents
from work_folder import small_model

from keras_padpos.runs import InputError
from keras_padpos.runs import WorkDirectory

CONFIG = {"seed": 0, "targets": ["horizontal", "vertical"]}


def make(path, config=None, **options):
    return work_folder.make(path, config or CONFIG, **options)


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is not strict JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def filled(tmp_path):
    """A run that stopped in its second unit."""
    work = make(tmp_path / "run")
    work.log(note="start")
    work.log(unit="a", loss=1.0)
    work.save_checkpoint("a", [{"mae": 0.5}], {"map": np.arange(3.0)})
    work.log(unit="b", loss=2.0)
    work.save_arrays({"x": np.ones(2)})
    work.figure_path("maps").write_bytes(b"png")
    return work.path


def test_new_directory_holds_its_config(tmp_path):
    work = make(tmp_path / "deep" / "run")
    assert contents(work.path).keys() == {"config.json"}
    assert strict((work.path / "config.json").read_text()) == {
        "experiment": "probe",
        "config": CONFIG,
    }
    assert not work.finished


def test_default_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(None).save_checkpoint("unit", [])
    assert (tmp_path / "runs" / "probe" / "config.json").exists()
    with pytest.raises(InputError, match="--seed is 0 there and 1 now"):
        make(None, {**CONFIG, "seed": 1})


def test_results_are_written_once_and_read_back(tmp_path):
    work = make(tmp_path)
    rows = [{"mae": np.float32(0.5), "snr_db": -np.inf, "ci": (0.1, np.nan)}]
    work.write_results(rows, {"seed": np.int64(0)})
    results = strict((tmp_path / "results.json").read_text())
    assert results == {
        "experiment": "probe",
        "config": CONFIG,
        "rows": [{"mae": 0.5, "snr_db": None, "ci": [0.1, None]}],
        "provenance": {"seed": 0, "resumed_units": 0},
    }
    before = contents(tmp_path)
    again = make(tmp_path)
    assert again.finished
    assert again.load_results() == results
    with pytest.raises(RuntimeError, match="written once"):
        again.write_results(rows, {})
    assert contents(tmp_path) == before
    (tmp_path / "results.json").write_text('{"rows"')
    with pytest.raises(InputError, match="Cannot read results .* Remove"):
        make(tmp_path).load_results()


def test_resume_after_a_unit(filled):
    work = make(filled)
    rows, arrays = work.checkpoint("a")
    assert rows == [{"mae": 0.5}]
    assert arrays.keys() == {"map"}
    np.testing.assert_array_equal(arrays["map"], [0.0, 1.0, 2.0])
    assert arrays["map"].dtype == np.float64
    assert work.checkpoint("b") is None
    work.save_checkpoint("b", [])
    work.write_results([], {})
    assert work.load_results()["provenance"]["resumed_units"] == 1


def test_lines_of_unfinished_units_and_torn_ones_are_dropped(filled):
    with open(filled / "metrics.jsonl", "a") as file:
        file.write('{"unit": "a", "lo')
    make(filled).log(unit="b", loss=np.nan)
    lines = (filled / "metrics.jsonl").read_text().splitlines()
    assert list(map(strict, lines)) == [
        {"unit": "a", "loss": 1.0},
        {"unit": "b", "loss": None},
    ]


def test_saving_returns_what_loading_returns(tmp_path):
    work = make(tmp_path)
    saved = work.save_checkpoint("u", [{"m": np.nan, "c": (1, 2)}], {"z": [1]})
    loaded = make(tmp_path).checkpoint("u")
    assert saved == loaded == ([{"m": None, "c": [1, 2]}], {"z": [1]})


def test_keys_that_read_alike_stay_apart(tmp_path):
    work = make(tmp_path)
    for key in ("a/b", "a b", "a?b", "x" * 300, "ä"):
        work.save_checkpoint(key, [key])
    for key in ("a/b", "a b", "a?b", "x" * 300, "ä"):
        assert work.checkpoint(key) == ([key], {})
    with pytest.raises(ValueError, match="`key` must"):
        work.checkpoint("")


@pytest.mark.parametrize("ending", ["json", "npz"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-20],
        lambda data: b"",
        lambda data: bytes([data[0] ^ 255]) + data[1:],
        lambda data: b'{"key": "other"}',
    ],
)
def test_damaged_checkpoint_is_skipped(filled, ending, damage):
    (file,) = (filled / "checkpoints").glob(f"*.{ending}")
    file.write_bytes(damage(file.read_bytes()))
    work = make(filled)
    with pytest.warns(UserWarning, match="damaged.*'a' is computed again"):
        assert work.checkpoint("a") is None
    # Its lines are gone too: the unit will log them again.
    assert (filled / "metrics.jsonl").read_bytes() == b""
    work.save_checkpoint("a", [1])
    assert work.checkpoint("a") == ([1], {})


def test_stop_between_the_two_files_of_a_checkpoint(filled, monkeypatch):
    work = make(filled)
    replace = os.replace

    def stop(source, target):
        if str(target).endswith(".json"):
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            work.save_checkpoint("a", [2], {"map": np.zeros(3)})
        with pytest.raises(KeyboardInterrupt):
            work.save_checkpoint("b", [2], {"map": np.zeros(3)})
    with pytest.warns(UserWarning, match="damaged"):
        assert make(filled).checkpoint("a") is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert make(filled).checkpoint("b") is None


@pytest.mark.parametrize("resume", [True, False])
def test_other_config_is_refused(filled, resume):
    before = contents(filled)
    config = {"seed": 1, "targets": ("horizontal", "vertical"), "ridge": True}
    with pytest.raises(InputError) as error:
        make(filled, config, resume=resume)
    message = str(error.value)
    assert "--seed is 0 there and 1 now; " in message
    assert "--ridge is not set there and true now" in message
    # What reads alike in JSON is the same.
    assert "--targets" not in message
    assert message.endswith("Choose another --workdir.")
    assert "\n" not in message
    with pytest.raises(InputError, match="experiment 'probe'. Received: 'pat'"):
        WorkDirectory(filled, "pat", CONFIG, resume=resume)
    assert contents(filled) == before


def test_a_run_that_finished_nothing_keeps_no_other_out(tmp_path):
    make(tmp_path, {"ridge": 0})
    make(tmp_path, {"ridge": 1}).save_checkpoint("unit", [])
    saved = json.loads((tmp_path / "config.json").read_text())
    assert saved["config"] == {"ridge": 1}
    with pytest.raises(InputError, match="--ridge is 1 there and 0 now"):
        make(tmp_path, {"ridge": 0})


@pytest.mark.parametrize(
    "options", [{"resume": True}, {"resume": False}, {"overwrite": True}]
)
@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("thesis.tex", "years of work", "'checkpoints', 'thesis.tex'"),
        ("results.json", "{}", "holds files but no config.json"),
        ("config.json", "", "did not write"),
        ("config.json", "[]", "did not write"),
        ("config.json", '{"architectures": []}', "did not write"),
        ("config.json", '{"experiment": 1, "config": 2}', "did not write"),
    ],
)
def test_directory_of_somebody_else_is_refused(
    tmp_path, options, name, text, message
):
    (tmp_path / name).write_text(text)
    (tmp_path / "checkpoints").mkdir()
    before = contents(tmp_path)
    with pytest.raises(InputError, match=message):
        make(tmp_path, **options)
    with pytest.raises(InputError, match="must be a directory"):
        make(tmp_path / name, **options)
    with pytest.raises(InputError, match="Cannot write"):
        make(tmp_path / name / "y", **options)
    assert contents(tmp_path) == before


def test_hidden_files_are_of_no_concern(tmp_path):
    (tmp_path / ".config.json.1-ab.tmp").write_text("{")
    (tmp_path / ".lock").write_text("1 elsewhere\n")
    make(tmp_path)


def test_arrays(tmp_path):
    work = make(tmp_path)
    work.save_arrays({"old": np.zeros(1)})
    work.save_arrays(
        {"file": np.float32([1.5]), "a/b": np.asfortranarray([[1, 2], [3, 4]])}
    )
    with np.load(tmp_path / "arrays.npz") as arrays:
        assert set(arrays.files) == {"file", "a/b"}
        assert arrays["file"].dtype == np.float32
        np.testing.assert_array_equal(arrays["a/b"], [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="'o' of dtype object"):
        work.save_arrays({"o": np.array([None])})


@pytest.mark.parametrize("name", ["../x", "a b", "", ".x", "a/b"])
def test_figure_name_is_plain(tmp_path, name):
    work = make(tmp_path)
    assert work.figure_path("a.b-1") == tmp_path / "figures" / "a.b-1.png"
    with pytest.raises(ValueError, match="`name` must"):
        work.figure_path(name)


def test_unwritable_directory_is_said_at_once(filled, monkeypatch):
    # Permission bits do not bind root, which tests may run as.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="Cannot write .*Permission denied"):
        make(filled)


def test_directory_removed_during_the_run(filled):
    work = make(filled)
    shutil.rmtree(filled)
    with pytest.raises(InputError, match="Cannot write"):
        work.write_results([], {})


def test_models_are_kept_by_unit_and_replaced(tmp_path):
    work = make(tmp_path / "run")
    keys = ["1-vgg16", "1 vgg16/ä", "1 vgg16-ä"]
    for number, key in enumerate(keys):
        work.save_model(key, small_model(number))
    work.save_model(keys[0], small_model(7))
    files = sorted((tmp_path / "run" / "models").iterdir())
    assert len(files) == 3
    assert {file.suffix for file in files} == {".keras"}
    again = make(tmp_path / "run")
    for key, value in zip(keys, [7, 1, 2], strict=True):
        weights = again.load_model(key).get_weights()
        assert (weights[0] == value).all()
    with pytest.raises(InputError, match="holds no model of 'unit'"):
        again.load_model("unit")
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match="Cannot read the model .*1-vgg16"):
        again.load_model(keys[0])


def test_names_that_are_no_utf8_come_back(tmp_path):
    name = os.fsdecode(b"caf\xe9")
    path, config = tmp_path / name, {"images": name}
    work = make(path, config)
    work.log(unit=name, words=name, loss=1.0)
    saved = work.save_checkpoint(name, [name], {name: np.ones(1)})
    work.save_arrays({"x": np.ones(1)})
    work.close()
    work = make(path, config)
    assert work.checkpoint(name) == saved
    (line,) = (path / "metrics.jsonl").read_text().splitlines()
    assert strict(line) == {"unit": name, "words": name, "loss": 1.0}
    work.write_results([{"picture": name}], {"skipped": {name: [name]}})
    assert make(path, config).load_results()["rows"] == [{"picture": name}]


def test_a_pipe_in_the_place_of_the_log_is_refused(filled):
    (filled / "metrics.jsonl").unlink()
    os.mkfifo(filled / "metrics.jsonl")
    with pytest.raises(InputError, match="metrics.jsonl.* no regular file"):
        make(filled)
    work = make(filled, overwrite=True)
    with pytest.raises(InputError, match="metrics.jsonl' is no regular file"):
        work.log(loss=1.0)
    assert (filled / "metrics.jsonl").is_fifo()


@pytest.mark.parametrize("name", ["results.json", "config.json"])
def test_pipes_are_not_waited_for(tmp_path, name):
    make(tmp_path / "run").write_results([], {})
    (tmp_path / "run" / name).unlink()
    os.mkfifo(tmp_path / "run" / name)
    with pytest.raises(InputError, match="no regular file|did not write"):
        make(tmp_path / "run").load_results()
