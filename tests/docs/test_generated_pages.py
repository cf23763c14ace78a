"""Pages that the site makes from the code name all that the code declares."""

import importlib.util
import re
from pathlib import Path

import pytest

from keras_padpos import studies
from keras_padpos.runs.flags import COMMON
from keras_padpos.runs.flags import DEVICES

EXTENSION = (
    Path(__file__).parents[2] / "docs" / "_extensions" / "generated_pages.py"
)


@pytest.fixture(scope="module")
def generated():
    spec = importlib.util.spec_from_file_location("generated_pages", EXTENSION)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def heads(page):
    """The flags that a page has an entry of."""
    return re.findall(r"^`--(\w+)`.*\n: ", page, re.MULTILINE)


def test_each_flag_of_a_study_is_on_its_page_or_that_of_every_run(generated):
    for name in studies.STUDIES:
        declared = studies.get(name).declared
        own = [flag for flag in declared if flag not in {**COMMON, **DEVICES}]
        assert heads(generated.study_page(name)) == own
    index = heads(generated.cli_index())
    assert index == [*COMMON, *DEVICES]


def test_help_cannot_be_taken_for_markup(generated):
    text = "A map in [0, 1], my_map; --size=3 (see `x_y`)."
    assert generated.escaped(text) == (
        r"A map in \[0, 1\], my\_map; `--size=3` (see `x_y`)."
    )


def test_each_public_name_is_described_on_one_page(generated):
    pages = dict(generated.api_pages())
    front = pages["api/keras_padpos"]
    measure = pages["api/measure"]
    assert ":exclude-members:" not in front
    assert "compare_padding" in measure.partition(":exclude-members:")[2]
    assert "{py:obj}`keras_padpos.errors.InputError`" in pages["api/runs"]
