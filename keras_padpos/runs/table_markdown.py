"""Results as a table for a document."""

import io
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from keras_padpos.runs.markdown_text import markdown_text
from keras_padpos.runs.table import print_table
from keras_padpos.runs.table_cells import cell_words
from keras_padpos.runs.table_cells import is_number


def table_markdown(
    title: str,
    columns: Sequence[str | tuple[str, str]],
    rows: Sequence[Mapping[str, Any]],
    notes: Sequence[str] = (),
) -> str:
    """Write rows as Markdown, a paragraph for the title and for each note.

    Example:

    >>> print(table_markdown("T", ["a"], [{"a": 1}, {"a": None}], ["Note."]))
    **T**
    <BLANKLINE>
    | a |
    |---|
    | 1 |
    | - |
    <BLANKLINE>
    Note.

    Args:
        title: As for `print_table`.
        columns: As for `print_table`.
        rows: As for `print_table`.
        notes: As for `print_table`.

    Returns:
        The text, without a line break at its end.
    """
    text = io.StringIO()
    # Whatever the environment says of colours, this is no terminal.
    console = Console(file=text, force_terminal=False, color_system=None)
    pairs = [
        each if isinstance(each, tuple) else (each, each) for each in columns
    ]
    print_table(
        "",
        [(key, markdown_text(heading)) for key, heading in pairs],
        [{key: _cell(row.get(key)) for key, _ in pairs} for row in rows],
        console=console,
    )
    return "\n\n".join(
        [
            f"**{markdown_text(title)}**",
            text.getvalue().strip(),
            *map(markdown_text, notes),
        ]
    )


def _cell(value: Any) -> Any:
    """Numbers as they are, so that they stand on the right."""
    if value is None or isinstance(value, bool) or is_number(value):
        return value
    return markdown_text(cell_words(value))
