"""Rows of text as a table."""

import html
from collections.abc import Mapping
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_padpos.errors import printable

# Wider than any table: what is not a terminal has no margin to wrap at.
_WIDE = 1000


def text_table(rows: Sequence[Mapping[str, str]], *, fit: bool = False) -> str:
    """Lay rows out as an aligned table, in Markdown.

    Example:

    >>> print(text_table([{"layer": "conv1", "stride": "2"}]))
    | layer | stride |
    |-------|--------|
    | conv1 | 2      |

    Args:
        rows: Rows with the same keys, which are the headings.
        fit: Whether to wrap cells where a terminal is narrower.
    """
    console = Console()
    if not (fit and console.is_terminal):
        console = Console(width=_WIDE, color_system=None)
    table = Table(box=box.MARKDOWN)
    for column in rows[0] if rows else ():
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row.values()))
    with console.capture() as printed:
        console.print(table)
    lines = printed.get().splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def html_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Lay rows out as a table for a notebook."""

    def line(tag, cells):
        texts = (f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{''.join(texts)}</tr>"

    if not rows:
        return ""
    lines = [line("th", rows[0]), *(line("td", row.values()) for row in rows)]
    return f"<table>{''.join(lines)}</table>"
