import csv
import io
import json

from report_runs import fconv_run
from report_runs import make_all
from report_runs import own_run
from report_runs import rewrite

from keras_padpos.report.plain import report_csv
from keras_padpos.report.read_runs import find_runs


def rows_of(*paths):
    found = find_runs([str(path) for path in paths])
    return list(csv.DictReader(io.StringIO(report_csv(found)))), found


def test_every_row_of_every_finished_run_with_all_its_values(tmp_path):
    rows, found = rows_of(make_all(tmp_path))
    wanted = [(run, row) for run in found for row in run.rows]
    assert len(rows) == len(wanted) > 10
    for line, (run, row) in zip(rows, wanted, strict=True):
        assert (line["run"], line["experiment"]) == (run.name, run.experiment)
        for name, value in row.items():
            cell = line[name]
            if value is None:
                assert cell == ""
            elif isinstance(value, (int, float)):
                # To the last digit.
                assert type(value)(cell) == value
            elif isinstance(value, str):
                assert cell == value
            else:
                assert json.loads(cell) == value
        others = {
            k for k in line if not k.startswith(("config.", "run", "exp"))
        }
        assert all(line[name] == "" for name in others - set(row))


def test_flags_that_differ_are_columns(tmp_path):
    own_run(tmp_path / "a", 0)
    own_run(tmp_path / "b", 1, learning_rate=0.2)
    fconv_run(tmp_path / "c")
    rows, _ = rows_of(tmp_path)
    assert [row["config.learning_rate"] for row in rows] == [
        *["0.1"] * 2,
        *["0.2"] * 2,
        *[""] * 4,
    ]
    assert "config.model" not in rows[0]
    assert "config.splits" not in rows[0]


def test_names_that_are_taken_and_text_that_needs_quotes(tmp_path):
    own_run(tmp_path / "a")
    text = 'a "b", c\nd'
    rewrite(
        tmp_path / "a",
        lambda results: results["rows"][0].update(run=7, canvas=text),
    )
    rows, _ = rows_of(tmp_path)
    assert (rows[0]["run"], rows[0]["row.run"]) == ("a", "7")
    assert rows[0]["canvas"] == text
