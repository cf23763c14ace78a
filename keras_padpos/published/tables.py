"""The papers' tables."""

import dataclasses
import functools
import importlib.resources
import json
from typing import Any

from keras_padpos.errors import InputError


@dataclasses.dataclass(frozen=True)
class PublishedTable:
    """One table of a paper, as printed.

    Example:

    >>> from keras_padpos.published import load_table
    >>> table = load_table("islam2020_table1")
    >>> table.paper["arxiv"], table.table, len(table.rows)
    ('2001.08248', 'Table 1', 60)

    Args:
        name: The name that `load_table` knows it by.
        paper: The paper: `cite` (short), `authors`, `title`, `venue`, and
            `arxiv`, its number there, or `None`.
        table: The table's name in the paper, such as `"Table 2b"`.
        caption: What the table shows, in our words.
        source: How the numbers came here.
        reproduction: Whether others than the paper's authors measured them.
        metrics: From the name of each metric in the rows to its meaning,
            unit and range.
        notes: What a reader of the numbers should know.
        rows: One flat dict a cell of the table: what was measured on what,
            and the numbers as printed. `None` stands for "does not apply"
            (a probe of the bare picture has no backbone and so no
            `stages` and no `padding_mode`), and among the metrics for a
            printed NaN. A row with a `note` has something odd in print.
    """

    name: str
    paper: dict[str, str | None]
    table: str
    caption: str
    source: str
    reproduction: bool
    metrics: dict[str, str]
    notes: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


_SUFFIX = ".json"

# What the tables show; `load_orderings` reads it.
_NO_TABLES = ("islam2020_orderings.json",)


@functools.cache
def _texts() -> dict[str, str]:
    """From the name of each table to the text of its file, sorted by name."""
    files = importlib.resources.files("keras_padpos.published").iterdir()
    return {
        file.name.removesuffix(_SUFFIX): file.read_text(encoding="utf-8")
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(_SUFFIX) and file.name not in _NO_TABLES
    }


def list_tables() -> list[str]:
    """Names the published tables.

    Example:

    >>> from keras_padpos.published import list_tables
    >>> "islam2020_table1" in list_tables()
    True

    Returns:
        The names that `load_table` takes, sorted.
    """
    return list(_texts())


def load_table(name: str) -> PublishedTable:
    """Loads one published table.

    Example:

    >>> from keras_padpos.published import load_table
    >>> load_table("islam2020_table5b").rows[1]["mean_iou_percent"]
    23.1

    Args:
        name: One of `list_tables()`.

    Returns:
        The table, a fresh `PublishedTable` at every call.

    Raises:
        ValueError: If there is no table of this name.
    """
    if name not in _texts():
        raise InputError(
            f"`name` must be one of {', '.join(list_tables())}. "
            f"Received: name={name!r}"
        )
    content = json.loads(_texts()[name])
    content["notes"] = tuple(content["notes"])
    content["rows"] = tuple(content["rows"])
    return PublishedTable(name=name, **content)


def lookup(**criteria: Any) -> list[dict[str, Any]]:
    """Finds the published numbers that fit.

    Example:

    >>> from keras_padpos.published import lookup
    >>> rows = lookup(
    ...     target="horizontal",
    ...     model="VGG16",
    ...     test_set="PASCAL-S",
    ...     padding_mode="none",
    ... )
    >>> [(row["table"], row["spearman"], row["mae"]) for row in rows]
    [('islam2020_table4', 0.381, 0.223)]

    Args:
        **criteria: Fields of a row and the values they must have, compared
            with `==`: `target`, `model`, `padding_mode`, `stages`,
            `kernel_size`, `head_layers`, `head_padding`, `test_set`, `task`,
            the metrics, and the three fields that `lookup` adds. A row that
            lacks a field does not fit. No criterion: every row.

    Returns:
        The rows that fit, in the order of `list_tables()` and of print. Each
        is a dict of its own, with three more fields: `table` (the name that
        `load_table` takes), `paper` (a short citation) and `reproduction`
        (whether others than the paper's authors measured it). A cell that
        the paper prints in several tables comes once for each.

    Raises:
        ValueError: If no row of any table has a field of that name.
    """
    rows: list[dict[str, Any]] = []
    for name in list_tables():
        table = load_table(name)
        added = {
            "table": name,
            "paper": table.paper["cite"],
            "reproduction": table.reproduction,
        }
        rows.extend({**row, **added} for row in table.rows)
    fields = {field for row in rows for field in row}
    for field in criteria:
        if field not in fields:
            raise InputError(
                f"`lookup` knows the fields {', '.join(sorted(fields))}. "
                f"Received: {field}={criteria[field]!r}"
            )
    return [
        row
        for row in rows
        if all(
            field in row and row[field] == value
            for field, value in criteria.items()
        )
    ]
