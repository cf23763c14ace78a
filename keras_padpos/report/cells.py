"""Values as the cells of a table show them, and tables as text."""

import itertools
import json
import math
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from keras_padpos.errors import printable
from keras_padpos.text_tables import fitted_lines
from keras_padpos.text_tables import whole_lines
from keras_padpos.text_tables import wrapped_text

# Longest list, and longest text, that a cell shows whole.
_SHORT = 4
_LONGEST = 60


class RichText(str):
    """A cell's text, and what a page shows beside it."""

    whole: str | None
    anchor: str | None

    def __new__(
        cls, text: str, whole: str | None = None, anchor: str | None = None
    ) -> "RichText":
        """Make the string, which holds no more than `text`."""
        self = super().__new__(cls, text)
        self.whole, self.anchor = whole, anchor
        return self


def format_mean(
    mean: float, sd: float | None, form: str, sd_form: str | None = None
) -> str:
    """A mean and, if there is one, its standard deviation, as text."""
    text = f"{mean:{form}}"
    if sd is not None:
        text += f" ± {sd:{sd_form or form.removeprefix('+')}}"
    return text


def mean_sd(
    values: Iterable[float | None],
    form: str = ".1f",
    factor: float = 1.0,
    sd_form: str | None = None,
) -> str | None:
    """The mean, of several values ± the standard deviation (n - 1).

    Example:

    >>> mean_sd([0.25, 0.75], factor=100), mean_sd([0.5, None]), mean_sd([])
    ('50.0 ± 35.4', '0.5', None)
    """
    numbers = [factor * value for value in values if value is not None]
    if not numbers:
        return None
    sd = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None
    return format_mean(float(np.mean(numbers)), sd, form, sd_form)


def number_text(number: float) -> str:
    """A number in the fewest digits that are no other number's."""
    return repr(float(number)).removesuffix(".0")


def duration_text(seconds: Any) -> str | None:
    """Two or three digits and a unit; `None` for what is no number."""
    if not is_number(seconds):
        return None
    if seconds < 120:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.3g} h"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def listed(texts: Iterable[str], most: int, between: str, more: str) -> str:
    """The first texts, and how many `more` there are."""
    texts = list(texts)
    shown = between.join(texts[:most])
    return shown + (more.format(len(texts) - most) if texts[most:] else "")


def config_text(value: Any) -> str:
    """The value of a flag, out of config.json, as one would type it."""
    if value is None:
        return "not set"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(
        isinstance(item, (list, dict)) for item in value
    ):
        return ",".join(map(config_text, value)) or "none"
    return json.dumps(value, ensure_ascii=False)


def is_number(value: Any) -> bool:
    """Whether a value is a number, and no bool."""
    return isinstance(value, (int, float, np.number)) and not isinstance(
        value, bool
    )


def cell_text(value: Any) -> str:
    """Format a value: three decimals, an exponent where these show nothing."""
    if value is None:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return "-"
        return f"{number:.1e}" if 0 < abs(number) < 0.0005 else f"{number:.3f}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"[{', '.join(map(cell_text, value))}]"
    return str(value)


def short_value(value: Any) -> Any:
    """A value of a row, out of JSON, short enough for a cell."""
    if value is None or isinstance(value, (bool, str)) or is_number(value):
        return value
    numbers = _numbers(value)
    if numbers is not None and len(numbers) <= _SHORT:
        if all(map(is_number, value)):
            return cell_text(value)
    whole = json.dumps(value, ensure_ascii=False)
    if numbers:
        low, high = cell_text(min(numbers)), cell_text(max(numbers))
        return RichText(f"{len(numbers)} numbers, {low} to {high}", whole)
    if len(whole) <= _LONGEST:
        return whole
    return RichText(f"{whole[: _LONGEST - 1]}…", whole)


def _numbers(value):
    """All numbers of lists within lists; `None` if there is anything else."""
    if is_number(value):
        return [value]
    if not isinstance(value, list):
        return None
    # None is NaN, in JSON.
    inside = [_numbers(item) for item in value if item is not None]
    return None if None in inside else list(itertools.chain(*inside))


