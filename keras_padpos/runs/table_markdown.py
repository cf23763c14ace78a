"""Results as a table for a document."""

import io
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from keras_padpos.runs.table import print_table


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
    print_table("", columns, rows, console=console)
    return "\n\n".join([f"**{title}**", text.getvalue().strip(), *notes])
