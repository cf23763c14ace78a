"""The page in a real browser; needs a Chromium, and is left out without."""

import pytest
from chromium_page import CHROMIUM
from chromium_page import ChromiumPage
from report_runs import make_all

from keras_padpos import report
from keras_padpos.studies.layouts import LAYOUTS

pytestmark = [
    pytest.mark.large,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    found = report.find_runs([str(make_all(folder / "runs"))])
    out = folder / "page.html"
    out.write_text(report.report_text(found, "html", LAYOUTS), encoding="utf-8")
    return out


@pytest.fixture
def browser(tmp_path):
    with ChromiumPage(tmp_path / "profile") as browser:
        yield browser


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 400, 1280])
def test_the_page_fits_and_nothing_is_wrong(page, browser, width, dark):
    browser.open(page, width=width, dark=dark)
    assert browser.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
    )
    # Some table does not fit on a phone, and scrolls by itself.
    scrolling = browser.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(box => box.scrollWidth > box.clientWidth).length"
    )
    assert scrolling > 0 or width > 390
    sizes = browser.evaluate(
        "(async () => { const images = [...document.images];"
        "for (const image of images) image.loading = 'eager';"
        "await Promise.all(images.map(image => image.decode()));"
        "return images.map(image => image.naturalWidth); })()"
    )
    assert len(sizes) == 4 and all(sizes)
    # What the runs measured is seen before anything else.
    end = browser.evaluate(
        "document.querySelector('main table').getBoundingClientRect().bottom"
    )
    assert end < 900
    ground = browser.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"
    )
    assert (int(ground) < 128) == dark
    assert browser.problems == []


def test_a_link_unfolds_the_papers_tables(page, browser):
    browser.open(page)
    folded = "document.querySelector('#papers > details').open"
    assert not browser.evaluate(folded)
    link = "document.querySelector('nav a[href=\"#papers\"]')"
    browser.evaluate(f"{link}.click()")
    browser.evaluate("new Promise(done => setTimeout(done, 50))")
    assert browser.evaluate(folded)


def _visible(browser, selector):
    return browser.evaluate(
        f"[...document.querySelectorAll({selector!r})]"
        ".filter(e => e.checkVisibility()).map(e => e.textContent.trim())"
    )


def _choose(browser, name, value):
    browser.evaluate(
        f"""(() => {{
          const select = [...document.querySelectorAll("#filters select")]
            .find(s => s.labels[0].textContent === {name!r});
          select.value = [...select.options]
            .find(o => o.textContent === {value!r}).value;
          select.dispatchEvent(new Event("change", {{bubbles: true}}));
        }})()"""
    )


def test_filters_show_what_is_chosen(page, browser):
    browser.open(page)
    whole = _visible(browser, "main tbody tr")
    assert any("gaussian" in row for row in whole)
    _choose(browser, "target", "horizontal")
    rows = _visible(browser, "main tbody tr")
    assert rows and not any(row.startswith("gaussian") for row in rows)
    assert "horizontal" in _visible(browser, "main thead th")
    assert "gaussian" not in _visible(browser, "main thead th")
    # What is not about targets stays.
    assert any("location" in row for row in rows)
    _choose(browser, "experiment", "own_task")
    headings = _visible(browser, "main h2")
    assert "own_task" in headings and "fconv_tests" not in headings
    assert "fconv_tests" not in " ".join(_visible(browser, "nav a"))
    assert _visible(browser, "#runs tbody a") == ["own"]
    _choose(browser, "padding mode", "circular")
    rows = _visible(browser, "#experiment-3 tbody tr, section.group tbody tr")
    assert rows and all("circular" in row for row in rows)
    assert "rows are shown" in _visible(browser, "#shown")[0]
    browser.evaluate("document.getElementById('filters').reset()")
    browser.evaluate("new Promise(done => setTimeout(done, 50))")
    assert _visible(browser, "main tbody tr") == whole
    assert browser.problems == []


def test_a_click_enlarges_a_figure_and_another_shrinks_it(page, browser):
    browser.open(page)
    browser.evaluate("document.images[0].loading = 'eager'")
    browser.evaluate("document.images[0].decode()")
    browser.evaluate("document.images[0].scrollIntoView()")
    browser.evaluate("new Promise(done => setTimeout(done, 200))")
    widths = []
    for _ in range(3):
        widths.append(
            browser.evaluate("document.images[0].getBoundingClientRect().width")
        )
        browser.evaluate("document.images[0].click()")
        browser.evaluate("new Promise(done => setTimeout(done, 50))")
    assert widths[0] == widths[2] < widths[1]


def test_all_is_there_without_a_script(page, browser):
    browser("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    browser("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.evaluate("document.getElementById('filters').hidden")
    rows = browser.evaluate("document.querySelectorAll('tbody tr').length")
    shown = _visible(browser, "tbody tr")
    folded = browser.evaluate(
        "document.querySelectorAll('details:not([open]) tbody tr').length"
    )
    assert len(shown) == rows - folded > 50


def test_paper_has_everything_but_filters(page, browser):
    browser.open(page)
    assert browser.pdf().startswith(b"%PDF")
    browser("Emulation.setEmulatedMedia", media="print")
    assert not _visible(browser, "form, nav")
    # No box scrolls on paper, so nothing is cut off.
    assert browser.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".every(box => getComputedStyle(box).overflowX === 'visible')"
    )
    assert "arxiv.org/abs" in browser.evaluate(
        "getComputedStyle(document.querySelector('a[href^=http]'),"
        "'::after').content + document.querySelector('a[href^=http]').href"
    )
    assert browser.problems == []


def test_a_script_of_somebody_else_does_not_run(page, browser, tmp_path):
    text = page.read_text("utf-8")
    evil = "<script>document.title = 'evil'</script><img src=x onerror=alert()>"
    file = tmp_path / "evil.html"
    file.write_text(text.replace("</main>", f"{evil}</main>"), "utf-8")
    browser.open(file)
    assert browser.evaluate("document.title") != "evil"
    assert any("Content Security Policy" in each for each in browser.problems)
