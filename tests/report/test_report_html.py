import itertools
import re
import sys

import pytest
from html_tree import check_page
from report_runs import draw
from report_runs import fconv_run
from report_runs import own_run
from report_runs import rewrite

from keras_padpos import report
from keras_padpos import runs
from keras_padpos.report.content import report_content
from keras_padpos.report.page import report_html
from keras_padpos.report.read_runs import find_runs
from keras_padpos.studies.layouts import LAYOUTS

pytest.importorskip("jinja2")

NASTY = (
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;"
)


def page_of(path, **options):
    content = report_content(find_runs([str(path)]), LAYOUTS)
    return report_html(content, **options)


@pytest.fixture(scope="module")
def page(folder):
    return page_of(folder)


@pytest.fixture(scope="module")
def root(page):
    return check_page(page)


def by_id(root, name):
    (node,) = [n for n in root.every() if n.attrs.get("id") == name]
    return node


def of_class(root, tag, name):
    return [
        node
        for node in root.all(tag)
        if name in node.attrs.get("class", "").split()
    ]


def test_the_page_stands_alone_and_can_be_read_by_all(root):
    headings = [node.text for node in root.all("h2")]
    # What the runs measured comes first.
    assert "own_task" in headings[:-4]
    assert headings[-4:] == [
        *("Runs", "What is missing"),
        *("The papers' tables", "The papers' orderings"),
    ]


def test_the_papers_numbers_are_folded(root):
    for name in ("papers", "orderings"):
        (folded,) = of_class(by_id(root, name), "details", "folded")
        assert "open" not in folded.attrs
        assert list(folded.all("table")) == list(by_id(root, name).all("table"))


def test_a_figure_links_its_pdf_from_where_the_page_lies(tmp_path):
    work = own_run(tmp_path / "runs #1")
    draw(work.path, "with", "without")
    (work.path / "figures" / "with.pdf").write_bytes(b"%PDF")
    for folder, links in (
        (tmp_path, ["runs%20%231/figures/with.pdf"]),
        (tmp_path / "pages", ["../runs%20%231/figures/with.pdf"]),
        (None, []),
    ):
        root = check_page(page_of(tmp_path, folder=folder))
        found = [a.attrs["href"] for a in root.all("a") if a.text == "PDF"]
        assert found == links


def test_figures_beyond_what_a_page_holds_are_links(tmp_path, monkeypatch):
    work = own_run(tmp_path / "runs #1")
    draw(work.path, *"abcd")
    images = [*check_page(page_of(tmp_path)).all("img")]
    # All alike, but for the curves.
    whole = len(images[0].attrs["src"])
    assert {len(image.attrs["src"]) for image in images[:4]} == {whole}
    monkeypatch.setattr("keras_padpos.report.page._MOST_SHOWN", 2.5 * whole)
    for folder, links in (
        (tmp_path, [f"runs%20%231/figures/{name}.png" for name in "cd"]),
        (None, []),
    ):
        root = check_page(page_of(tmp_path, folder=folder))
        assert len([*root.all("img")]) == 2
        assert "too large with them: c.png, d.png." in root.text
        found = [a.attrs["href"] for a in root.all("a")]
        assert [link for link in found if link.endswith(".png")] == links


def test_the_conclusion_stands_above_the_tables(root):
    texts = [each.text for each in of_class(root, "p", "conclusion")]
    for start in (
        "vgg16 (HED): SPC (horizontal) 0.800",
        "vgg16 (HED): at conv the pattern is, in standard deviations",
    ):
        assert any(text.startswith(start) for text in texts), texts


def test_the_same_runs_are_the_same_page(folder, page):
    assert page_of(folder) == page


def test_every_run_is_linked_and_says_where_it_comes_from(root):
    links = list(by_id(root, "runs").all("a"))
    assert len(links) == 13
    texts = {}
    for link in links:
        place = by_id(root, link.attrs["href"][1:])
        (about,) = of_class(place, "details", "provenance")
        assert link.text in place.text and link.text in about.text
        texts[link.text] = about.text
    for words in (
        "python -m experiments.something --seed=0",
        "0123456789abcdef",
        "keras 3.15.1",
        "1 core; Linux",
        "2026-01-02 03:04 UTC",
        "75 s",
        "CPU:0",
        "--splits=released",
    ):
        assert words in texts["fconv"]


def test_figures_are_inside_with_words_for_those_who_do_not_see(root):
    images = {image.attrs["alt"]: image.attrs for image in root.all("img")}
    # Curves are drawn of finished and of unfinished runs.
    assert list(images) == [
        "red green examples, fconv",
        "loss, val loss against epoch, fconv",
        "loss against epoch, begun",
        "predicted maps, probe",
    ]
    for attrs in images.values():
        assert attrs["src"].startswith("data:image/png;base64,")
    attrs = images["predicted maps, probe"]
    assert (attrs["width"], attrs["height"]) == ("30", "20")


def test_figures_can_be_left_out(folder):
    assert not list(check_page(page_of(folder, figures=False)).all("img"))


