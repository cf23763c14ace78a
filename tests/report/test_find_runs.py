import json

import pytest
from report_runs import agreement_run
from report_runs import own_run
from report_runs import unfinished_run

from keras_padpos.report.read_runs import find_runs
from keras_padpos.runs import InputError


def names(*paths):
    return [run.name for run in find_runs([str(path) for path in paths])]


def test_folders_are_searched_one_level_deep(tmp_path):
    for number in (10, 9, 1):
        own_run(tmp_path / "sweep" / f"run{number}")
    own_run(tmp_path / "sweep" / "deeper" / "run2")
    (tmp_path / "sweep" / "notes.txt").write_text("x")
    assert names(tmp_path / "sweep") == ["run1", "run9", "run10"]
    # Work directories are not looked into.
    own_run(tmp_path / "sweep" / "run1" / "inside")
    assert names(tmp_path / "sweep" / "run1") == ["run1"]


def test_each_run_is_there_once_in_the_order_asked_for(tmp_path):
    for name in "ab":
        own_run(tmp_path / name)
    again = tmp_path / "link"
    again.symlink_to(tmp_path / "a", target_is_directory=True)
    paths = [tmp_path / "b", tmp_path, again]
    assert names(*paths) == ["b", "a"]


def test_names_are_as_short_as_tells_them_apart(tmp_path):
    for name in ("one/run", "two/run", "two/other"):
        own_run(tmp_path / name)
    assert names(tmp_path / "one", tmp_path / "two") == [
        "one/run",
        "other",
        "two/run",
    ]


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
    with pytest.raises(InputError, match=words) as error:
        find_runs([str(tmp_path / "x")])
    assert "DIR must be" in str(error.value)


def test_the_config_of_another_program_is_no_run(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text(
        json.dumps({"class_name": "Functional", "config": {}})
    )
    with pytest.raises(InputError, match="no config.json"):
        find_runs([str(tmp_path)])
    agreement_run(tmp_path / "run")
    assert names(tmp_path) == ["run"]


def test_finding_changes_nothing(tmp_path):
    unfinished_run(tmp_path / "begun").close()

    def state():
        return {
            file: (file.stat().st_mtime_ns, file.read_bytes())
            for file in tmp_path.rglob("*")
            if file.is_file()
        }

    before = state()
    # An open work directory would drop the lines of what is not finished.
    (run,) = find_runs([str(tmp_path)])
    assert len(run.metrics) == 3
    assert state() == before
