import pytest
from report_runs import agreement_run
from report_runs import rewrite
from report_runs import unfinished_run

from keras_padpos import runs
from keras_padpos.report.read_runs import read_run


def test_a_finished_run(tmp_path):
    agreement_run(tmp_path)
    run = read_run(tmp_path, "mine")
    assert (run.name, run.state, run.problems) == ("mine", "finished", ())
    assert run.experiment == "prediction_agreement"
    assert run.config == {"crop": 64}
    assert [row["padding_mode"] for row in run.rows] == ["zeros", "reflect"]
    assert run.provenance["commit"] == "0123456789abcdef"


def test_an_unfinished_run_tells_its_finished_units(tmp_path):
    work = unfinished_run(tmp_path)
    rolling = runs.RollingCheckpoint(work, "red_green-seed1", seconds=0)
    rolling.save({"images": 8}, {})
    run = read_run(tmp_path, "begun")
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
        (b'{"experiment": 3, "config": {}, "rows": []}', "`experiment`"),
        (b'{"experiment": "a", "config": [], "rows": []}', "`config`"),
        (b'{"experiment": "a", "config": {}, "rows": {}}', "`rows`"),
        (b'{"experiment": "a", "config": {}, "rows": [1]}', "a row is no"),
        (
            b'{"experiment": "a", "config": {}, "rows": [], "provenance": 1}',
            "`provenance`",
        ),
        (
            b'{"experiment": "a", "config": {}, "rows": [{"a": '
            + b"[" * 900
            + b"]" * 900
            + b"}]}",
            "nested more than",
        ),
        (b"[" * 200_000, "cannot be read"),
    ],
)
def test_damaged_results_are_told(content, words, tmp_path):
    agreement_run(tmp_path)
    (tmp_path / "results.json").write_bytes(content)
    run = read_run(tmp_path, "broken")
    assert (run.state, run.rows) == ("damaged", ())
    assert words in " ".join(run.problems)
    # What the other file says is still there.
    assert run.experiment == "prediction_agreement"


def test_results_without_a_config_are_shown(tmp_path):
    agreement_run(tmp_path)
    (tmp_path / "config.json").unlink()
    run = read_run(tmp_path, "mine")
    assert run.state == "finished" and len(run.rows) == 2
    assert run.problems == ("config.json is missing.",)


def test_provenance_may_be_missing(tmp_path):
    agreement_run(tmp_path)
    rewrite(tmp_path, lambda results: results.pop("provenance"))
    run = read_run(tmp_path, "mine")
    assert (run.state, run.provenance) == ("finished", {})


def test_torn_lines_of_metrics_are_left_out_and_told(tmp_path):
    agreement_run(tmp_path)
    (tmp_path / "metrics.jsonl").write_bytes(
        b'{"epoch": 1, "loss": 2.0}\n[1]\n\n{"epoch": 2, "lo'
    )
    run = read_run(tmp_path, "mine")
    assert run.metrics == ({"epoch": 1, "loss": 2.0},)
    assert run.problems == ("metrics.jsonl: 2 lines cannot be read.",)
