"""Results as a table."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_padpos.runs.table_cells import cell_words
from keras_padpos.runs.table_cells import is_number

# Wider than any table: a pipe has no margin to wrap at.
_PIPE_WIDTH = 10_000


def print_table(
    title: str,
    columns: Sequence[str | tuple[str, str]],
    rows: Sequence[Mapping[str, Any]],
    notes: Sequence[str] = (),
    *,
    console: Console | None = None,
) -> None:
    """Print rows as a table, to standard output.

    On a terminal the table fits its width. Piped or written to a file it is
    a Markdown table of as many columns as it needs, nothing cut off.

    Numbers stand on the right: integers whole, others with three decimals,
    or in exponent form where those would show nothing. `None` and NaN are
    `-`, a list is `[0.881, 0.912]`, a string is printed as it is.

    Example:
        >>> print_table(
        ...     "Position read-out",
        ...     ["target", ("spearman", "SPC")],
        ...     [{"target": "horizontal", "spearman": 0.8631}],
        ... )
        Position read-out
        | target     |   SPC |
        |------------|-------|
        | horizontal | 0.863 |

    Args:
        title: The line above the table.
        columns: Keys of the rows in the order to show, or pairs of a key and
            the heading to show for it.
        rows: What was measured, a mapping a row. A missing key is `-`.
        notes: Lines below the table.
        console: Where to print; standard output if not given.
    """
    console = console or Console()
    plain = not console.is_terminal
    if plain:
        console.width = _PIPE_WIDTH
    table = Table(box=box.MARKDOWN if plain else box.SIMPLE_HEAD)
    keys = []
    for column in columns:
        key, heading = column if isinstance(column, tuple) else (column, column)
        keys.append(key)
        cells = [row.get(key) for row in rows]
        table.add_column(
            Text(heading),
            justify="right" if any(map(is_number, cells)) else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell_words(row.get(key))) for key in keys))
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(*_lines(console, table), sep="\n", soft_wrap=True)
    for note in notes:
        console.print(Text(note), soft_wrap=plain)


def _lines(console: Console, table: Table) -> list[Text]:
    """Render the table without the blank lines of a box that has no top."""
    with console.capture() as capture:
        console.print(table)
    lines = capture.get().splitlines()
    return [Text.from_ansi(line.rstrip()) for line in lines if line.strip()]
