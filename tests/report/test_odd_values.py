"""Whatever stands in a run's files, the report is made."""

import copy
import json
import random
import shutil

import pytest
from html_tree import check_page

from keras_padpos import report
from keras_padpos.studies.layouts import LAYOUTS

pytest.importorskip("jinja2")

TEXTS = ["", "zeros", "<b>|\x1b", "\ud800"]
NUMBERS = [True, -1, 10**30, 1.5, float("inf"), float("nan")]
VALUES = [None, *TEXTS, *NUMBERS, [], [[1], [2, 3]], {}, {"a": [1]}]


def _places(value):
    """Where in a JSON value something can be put."""
    if isinstance(value, (dict, list)):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in list(keys):
            yield value, key
            yield from _places(value[key])


def _spoil(file, rng):
    saved = json.loads(file.read_text())
    for _ in range(rng.choice([0, 1, 1, 3])):
        holder, key = rng.choice(list(_places(saved)) or [({0: 0}, 0)])
        if isinstance(holder, dict) and rng.random() < 0.25:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
    file.write_text(json.dumps(saved))


@pytest.mark.parametrize("seed", range(6))
def test_the_report_is_made(folder, seed, tmp_path):
    rng = random.Random(seed)
    folder = shutil.copytree(folder, tmp_path / "runs")
    for name in ("results.json", "config.json"):
        for file in sorted(folder.glob(f"*/{name}")):
            if file.parent.name != "damaged":
                _spoil(file, rng)
    found = report.find_runs([str(folder)])
    for kind in ("html", "markdown", "csv"):
        text = report.report_text(found, kind, LAYOUTS, figures=False)
        # Some letters have no bytes.
        report.write_report(text, found, tmp_path / kind)
    page = (tmp_path / "html").read_text("utf-8")
    check_page(page)
    assert "\x1b" not in page
    assert page.count("Where the numbers of") == len(found)
