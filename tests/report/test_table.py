import io

import numpy as np
from rich.console import Console

from keras_padpos.report import print_table


def printed(*table, width=80, **options):
    """What is printed at a width, into a pipe if not told otherwise."""
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, **options)
    print_table(*table, console=console)
    return out.getvalue().splitlines()


def test_pipe_gets_a_markdown_table():
    lines = printed(
        "Read-out",
        ["target", ("spearman", "SPC"), "ci", "images"],
        [
            {"target": "[bold]h", "spearman": 0.8631, "ci": [0.1, 0.25]},
            {"target": "v", "spearman": np.float32("nan"), "images": 60},
            {"target": "g", "spearman": 1e-6, "images": True},
        ],
        ["a note [1]"],
    )
    assert lines == [
        "Read-out",
        "| target  |     SPC | ci             | images |",
        "|---------|---------|----------------|--------|",
        "| [bold]h |   0.863 | [0.100, 0.250] |      - |",
        "| v       |       - | -              |     60 |",
        "| g       | 1.0e-06 | -              |    yes |",
        "a note [1]",
    ]


def test_a_terminal_gets_a_table_with_a_rule():
    rows = [{"a": "x", "spc": 0.5}, {"a": "longer", "spc": None}]
    lines = printed("T", ["a", ("spc", "SPC")], rows, force_terminal=True)
    assert lines == [
        "T",
        "  a          SPC",
        " ────────────────",
        "  x        0.500",
        "  longer       -",
    ]


def test_nothing_is_cut_off_and_every_line_fits_a_terminal():
    rows = [{f"column{i}": "x" * 50 for i in range(20)}]
    for terminal in (True, False):
        for width in (40, 80):
            lines = printed(
                *("T " * 150, list(rows[0]), rows, ["n " * 200]),
                width=width,
                force_terminal=terminal,
            )
            text = "".join(lines)
            assert text.count("x") == 1000
            assert (text.count("T"), text.count("column19")) == (150, 1)
            if terminal:
                assert max(map(len, lines)) <= width
            else:
                # A line for the title, the headings, the rule, a row, a note.
                assert len(lines) == 5


def test_no_rows():
    assert "| a |" in printed("T", ["a"], [])