def test_states_are_said(root):
    texts = (node.text.split() for node in of_class(root, "p", "state"))
    states = " ".join(itertools.chain(*texts))
    assert "unfinished. Units of work that are finished: 1." in states
    assert "damaged. results.json cannot be read" in states


def test_filters_mark_rows_columns_and_runs(root):
    choices = {
        option.text: option.attrs["value"]
        for option in root.all("option")
        if option.attrs["value"]
    }
    assert {"own_task", "vgg16", "reflect", "gaussian"} <= set(choices)
    marks = {
        id(node): set(node.attrs["data-f"].split())
        for node in root.every()
        if "data-f" in node.attrs
    }
    assert set().union(*marks.values()) <= set(choices.values())
    for row in root.all("tr"):
        if "reflect padding" in row.text and row.parent.tag == "tbody":
            assert choices["reflect"] in marks[id(row)]
    # Columns that are named by a target.
    (head,) = {
        node.attrs.get("data-f")
        for node in root.all("th")
        if node.text == "horizontal" and node.attrs["scope"] == "col"
    }
    assert head == choices["horizontal"]
    # A run has what any of its rows has.
    (place,) = [
        node
        for node in of_class(root, "section", "group")
        if "own_task" in node.text[:90]
    ]
    assert marks[id(place)] == {
        choices[name] for name in ("own_task", "vgg5", "zeros", "circular")
    }


def test_without_a_script_all_is_there(root):
    (form,) = root.all("form")
    assert "hidden" in form.attrs
    hidden = [node.tag for node in root.every() if "hidden" in node.attrs]
    assert hidden == ["form"]


def test_a_run_of_one_kind_has_no_filters(tmp_path):
    own_run(tmp_path / "a")
    rewrite(tmp_path / "a", lambda results: results["rows"].pop())
    assert not list(check_page(page_of(tmp_path)).all("form"))


def test_whatever_files_say_is_text(tmp_path):
    own_run(tmp_path / "a")
    fconv_run(tmp_path / "b")
    work = own_run(tmp_path / f"c{NASTY.replace('/', '')}")
    work.log(NASTY, epoch=1, **{NASTY: 2.0})
    work.log(NASTY, epoch=2, **{NASTY: 1.0})
    draw(work.path, "fine")
    (work.path / "figures" / "fine.png").rename(
        work.path / "figures" / '<b>&".png'
    )
    broken = work.path / "figures" / "<i>broken.png"
    broken.write_bytes(b"<script>alert(1)</script>")

    def spoil(results):
        results["experiment"] = NASTY
        results["config"][NASTY] = NASTY
        results["provenance"] |= {
            NASTY: NASTY,
            "command": NASTY,
            "commit": NASTY,
            "start": NASTY,
            "machine": {"line": NASTY},
            "versions": {NASTY: NASTY},
            "skipped": {NASTY: [NASTY]},
        }
        for row in results["rows"]:
            row |= {NASTY: NASTY, "padding_mode": NASTY, "target": NASTY}
            row |= {"backbone": NASTY, "nested": [NASTY] * 9}

    rewrite(work.path, spoil)
    odd = {"padding_mode": NASTY}
    rewrite(tmp_path / "b", lambda results: results["rows"][0].update(odd))
    content = report_content(find_runs([str(tmp_path)]), LAYOUTS, NASTY)
    page = report_html(content)
    root = check_page(page)
    assert len(list(root.all("script"))) == 1
    assert "alert" not in next(root.all("script")).text
    assert not [node for node in root.every() if "onerror" in node.attrs]
    assert len(list(root.all("img"))) == 4
    # It is shown, to the letter.
    (title,) = root.all("h1")
    assert title.text == NASTY
    assert root.text.count(NASTY) > 10
    assert "A figure cannot be shown: <i>broken.png" in root.text


def test_a_policy_lets_the_page_load_and_run_nothing_else(root):
    policy = next(m for m in root.all("meta") if "http-equiv" in m.attrs)
    rules = policy.attrs["content"].split("; ")
    rules = dict(rule.split(None, 1) for rule in rules)
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules["script-src"])
    assert "unsafe" not in str(rules)


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_colours_can_be_told_from_their_ground(root, dark):
    (style,) = root.all("style")
    light, _, rest = style.text.partition("prefers-color-scheme: dark")
    colours = {}
    for text in [light, rest.partition("\n}\n")[0]][: 1 + dark]:
        colours |= dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", text))
    assert len(colours) == 10
    for ground in ("page", "card", "head"):
        for name in ("text", "soft", "link", "alarm", "wait", "focus"):
            low, high = sorted(_luminance(colours[n]) for n in (name, ground))
            contrast = (high + 0.05) / (low + 0.05)
            assert contrast >= (3 if name == "focus" else 4.5), (name, ground)


def test_jinja2_is_named_where_it_is_missing(all_runs, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(runs.InputError, match=r"keras-padpos\[report\]"):
        report.report_text(all_runs, "html", LAYOUTS)
    assert report.report_text(all_runs, "markdown", LAYOUTS)
    assert report.report_text(all_runs, "csv", LAYOUTS)
