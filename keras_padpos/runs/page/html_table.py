"""A table as a template takes it."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.page.folded_words import FoldedWords
from keras_padpos.runs.page.linked_words import LinkedWords
from keras_padpos.runs.page.page_filters import PageFilters
from keras_padpos.runs.table_cells import cell_words
from keras_padpos.runs.table_cells import is_number

# A number, with a deviation, a unit or another behind it; no date, no "3x3".
_NUMBER = re.compile(r"(?!\d{4}-\d)[-+−]?[\d.]+(e[-+]\d+)?( |$)|\[|-$|-inf")

# Longer words are broken into lines.
_LONG = 36


@dataclasses.dataclass(frozen=True)
class HtmlCell:
    """One cell.

    Args:
        words: What it shows.
        is_long: Whether they take several lines.
        whole: A longer text that it stands for, if it does.
        anchor: Where it leads, if it does.
    """

    words: str
    is_long: bool = False
    whole: str | None = None
    anchor: str | None = None


@dataclasses.dataclass(frozen=True)
class HtmlTable:
    """A table with its marks for filters.

    Args:
        title: The line above.
        heads: Of each column: the heading, whether its cells stand on the
            right, and its marks.
        rows: Of each row: its marks and its cells.
        notes: Lines below.
    """

    title: str
    heads: tuple[tuple[str, bool, str], ...]
    rows: tuple[tuple[str, tuple[HtmlCell, ...]], ...]
    notes: tuple[str, ...]


def html_table(table: Mapping[str, Any], filters: PageFilters) -> HtmlTable:
    """Write a table's cells as words, and mark what each is about.

    Example:

    >>> table = html_table(
    ...     {"title": "T", "columns": ["a", ("b", "B")],
    ...      "rows": [{"a": "x", "b": 0.5}]}, PageFilters([]))
    >>> [(heading, right) for heading, right, _ in table.heads]
    [('a', False), ('B', True)]
    >>> [cell.words for cell in table.rows[0][1]]
    ['x', '0.500']

    Args:
        table: Arguments of `print_table`.
        filters: Of the page.

    Returns:
        The table. Columns stand on the right whose cells all are, or begin
        as, numbers.
    """
    pairs = [
        column if isinstance(column, tuple) else (column, column)
        for column in table["columns"]
    ]
    rows = table["rows"]
    heads = tuple(
        (
            str(heading),
            _is_right([row.get(key) for row in rows]),
            filters.column_marks(key),
        )
        for key, heading in pairs
    )
    return HtmlTable(
        table["title"],
        heads,
        tuple(
            (
                filters.marks(row),
                tuple(_cell(row.get(key)) for key, _ in pairs),
            )
            for row in rows
        ),
        tuple(table.get("notes", ())),
    )


def _cell(value: Any) -> HtmlCell:
    words = cell_words(value)
    return HtmlCell(
        words,
        len(words) > _LONG,
        value.whole if isinstance(value, FoldedWords) else None,
        value.anchor if isinstance(value, LinkedWords) else None,
    )


def _is_right(values: list[Any]) -> bool:
    shown = [value for value in values if value is not None]
    return bool(shown) and all(
        is_number(value)
        or (isinstance(value, (str, list)) and _NUMBER.match(cell_words(value)))
        for value in shown
    )