def column_pairs(
    columns: Sequence[str | tuple[str, str]],
) -> list[tuple[str, str]]:
    """Columns of a table, each a key and its heading."""
    return [
        column if isinstance(column, tuple) else (column, column)
        for column in columns
    ]


def print_table(
    title: str,
    columns: Sequence[str | tuple[str, str]],
    rows: Sequence[Mapping[str, Any]],
    notes: Sequence[str] = (),
    *,
    console: Console | None = None,
) -> None:
    """Print rows as a table, to standard output.

    Where the table is wider than the terminal, it is laid out anew, no word
    broken. Piped or written to a file it is a Markdown table, a line for each
    row: see `text_tables.fitted_lines`. Numbers stand on the right;
    `cell_text` formats them.

    Example:
        >>> print_table("T", ["a", ("spc", "SPC")], [{"a": 1, "spc": 0.8631}])
        T
        | a |   SPC |
        |---|-------|
        | 1 | 0.863 |

    Args:
        title: The line above the table.
        columns: Keys of the rows in the order to show, or pairs of a key and
            the heading to show for it.
        rows: What was measured, a mapping a row. A missing key is `-`.
        notes: Lines below the table.
        console: Where to print; standard output if not given.
    """
    console = console or Console()
    headings, texts, right = _cells(columns, rows)
    print_lines(title, console=console, style="bold")
    for line in fitted_lines(headings, texts, right, console):
        console.print(Text(line), soft_wrap=True)
    print_lines(*notes, console=console)


def print_lines(
    *lines: str, console: Console | None = None, style: str = ""
) -> None:
    """Print lines of text; a terminal gets longer ones wrapped.

    Args:
        *lines: The lines.
        console: Where to print; standard output if not given.
        style: That of Rich.
    """
    console = console or Console()
    for line in lines:
        line = printable(line)
        parts = [line]
        if console.is_terminal:
            parts = wrapped_text(line, console.width)
        for part in parts:
            console.print(Text(part, style=style), soft_wrap=True)


def _cells(columns, rows):
    """Headings, texts of rows, and which columns stand on the right."""
    pairs = column_pairs(columns)
    return (
        [printable(str(heading)) for _, heading in pairs],
        [
            [
                printable(cell_text(row.get(key)).replace("\n", " "))
                for key, _ in pairs
            ]
            for row in rows
        ],
        [any(is_number(row.get(key)) for row in rows) for key, _ in pairs],
    )


def table_markdown(
    title: str,
    columns: Sequence[str | tuple[str, str]],
    rows: Sequence[Mapping[str, Any]],
    notes: Sequence[str] = (),
) -> str:
    """Write what `print_table` takes as Markdown, a paragraph a note.

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
    """
    pairs = column_pairs(columns)
    lines = whole_lines(
        *_cells(
            [(key, markdown_text(heading)) for key, heading in pairs],
            [{key: _escaped(row.get(key)) for key, _ in pairs} for row in rows],
        )
    )
    return "\n\n".join(
        [
            f"**{markdown_text(title)}**",
            "\n".join(lines),
            *map(markdown_text, notes),
        ]
    )


def print_tables(
    tables: Iterable[Mapping[str, Any]], *, markdown: bool = False
) -> None:
    """Print tables, arguments of `print_table`; or all of them as Markdown."""
    if markdown:
        print("\n\n".join(table_markdown(**table) for table in tables))
        return
    for table in tables:
        print_table(**table)
        print()


def _escaped(value: Any) -> Any:
    """Text for Markdown; numbers stay, so that they stand on the right."""
    if value is None or isinstance(value, bool) or is_number(value):
        return value
    return markdown_text(cell_text(value))


def markdown_text(text: str) -> str:
    """Escape what Markdown would take for something else, on one line."""
    text = printable(" ".join(text.split()))
    text = text.replace("<", "&lt;").replace("|", r"\|")
    text = text.replace("](", r"]\(")
    return re.sub(r"^([#>*+-]+\s)", r"\\\1", text)
