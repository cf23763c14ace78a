"""Reports without a page: CSV, Markdown, and rows as they are."""

import csv
import io
import json
from pathlib import Path

from report_runs import fconv_run
from report_runs import own_run
from report_runs import rewrite

from keras_padpos.report import find_runs
from keras_padpos.report import report_text
from keras_padpos.report import table_markdown
from keras_padpos.report.content import MOST_ROWS
from keras_padpos.report.content import report_content
from keras_padpos.report.content import row_tables
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.studies.layouts import LAYOUTS


def csv_of(path):
    found = find_runs([str(path)])
    text = report_text(found, "csv", LAYOUTS)
    return list(csv.DictReader(io.StringIO(text))), found


def test_every_row_of_every_finished_run_with_all_its_values(folder):
    rows, found = csv_of(folder)
    wanted = [(run, row) for run in found for row in run.rows]
    assert len(rows) == len(wanted) > 10
    for line, (run, row) in zip(rows, wanted, strict=True):
        assert (line["run"], line["experiment"]) == (run.name, run.experiment)
        own = {
            name: cell
            for name, cell in line.items()
            if cell and not name.startswith(("config.", "run", "experiment"))
        }
        # Numbers to the last digit.
        assert own == {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in row.items()
            if value not in (None, "")
        }


def test_flags_that_differ_are_columns_of_csv(tmp_path):
    own_run(tmp_path / "a", 0)
    own_run(tmp_path / "b", 1, learning_rate=0.2)
    fconv_run(tmp_path / "c")
    # Names that are taken, and text that needs quotes.
    odd = {"run": 7, "canvas": 'a "b", c\nd'}
    rewrite(tmp_path / "a", lambda results: results["rows"][0].update(odd))
    rows, _ = csv_of(tmp_path)
    rates = [row["config.learning_rate"] for row in rows]
    assert rates == ["0.1", "0.1", "0.2", "0.2", *[""] * 4]
    assert not {"config.model", "config.splits"} & set(rows[0])
    assert (rows[0]["run"], rows[0]["row.run"]) == ("a", "7")
    assert rows[0]["canvas"] == odd["canvas"]


def test_markdown_has_all_tables_of_the_page(all_runs):
    content = report_content(all_runs, LAYOUTS)
    text = report_text(all_runs, "markdown", LAYOUTS)
    tables = [content.overview, content.coverage, *content.orderings]
    for part in content.papers:
        tables += [part["compared"], part["whole"]]
    for groups in content.experiments.values():
        tables += [table for group in groups for table in group.tables]
    assert len(tables) > 15
    for table in tables:
        assert table_markdown(**table) in text
    assert "data:image" not in text
    assert "begun: unfinished." in text


def test_whatever_files_say_is_text(tmp_path):
    own_run(tmp_path / "a")
    odd = {"padding_mode": "<script>|\n# [a](b)\x1b[31m"}
    rewrite(tmp_path / "a", lambda results: results["rows"][0].update(odd))
    text = report_text(find_runs([str(tmp_path)]), "markdown", LAYOUTS)
    assert r"&lt;script>\| # [a]\(b)?[31m" in text
    assert "<script" not in text and "\x1b" not in text


def record(name, rows, **config):
    return RunRecord(Path(name), name, "count", config, rows=tuple(rows))


def keys(table):
    return [key for key, _ in table["columns"]]


def test_rows_without_a_layout_are_shown_as_they_are():
    rows = [
        {"n": 1, "rate": 0.5, "grid": [[0.1] * 3] * 3, "arrays": "a"},
        {"units": 2},
        {"n": 2, "rate": None, "grid": [0.1, 0.2], "arrays": "b"},
    ]
    table, other = row_tables([record("a", rows)])
    assert table["title"] == "count: 2 rows"
    assert keys(table) == ["n", "rate", "grid"]
    first, second = table["rows"]
    assert (first["n"], first["rate"]) == (1, 0.5)
    assert first["grid"] == "9 numbers, 0.100 to 0.100"
    assert json.loads(first["grid"].whole) == rows[0]["grid"]
    assert (second["rate"], second["grid"]) == (None, "[0.100, 0.200]")
    # Rows of other fields have a table of their own.
    assert other["rows"] == [{"units": 2}]
    assert row_tables([record("a", [])]) == []


def test_flags_that_rows_do_not_have_are_columns():
    runs = [
        record(name, [{"seed": seed, "run": 7}], seed=seed, rate=seed / 10)
        for seed, name in enumerate("ab")
    ]
    (table,) = row_tables(runs)
    # Fields with names of ours keep their values.
    assert table["rows"] == [
        {"run": "a", "--rate": "0.0", "seed": 0, "row: run": 7},
        {"run": "b", "--rate": "0.1", "seed": 1, "row: run": 7},
    ]
    assert keys(table) == list(table["rows"][0])


def test_long_tables_end_somewhere_and_say_so():
    rows = [{"n": number} for number in range(MOST_ROWS + 1)]
    (table,) = row_tables([record("a", rows)])
    assert len(table["rows"]) == MOST_ROWS
    assert f"{MOST_ROWS} of {MOST_ROWS + 1} rows" in table["notes"][-1]


def test_no_cell_of_csv_is_a_formula(tmp_path):
    own_run(tmp_path / "=run")
    odd = {"=1+1": 1, "canvas": "@SUM(A1)", "text": " +3\x1b[2J", "low": -1.5}

    def spoil(results):
        results["experiment"] = "-2+3"
        results["rows"][0].update(odd)

    rewrite(tmp_path / "=run", spoil)
    own_run(tmp_path / "b")
    rewrite(
        tmp_path / "b",
        lambda results: results.update(
            experiment="-2+3", config={"=cmd()": "=x", "other": "\t=y"}
        ),
    )
    rows, _ = csv_of(tmp_path)
    assert rows[0]["run"] == "'=run" and rows[0]["experiment"] == "'-2+3"
    assert rows[0]["'=1+1"] == "1"
    assert rows[0]["canvas"] == "'@SUM(A1)"
    assert rows[0]["text"] == "' +3?[2J"
    # Numbers are no formulas.
    assert rows[0]["low"] == "-1.5"
    assert rows[-1]["config.=cmd()"] == "'=x"
    assert rows[-1]["config.other"] == "?=y"
