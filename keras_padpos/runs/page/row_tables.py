"""Tables of the rows of any experiment."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.page.merge_row_seeds import merge_row_seeds
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.page.value_words import flag_words
from keras_padpos.runs.page.value_words import value_words
from keras_padpos.runs.table_cells import cell_words

MOST_ROWS = 1000
"""Rows of a table; what is beyond is left to CSV."""

_INTERVAL = "_ci95"

# Where the arrays of a row lie in arrays.npz: nothing to read.
_POINTERS = ("arrays", "reference")

# Fields that tell rows of several kinds apart, in one experiment.
_KINDS = ("table", "test", "what", "task", "kind")

# By what rows of several runs are sorted, in order of first appearance.
_ORDER = ("backbone", "model", "network", "weights", "padding_mode", "target")


def row_tables(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Lay out rows of an experiment that nobody has laid out.

    Example:

    >>> from pathlib import Path
    >>> runs = [
    ...     RunRecord(Path(name), name, "count", {"rate": rate},
    ...               rows=({"model": "vgg5", "accuracy": rate},))
    ...     for name, rate in (("a", 0.1), ("b", 0.2))
    ... ]
    >>> (table,) = row_tables(runs)
    >>> table["columns"]
    [('run', 'run'), ('--rate', '--rate'), ('accuracy', 'accuracy')]
    >>> table["notes"]
    ['In all rows: model vgg5.']

    Args:
        runs: Finished runs of one experiment, with one config or several.

    Returns:
        Arguments of `print_table`, a table for each kind of row. Flags in
        which the runs differ, and which rows do not tell, are columns. Rows
        that differ in their seed alone go together (see `merge_row_seeds`).
        What is the same in all rows stands in a note, but for measured
        numbers. A pair called `NAME_ci95` stands behind `NAME`.
    """
    differing = _differing_flags(runs)
    rows = []
    for run in runs:
        flags = {
            f"--{name}": flag_words(run.config.get(name)) for name in differing
        }
        # Runs with other flags have other rows, whatever these say.
        seed = {"seed": run.config.get("seed")} if "seed" in run.config else {}
        rows += [
            {"run": run.name, **flags, **seed, **_without_pointers(row)}
            for row in run.rows
        ]
    return [
        _table(runs, title, _in_order(merge_row_seeds(kind)))
        for title, kind in _kinds(rows).items()
    ]


def _table(runs, title, rows):
    names = _columns(rows)
    same = {name: rows[0].get(name) for name in names if _is_same(rows, name)}
    if len(rows) == 1:
        same = {}
    shown = [name for name in names if name not in same]
    if len(runs) == 1:
        shown.remove("run")
    notes = []
    if same:
        words = ", ".join(
            f"{_heading(name)} {cell_words(value_words(value))}"
            for name, value in same.items()
            if value is not None
        )
        notes.append(f"In all rows: {words}.")
    if any(row["seeds"] > 1 for row in rows):
        notes.append("±: standard deviation over seeds (n - 1).")
    if len(rows) > MOST_ROWS:
        notes.append(
            f"These are the first {MOST_ROWS} of {len(rows)} rows; "
            "--format=csv writes all."
        )
    about = runs[0].experiment + (f", {title}" if title else "")
    return {
        "title": f"{about}: {_count(len(rows), 'row')}"
        + (f" of {len(runs)} runs" if len(runs) > 1 else ""),
        "columns": [(name, _heading(name)) for name in shown],
        "rows": [_line(row) for row in rows[:MOST_ROWS]],
        "notes": notes,
    }


def _columns(rows):
    """Fields in order of first appearance, intervals behind their numbers."""
    names = dict.fromkeys(name for row in rows for name in row)
    # Their names say how many.
    del names["seeds"]
    found = []
    for name in names:
        number = name.removesuffix(_INTERVAL)
        if number == name or number not in names:
            found.append(name)
            if f"{name}{_INTERVAL}" in names:
                found.append(f"{name}{_INTERVAL}")
    return found


def _is_same(rows, name):
    """Whether all rows have one value, and it says on what was measured."""
    value = rows[0].get(name)
    if name == "run" or isinstance(value, (float, dict)) or "±" in str(value):
        return False
    if isinstance(value, list) and any(
        isinstance(item, (float, list)) for item in value
    ):
        return False
    return all(row.get(name) == value for row in rows)


def _line(row):
    # What the page's filters go by stays as it is.
    return {name: value_words(value) for name, value in row.items()}


def _heading(name):
    if name.startswith("--"):
        return name
    if name.endswith(_INTERVAL):
        return "95 %"
    return name.replace("_", " ")


def _count(number, noun):
    return f"{number} {noun}" + ("s" if number != 1 else "")


def _without_pointers(row):
    return {
        # `run` and `seeds` are ours.
        (f"row: {name}" if name in ("run", "seeds") else name): value
        for name, value in row.items()
        if name not in _POINTERS
    }


def _differing_flags(runs):
    """Flags that are not alike in all runs, and that rows do not tell."""
    names = dict.fromkeys(name for run in runs for name in run.config)
    return [
        name
        for name in names
        if len({flag_words(run.config.get(name)) for run in runs}) > 1
        # Rows tell their own seed; networks follow from other flags.
        and name not in ("seed", "seeds", "networks")
        and not all(_is_told(run, name) for run in runs)
    ]


def _is_told(run, name):
    """Whether the values of a flag stand in the run's rows."""
    told = {
        flag_words(row[field])
        for row in run.rows
        for field in (name, name.removesuffix("s"))
        if field in row
    }
    value = run.config.get(name)
    given = value if isinstance(value, list) else [value]
    return bool(told) and told <= set(map(flag_words, given))


def _kinds(rows) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by kind, where kinds have fields of their own."""
    for name in _KINDS:
        fields: dict[str, set[str]] = {}
        for row in rows:
            if not isinstance(row.get(name), str):
                break
            fields.setdefault(row[name], set()).update(row)
        else:
            alike = {frozenset(each) for each in fields.values()}
            if len(alike) > 1:
                return {
                    f"{name}: {value}": [r for r in rows if r[name] == value]
                    for value in fields
                }
    return {"": rows} if rows else {}


def _in_order(rows):
    """Alike networks beside each other, else as they came."""
    orders = {
        name: {
            value: number
            for number, value in enumerate(
                dict.fromkeys(str(row.get(name)) for row in rows)
            )
        }
        for name in _ORDER
    }
    return sorted(
        rows,
        key=lambda row: [orders[name][str(row.get(name))] for name in _ORDER],
    )
