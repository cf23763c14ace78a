"""The README's quickstart prints what the README shows."""

import re
from pathlib import Path

import keras
import pytest

README = Path(__file__).parents[2] / "README.md"


def block(name):
    (text,) = re.findall(
        rf"<!-- {name} -->\n```\w+\n(.*?)```", README.read_text(), re.DOTALL
    )
    return text


def table(text):
    """From each padding mode to its numbers."""
    return {
        line.split()[0]: [float(cell) for cell in line.split()[1:-1]]
        for line in text.splitlines()
        if re.match(r"  \w+ +-?\d", line)
    }


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="each backend draws other weights",
)
def test_the_quickstart_prints_what_it_says(capsys):
    pytest.importorskip("skimage")
    code = block("quickstart")
    assert len([line for line in code.splitlines() if line]) <= 10
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102
    expected, printed = map(
        table, (block("quickstart output"), capsys.readouterr().out)
    )
    assert printed.keys() == expected.keys() == {"zeros", "reflect", "none"}
    for mode, numbers in expected.items():
        # Other processors round otherwise.
        assert printed[mode] == pytest.approx(numbers, abs=0.01)
