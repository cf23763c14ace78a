"""The documents that stand beside the package."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def anchors(file):
    """Those of a file's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    text = (ROOT / name).read_text()
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text)
    assert links
    for path, anchor in links:
        file = ROOT / (path or name)
        assert file.is_file(), path
        assert not anchor or anchor in anchors(file), (path, anchor)


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
