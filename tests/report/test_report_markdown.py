import pytest
from report_runs import make_all
from report_runs import own_run
from report_runs import rewrite

from keras_padpos.report.cells import table_markdown
from keras_padpos.report.content import report_content
from keras_padpos.report.plain import report_markdown
from keras_padpos.report.read_runs import find_runs


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    folder = make_all(tmp_path_factory.mktemp("runs"))
    return report_content(find_runs([str(folder)]))


def test_all_tables_of_the_page_are_there(content):
    text = report_markdown(content)
    tables = [
        content.overview,
        content.coverage,
        *(part.compared for part in content.papers),
        *(part.whole for part in content.papers),
        *content.orderings,
        *(
            table
            for parts in content.experiments.values()
            for part in parts
            for table in part.tables
        ),
    ]
    assert len(tables) > 15
    for table in tables:
        assert table_markdown(**table) in text
    assert "data:image" not in text
    assert "begun: unfinished." in text


def test_tables_have_as_many_cells_in_every_line(content):
    lines = report_markdown(content).splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("|--")]
    assert len(starts) > 15
    for start in starts:
        cells = lines[start].count("|")
        at = start - 1
        while at < len(lines) and lines[at].startswith("|"):
            assert lines[at].replace(r"\|", "").count("|") == cells
            at += 1


def test_whatever_files_say_is_text(tmp_path):
    own_run(tmp_path / "a")
    rewrite(
        tmp_path / "a",
        lambda results: results["rows"][0].update(
            padding_mode="<script>|\n# [a](b)\x1b[31m"
        ),
    )
    text = report_markdown(report_content(find_runs([str(tmp_path)])))
    assert r"&lt;script>\| # [a]\(b)?[31m" in text
    assert "<script" not in text and "\x1b" not in text
