"""Tables of an experiment that declares none: its rows as they are."""

from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import config_text
from keras_padpos.report.cells import counted
from keras_padpos.report.cells import short_value
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import differing_flags

MOST_ROWS = 1000
"""Rows of a table; what is beyond is left to CSV."""

# Where the arrays of a row lie in arrays.npz: nothing to read.
_POINTERS = ("arrays", "reference")


def row_tables(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Lay out rows as they are, a table for all that have the same fields."""
    known = {name for run in runs for row in run.rows for name in row}
    flags = [name for name in differing_flags(runs) if name not in known]
    kinds: dict[frozenset, list[dict[str, Any]]] = {}
    for run in runs:
        about: dict[str, Any] = {}
        if len(runs) > 1:
            about = {"run": run.name} | {
                f"--{name}": config_text(run.config.get(name)) for name in flags
            }
        for row in run.rows:
            line = about | {
                f"row: {name}" if name in about else name: short_value(value)
                for name, value in row.items()
                if name not in _POINTERS
            }
            kinds.setdefault(frozenset(line), []).append(line)
    return [
        {
            "title": f"{runs[0].experiment}: {counted(len(rows), 'row')}"
            + (f" of {len(runs)} runs" if len(runs) > 1 else ""),
            "columns": [
                (name, name if name[:2] == "--" else name.replace("_", " "))
                for name in rows[0]
            ],
            "rows": rows[:MOST_ROWS],
            "notes": [
                f"These are the first {MOST_ROWS} of {len(rows)} rows; "
                "--format=csv writes all."
            ]
            * (len(rows) > MOST_ROWS),
        }
        for fields, rows in kinds.items()
        if fields
    ]
