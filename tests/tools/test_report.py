import csv
import subprocess
import sys

import pytest
from html_tree import check_page
from report_runs import make_all
from report_runs import own_run
from run_tool import run_tool

from keras_padpos import report
from keras_padpos.studies.layouts import LAYOUTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    make_all(path / "runs")
    own_run(path / "alone")
    (path / "empty").mkdir()
    (path / "taken.html").write_text("mine")
    return path


def _tool(folder, *argv):
    return run_tool("tools.report", *argv, cwd=folder)


def test_a_page_over_folders_and_runs(folder, tmp_path):
    pytest.importorskip("jinja2")
    out = tmp_path / "page.html"
    done = _tool(folder, "alone", "runs", f"--out={out}", "--title=My runs")
    assert (done.returncode, done.stdout) == (0, "")
    size = out.stat().st_size
    assert done.stderr == (
        f"{out}: {size / 1000:.3g} kB, 14 runs, 1 of them unfinished, "
        "1 of them damaged\n"
    )
    root = check_page(out.read_text("utf-8"))
    assert next(root.all("h1")).text == "My runs"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize("out", [[], ["--out=-"]])
def test_markdown_and_csv_go_to_standard_output(folder, out):
    found = report.find_runs([str(folder / "alone")])
    for kind in ("markdown", "csv"):
        done = _tool(folder, "alone", f"--format={kind}", *out)
        assert done.returncode == 0
        text = report.report_text(found, kind, LAYOUTS).replace(
            str(folder) + "/", ""
        )
        assert done.stdout == text
        assert len(done.stderr.splitlines()) == 1


def test_csv_into_a_file_and_over_it(folder, tmp_path):
    argv = ("runs", "--format=csv", f"--out={tmp_path / 'rows.csv'}")
    assert _tool(folder, *argv).returncode == 0
    first = (tmp_path / "rows.csv").read_text()
    assert len(list(csv.reader(first.splitlines()))) > 10
    done = _tool(folder, *argv)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--overwrite" in done.stderr
    (tmp_path / "rows.csv").write_text("old")
    assert _tool(folder, *argv, "--overwrite").returncode == 0
    assert (tmp_path / "rows.csv").read_text() == first


@pytest.mark.parametrize(
    ("argv", "words", "status"),
    [
        ([], "expected DIR... and flags. Received: nothing", 2),
        (["alone", "--out=taken.html"], "'taken.html', which is there", 1),
        (["alone", "--out=empty"], "'empty', a folder", 1),
        (["alone", "--out=no/page.html"], "--out must lie in a folder", 1),
        (["empty", "--out=x.html"], "DIR must be a work directory", 1),
        (["alone", "nowhere", "--out=x.html"], "'nowhere' (it is not", 1),
        (["alone", "--format=pdf"], "--format", 2),
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
    assert (folder / "taken.html").read_text() == "mine"


def test_neither_keras_nor_a_backend_is_imported(folder, tmp_path):
    pytest.importorskip("jinja2")
    script = (
        "import sys\n"
        "from keras_padpos import report\n"
        "from keras_padpos.studies.layouts import LAYOUTS\n"
        "for heavy in ('jinja2', 'PIL', 'scipy.stats', 'matplotlib'):\n"
        "    assert heavy not in sys.modules, heavy\n"
        "found = report.find_runs(sys.argv[1:])\n"
        "for kind in ('html', 'markdown', 'csv'):\n"
        "    report.report_text(found, kind, LAYOUTS)\n"
        "for heavy in ('keras', 'tensorflow', 'jax', 'torch'):\n"
        "    assert heavy not in sys.modules, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "runs")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
