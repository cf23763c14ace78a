import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import report_runs
from finished_probe import finished_probe
from finished_probe import probe_row
from finished_probe import rgb_row

from keras_padpos import runs
from keras_padpos.errors import InputError
from keras_padpos.report import find_runs
from keras_padpos.report import position_rows
from keras_padpos.report import report_text
from keras_padpos.report import run_files
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import open_run
from keras_padpos.report.read_runs import run_groups
from keras_padpos.studies.layouts import LAYOUTS


def names(*paths):
    return [run.name for run in find_runs([str(path) for path in paths])]


def only(path):
    (run,) = find_runs([str(path)])
    return run


def test_folders_are_searched_one_level_deep(tmp_path):
    sweep = tmp_path / "sweep"
    for name in ("run10", "run9", "run1", "deeper/run2", "run1/inside"):
        report_runs.own_run(sweep / name)
    (sweep / "notes.txt").write_text("x")
    assert names(sweep) == ["run1", "run9", "run10"]
    # Work directories are not looked into.
    assert names(sweep / "run1") == ["run1"]
    # Each run is there once, in the order asked for.
    again = tmp_path / "link"
    again.symlink_to(sweep / "run1", target_is_directory=True)
    assert names(sweep / "run9", again, sweep) == ["run9", "run1", "run10"]


def test_names_are_as_short_as_tells_them_apart(tmp_path):
    for name in ("one/run", "two/run", "two/other"):
        report_runs.own_run(tmp_path / name)
    shown = names(tmp_path / "one", tmp_path / "two")
    assert shown == ["one/run", "other", "two/run"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "it is not there"),
        (lambda path: path.write_text("x"), "a file"),
        (lambda path: path.mkdir(), "no config.json or results.json of a run"),
    ],
)
def test_what_holds_no_run_is_an_error(make, words, tmp_path):
    make(tmp_path / "x")
    with pytest.raises(InputError, match=f"DIR must be.*{words}"):
        find_runs([str(tmp_path / "x")])


def test_the_config_of_another_program_is_no_run(tmp_path):
    (tmp_path / "model").mkdir()
    config = '{"class_name": "Functional", "config": {}}'
    (tmp_path / "model" / "config.json").write_text(config)
    with pytest.raises(InputError, match="no config.json"):
        find_runs([str(tmp_path)])
    report_runs.agreement_run(tmp_path / "run")
    assert names(tmp_path) == ["run"]


def test_finding_changes_nothing(tmp_path):
    report_runs.unfinished_run(tmp_path / "begun").close()

    def state():
        return {
            file: (file.stat().st_mtime_ns, file.read_bytes())
            for file in tmp_path.rglob("*")
            if file.is_file()
        }

    before = state()
    # An open work directory would drop the lines of what is not finished.
    assert len(only(tmp_path).metrics) == 3
    assert state() == before


def test_a_finished_run(tmp_path):
    report_runs.agreement_run(tmp_path)
    for run in only(tmp_path), open_run(tmp_path, "prediction_agreement"):
        assert (run.state, run.problems) == ("finished", ())
        assert run.experiment == "prediction_agreement"
        assert run.config == {"crop": 64}
        assert [r["padding_mode"] for r in run.rows] == ["zeros", "reflect"]
        assert run.provenance["commit"] == "0123456789abcdef"


def test_an_unfinished_run_has_its_finished_units(tmp_path):
    work = report_runs.unfinished_run(tmp_path)
    rolling = runs.RollingCheckpoint(work, "red_green-seed1", seconds=0)
    rolling.save({"images": 8}, {})
    run = only(tmp_path)
    assert (run.state, run.rows) == ("unfinished", ())
    # What is under way is no finished unit.
    assert run.units == ("red_green-seed0",)
    assert [line["loss"] for line in run.metrics] == [1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "results.json cannot be read"),
        (b'{"experiment": "count", "con', "results.json cannot be read"),
        (b"\xff\xfe", "results.json cannot be read"),
        (b"[]", "it holds no object"),
        ({"experiment": 3}, "`experiment`"),
        ({"config": []}, "`config`"),
        ({"rows": {}}, "`rows`"),
        ({"rows": [1]}, "a row is no"),
        ({"provenance": 1}, "`provenance`"),
        ({"rows": json.loads("[" * 900 + "]" * 900)}, "nested more than"),
        (b"[" * 200_000, "cannot be read"),
    ],
)
def test_damaged_results_are_told(content, words, tmp_path):
    report_runs.agreement_run(tmp_path)
    if isinstance(content, dict):
        report_runs.rewrite(tmp_path, lambda results: results.update(content))
    else:
        (tmp_path / "results.json").write_bytes(content)
    run = only(tmp_path)
    assert (run.state, run.rows) == ("damaged", ())
    assert words in " ".join(run.problems)
    # What the other file says is still there.
    assert run.experiment == "prediction_agreement"
    with pytest.raises(InputError, match="no work directory of a finished"):
        open_run(tmp_path, "prediction_agreement")


