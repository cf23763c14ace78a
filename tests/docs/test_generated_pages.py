"""Pages that the site makes from the code name all that the code declares."""

import importlib.util
import re
from pathlib import Path

import pytest

from keras_padpos.__main__ import programs
from keras_padpos.runs.common_flags import COMMON
from keras_padpos.runs.common_flags import DEVICES

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


def test_each_flag_is_on_the_page_of_its_program_or_of_every_run(generated):
    assert heads(generated.cli_index()) == [*COMMON, *DEVICES]
    for named in programs().values():
        for program in named.values():
            page = generated.program_page(program)
            linked = [*COMMON, *DEVICES] if "index.md#every-run" in page else []
            assert {*program.flags} <= {*heads(page), *linked}
            assert {*heads(page)} <= {*program.flags}


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
