"""Which of the papers' numbers have one of ours beside."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.fconv_counterpart import FCONV_KEYS
from keras_padpos.runs.fconv_counterpart import fconv_counterpart
from keras_padpos.runs.position_words import head_words

_Row = Mapping[str, Any]


def paper_coverage(
    differences: Sequence[_Row], fconv_rows: Sequence[_Row]
) -> list[dict[str, Any]]:
    """Count the cells of each published table that runs measured too.

    Example:

    >>> row = {"test": "red_green", "splits": "released", "seed": 0,
    ...        "convolution": "full", "padding_mode": "zeros",
    ...        "test_set": "similar", "accuracy": 0.9}
    >>> for line in paper_coverage([], [row]):
    ...     if line["table"] == "red-green table":
    ...         print(line["cells"], line["covered"], line["without"][:34])
    8 1 red-green net, valid, none: 2; red

    Args:
        differences: As `paper_differences` returns them; empty where no run
            measured read-outs.
        fconv_rows: Rows of `fconv_tests`.

    Returns:
        A row for each published table, in order of name: `name`, `cite`,
        `arxiv`, `table`, `caption`, `cells`, how many numbers it has,
        `covered`, how many of them have one of ours, `None` where no
        experiment of ours measures such a thing, and `without`, the others in
        words.
    """
    from keras_padpos import published

    ours: dict[str, list[tuple[str, bool]]] = {
        name: [(_read_out_words(row), False) for row in table.rows]
        for table in published.read_out_tables().values()
        for name in [table.name]
    }
    if differences:
        ours |= _read_outs(differences)
    ours |= {
        f"fconv2020_{test}": _fconv(test, fconv_rows) for test in FCONV_KEYS
    }
    found = []
    for name in published.list_tables():
        table = published.load_table(name)
        cells = ours.get(name)
        missing = Counter(
            words for words, covered in cells or [] if not covered
        )
        found.append(
            {
                "name": name,
                "cite": table.paper["cite"],
                "arxiv": table.paper["arxiv"],
                "table": table.table,
                "caption": table.caption,
                "cells": len(table.rows),
                "covered": cells and len(cells) - missing.total(),
                "without": "; ".join(
                    f"{words}: {count}" for words, count in missing.items()
                ),
            }
        )
    return found


def _read_outs(differences):
    """From each table's name to its cells: what was read, and whether here."""
    cells: dict[str, dict[tuple, tuple[str, bool]]] = {}
    for row in differences:
        place = tuple(
            row[name]
            for name in (
                "model",
                "target",
                "stages",
                "kernel_size",
                "head_layers",
                "head_padding",
                "bare",
                "paper_test_set",
            )
        )
        cells.setdefault(row["name"], {})[place] = (
            _read_out_words({**row, "padding_mode": row["bare"] and "none"}),
            row["network"] is not None,
        )
    return {name: list(mine.values()) for name, mine in cells.items()}


def _read_out_words(row: _Row) -> str:
    bare = ", no padding" if row["padding_mode"] == "none" else ""
    return f"{row['model']}{bare}, {head_words(row)}"


def _fconv(test, rows):
    from keras_padpos import published

    mine = [fconv_counterpart(row) for row in rows if row["test"] == test]
    words = (
        ("model", "convolution", "padding_mode")
        if test == "red_green"
        else ("model", "train", "padding_mode")
    )
    return [
        (", ".join(str(cell[name]) for name in words), cell in mine)
        for cell in published.load_table(f"fconv2020_{test}").rows
    ]