def test_results_without_config_or_provenance_are_shown(tmp_path):
    report_runs.agreement_run(tmp_path)
    (tmp_path / "config.json").unlink()
    report_runs.rewrite(tmp_path, lambda results: results.pop("provenance"))
    run = only(tmp_path)
    assert run.state == "finished" and len(run.rows) == 2
    assert run.problems == ("config.json is missing.",)
    assert run.provenance == {}


def test_torn_lines_of_metrics_are_left_out_and_told(tmp_path):
    report_runs.agreement_run(tmp_path)
    (tmp_path / "metrics.jsonl").write_bytes(
        b'{"epoch": 1, "loss": 2.0}\n[1]\n\n{"epoch": 2, "lo'
    )
    run = only(tmp_path)
    assert run.metrics == ({"epoch": 1, "loss": 2.0},)
    assert run.problems == ("metrics.jsonl: 2 lines cannot be read.",)


def record(*rows, **config):
    return RunRecord(Path(), "a", "count", config, rows=rows)


def shared(*records):
    """The numbers of the runs that share their tables."""
    groups = run_groups(records, ("seed", "padding_mode"))
    return [[records.index(run) for run in group] for group in groups]


def test_runs_that_differ_in_flags_of_the_key_share_their_tables():
    assert shared(
        record(seed=0, padding_mode=["zeros"], epochs=1),
        record(seed=1, padding_mode=["zeros"], epochs=1),
        record(seed=0, padding_mode=["reflect"], epochs=1),
        record(seed=0, padding_mode=["circular"], epochs=2),
    ) == [[0, 1, 2], [3]]


def test_repeated_runs_and_rows_with_the_same_key_share_no_table():
    repeated = [record(seed=seed) for seed in (0, 1, 0)]
    groups = run_groups(repeated, ("seed",))
    assert [len(group) for group in groups] == [2, 1]
    assert shared(
        record({"padding_mode": "zeros", "x": 0.1}, padding_mode="0"),
        record(
            {"padding_mode": "zeros", "x": 0.2},
            {"padding_mode": "own"},
            padding_mode="1",
        ),
        record({"padding_mode": "none", "x": 0.1}, padding_mode="2"),
    ) == [[0, 2], [1]]


def test_rows_come_with_scores_and_flags(measured, tmp_path):
    rows = [
        probe_row(scores=[0.1, 0.3]),
        rgb_row(scores=[0.0, 0.2], stages="1,2"),
        probe_row(solver="sgd", ridge=None, seed=1, calibration_images=4),
    ]
    config = {"target_range": "paper", "ridge": "auto", "epochs": 7}
    first, second, third = measured(*rows, **config)
    np.testing.assert_array_equal(first["scores"], [0.1, 0.3])
    np.testing.assert_array_equal(second["scores"], [0.0, 0.2])
    assert first["cells"] == 36
    assert first["train_set"] == "photos/train"
    assert first["target_range"] == "paper"
    # The bare picture is one stage.
    assert (first["stages"], second["stages"]) == ("all", "all")
    assert (first["ridge_asked"], first["epochs"]) == ("auto", None)
    assert (third["ridge_asked"], third["epochs"]) == (None, 7)
    assert (first["calibration_images"], third["calibration_images"]) == (0, 4)
    again, *_ = position_rows(find_runs([str(tmp_path)]))
    np.testing.assert_array_equal(again["scores"], first["scores"])


def test_pictures_tell_test_sets_of_one_name_apart(measured):
    one, same, other = (
        measured(probe_row(), pictures=shade)[0]["pictures"]
        for shade in (7, 7, 8)
    )
    assert one == same != other


