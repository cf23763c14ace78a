import io
import re

import pytest
from rich.console import Console

from keras_padpos.report import Progress


def test_one_line_a_finished_unit(capsys):
    with Progress(units=3) as progress:
        progress.done_before("zeros [a]")
        with progress.unit("reflect", total=64) as advance:
            advance(32)
            advance(32)
        with pytest.raises(ValueError):
            with progress.unit("circular", total=64):
                raise ValueError
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = captured.err.splitlines()
    assert first == "1/3 zeros [a]: done before"
    assert re.fullmatch(r"2/3 reflect: 64 images, \d+\.\d s", second)


def test_number_of_units_may_be_unknown(capsys):
    with Progress() as progress:
        with progress.unit("fit", noun="steps") as advance:
            advance()
    assert re.match(r"fit: 1 step, ", capsys.readouterr().err)


def test_terminal_shows_a_bar():
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with Progress(console=console) as progress:
        with progress.unit("reflect [b]", total=64) as advance:
            advance(16)
            progress._bars.refresh()
    assert "16/64" in out.getvalue()
    assert "reflect [b]: 16 images" in out.getvalue()
