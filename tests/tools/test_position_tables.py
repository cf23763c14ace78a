import copy
import json

import pytest
from finished_probe import finished_probe
from finished_probe import probe_row
from finished_probe import rgb_row
from run_tool import run_tool

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.report.seeds import RECIPE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two finished runs, one of another experiment, one unfinished."""
    path = tmp_path_factory.mktemp("runs")
    finished_probe(path / "vgg", [probe_row(0.8)])
    finished_probe(path / "rgb", [rgb_row(0.1)])
    runs.WorkDirectory(path / "other", "count", {}).write_results([], {})
    runs.WorkDirectory(path / "begun", "position_probe", {})
    return path


def _tool(folder, *argv):
    return run_tool("tools.position_tables", *argv, cwd=folder)


def test_several_runs_side_by_side(folder):
    done = _tool(folder, "vgg", "rgb")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert sum(line.startswith("Table ") for line in lines) == 6
    (line,) = [
        line
        for line in lines
        if line.startswith("| horizontal ")
        and "0.933 / 0.084" in line
        and "PASCAL-S" in line
    ]
    assert "0.800 / 0.250" in line
    assert "0.100 / 0.250" in line
    # The ordering needs both runs.
    assert any("1 of 1 hold" in line for line in lines)


def test_markdown(folder):
    rows = report.position_rows([folder / "vgg", folder / "rgb"])
    tables = report.paper_tables(rows, intervals=True)
    orderings = report.orderings_tables(report.evaluate_orderings(rows))
    done = _tool(folder, "vgg", "--format", "markdown", "rgb")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{report.tables_markdown(tables, repeat_notes=False)}\n\n"
        f"{report.tables_markdown(orderings)}\n"
    )


@pytest.mark.parametrize(
    ("argv", "words", "status"),
    [
        ([], "expected WORKDIR... and flags. Received: nothing", 2),
        (["vgg", "nowhere"], "'nowhere' is no work directory", 1),
        (["other"], "it is one of count", 1),
        (["begun"], "there is no results.json", 1),
        (["vgg", "--format=html"], "--format", 2),
    ],
)
def test_a_mistake_is_one_line(folder, argv, words, status):
    before = sorted(folder.rglob("*"))
    done = _tool(folder, *argv)
    assert done.returncode == status
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert sorted(folder.rglob("*")) == before


GONE = object()
ODD = [None, "", True, -1, 10**30, 1.5, [], [None], ["a", 1], {"a": [1]}, GONE]


def test_foreign_rows_are_shown_or_refused(tmp_path):
    rows = [probe_row(0.8), probe_row(0.7, weights="random", solver="sgd")]
    work = finished_probe(tmp_path / "run", rows)
    saved = json.loads((work / "results.json").read_text())
    fields = [("rows", name) for name in saved["rows"][0]]
    fields += [("config", name) for name in (*saved["config"], *RECIPE)]
    refused = []
    for place, name in fields:
        for value in ODD:
            spoilt = copy.deepcopy(saved)
            for row in spoilt["rows"] if place == "rows" else [spoilt[place]]:
                row[name] = value
                if value is GONE:
                    del row[name]
            (work / "results.json").write_text(json.dumps(spoilt))
            try:
                read = report.position_rows([work])
            except runs.InputError as error:
                refused.append((name, value))
                assert str(work / "arrays.npz") in str(error)
            else:
                report.paper_tables(read, intervals=True)
                report.orderings_tables(report.evaluate_orderings(read))
    assert ("head_output", []) in refused
    assert ("spearman_ci95", ["a", 1]) in refused
    assert ("ridge", None) not in refused