def test_missing_arrays_are_one_line(measured, tmp_path):
    measured(probe_row())
    (tmp_path / "run0" / "arrays.npz").unlink()
    with pytest.raises(InputError, match="another --workdir") as error:
        position_rows([tmp_path / "run0"])
    assert "\n" not in str(error.value)


def pipe(file):
    file.unlink(missing_ok=True)
    os.mkfifo(file)


def endless(file):
    file.unlink(missing_ok=True)
    file.symlink_to("/dev/zero")


def elsewhere(file):
    outside = file.parent.parent / "outside"
    outside.mkdir(exist_ok=True)
    content = file.read_bytes()
    file.unlink()
    (outside / file.name).write_bytes(content)
    file.symlink_to(outside / file.name)


@pytest.mark.parametrize("spoil", [pipe, endless, elsewhere])
@pytest.mark.parametrize(
    "name", ["config.json", "results.json", "metrics.jsonl", "arrays.npz"]
)
def test_only_files_in_the_directory_are_read(spoil, name, tmp_path):
    path = finished_probe(tmp_path / "run", [probe_row()])
    (path / "metrics.jsonl").write_text('{"epoch": 1}\n')
    spoil(path / name)
    run = only(path)
    words = "no regular file|leads out of the work directory"
    if name != "arrays.npz":
        (problem,) = run.problems
        assert problem.startswith(f"{name} cannot be read: it ")
        assert re.search(words, problem)
    if name in ("results.json", "arrays.npz"):
        with pytest.raises(InputError, match=words):
            position_rows([path])


def test_figures_and_units_that_are_no_files_are_left_out(tmp_path):
    report_runs.unfinished_run(tmp_path).close()
    folder = tmp_path / "figures"
    folder.mkdir(exist_ok=True)
    pipe(folder / "a.png")
    endless(folder / "b.png")
    pipe(tmp_path / "checkpoints" / "x.json")
    run = only(tmp_path)
    assert run.units == ("red_green-seed0",)
    text = report_text([run], "html", LAYOUTS)
    assert text.count("it is no regular file") == 1
    assert text.count("it leads out of the work directory") == 1


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    report_runs.agreement_run(tmp_path)
    with open(tmp_path / "results.json", "ab") as file:
        file.truncate(run_files.LARGEST_FILE + 1)
    run = only(tmp_path)
    assert run.state == "damaged"
    assert "results.json cannot be read: it is larger than" in run.problems[0]


def test_curves_of_many_lines_are_thinned(tmp_path):
    report_runs.agreement_run(tmp_path)
    count = 50_001
    with open(tmp_path / "metrics.jsonl", "w") as file:
        for step in range(count):
            for unit in ("a", "b"):
                line = {"unit": unit, "step": step, "loss": step / count}
                file.write(json.dumps(line) + "\n")
    run = only(tmp_path)
    assert run.problems == ()
    for unit in ("a", "b"):
        steps = [line["step"] for line in run.metrics if line["unit"] == unit]
        assert 500 <= len(steps) <= 1001
        assert (steps[0], steps[-1]) == (0, count - 1)
        assert len({*np.diff(steps[:-1])}) == 1
    # As many lines of a short one are all there.
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n' * 1000)
    assert len(only(tmp_path).metrics) == 1000


def test_curves_that_are_too_many_are_counted(tmp_path):
    report_runs.agreement_run(tmp_path)
    lines = [{"unit": str(n % 5_003), "step": n} for n in range(10_006)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "metrics.jsonl").write_text(text)
    run = only(tmp_path)
    assert len(run.metrics) == 10_000
    assert run.problems == (
        "metrics.jsonl: 6 lines are left out, of curves beyond the first "
        "5,000.",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"spearman": None},
        {"spearman": "high"},
        {"seed": "0"},
        {"kernel_size": [3]},
        {"images": 5},
        {"target": 3},
        {"backbone": None},
        {"arrays": "elsewhere"},
        {"test_set": {}},
        {"solver": True},
    ],
)
def test_rows_of_others_are_one_line(measured, tmp_path, change):
    measured(probe_row())
    report_runs.rewrite(
        tmp_path / "run0", lambda results: results["rows"][0].update(change)
    )
    words = "Cannot read the pictures' scores"
    with pytest.raises(InputError, match=words) as error:
        position_rows([tmp_path / "run0"])
    assert "\n" not in str(error.value)
