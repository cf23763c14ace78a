"""The built site in a real browser.

`KERAS_PADPOS_SITE` names the folder that Sphinx wrote; without it, or without
a Chromium, these are left out.
"""

import os
from pathlib import Path

import pytest
from chromium_page import CHROMIUM
from chromium_page import ChromiumPage

SITE = os.environ.get("KERAS_PADPOS_SITE")

pytestmark = [
    pytest.mark.large,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.skipif(SITE is None, reason="KERAS_PADPOS_SITE is not set"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with ChromiumPage(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    "page",
    [
        "index",
        "notebooks/own_model",
        "notebooks/backbone",
        "position_tables",
        "reproduction",
        "cli/position_probe",
        "api/measure",
    ],
)
def test_a_page_fits_and_asks_for_nothing_outside(browser, page, width):
    browser.problems.clear()
    browser.open(Path(SITE, f"{page}.html"), width=width)
    assert browser.evaluate(
        "document.documentElement.scrollWidth <= innerWidth"
    )
    broken = browser.evaluate(
        "(async () => { const images = [...document.images];"
        "for (const image of images) image.loading = 'eager';"
        "await Promise.allSettled(images.map(image => image.decode()));"
        "return images.filter(image => !image.naturalWidth)"
        ".map(image => image.src); })()"
    )
    assert broken == []
    own = f"asked for {Path(SITE).resolve().as_uri()}/"
    assert [each for each in browser.problems if not each.startswith(own)] == []
