import io

import numpy as np
from rich.console import Console

from keras_padpos.report import print_table


def test_pipe_gets_a_markdown_table(capsys):
    print_table(
        "Read-out",
        ["target", ("spearman", "SPC"), "ci", "images"],
        [
            {"target": "[bold]h", "spearman": 0.8631, "ci": [0.1, 0.25]},
            {"target": "v", "spearman": np.float32("nan"), "images": 60},
            {"target": "g", "spearman": 1e-6, "images": True},
        ],
        ["a note [1]"],
    )
    assert capsys.readouterr().out.splitlines() == [
        "Read-out",
        "| target  |     SPC | ci             | images |",
        "|---------|---------|----------------|--------|",
        "| [bold]h |   0.863 | [0.100, 0.250] |      - |",
        "| v       |       - | -              |     60 |",
        "| g       | 1.0e-06 | -              |    yes |",
        "a note [1]",
    ]


def test_pipe_cuts_nothing_off(capsys):
    rows = [{f"column{i}": "x" * 50 for i in range(20)}]
    print_table("T" * 300, list(rows[0]), rows, ["n " * 200])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0] == "T" * 300
    assert lines[3].count("x" * 50) == 20


def test_terminal_table_fits_its_width():
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=40, color_system=None
    )
    print_table("T", ["a", "b"], [{"a": "x" * 60, "b": 1.0}], console=console)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert out.getvalue().count("x") == 60


def test_no_rows(capsys):
    print_table("T", ["a"], [])
    assert "| a |" in capsys.readouterr().out
