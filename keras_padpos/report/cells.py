"""What stands in the cells of a table."""

import io
import json
import math
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def markdown_text(text: str) -> str:
    r"""Escape what Markdown would take for something else.

    Names of files and networks are anybody's: tags, links, the bars between
    cells and what would begin a list or a heading stay text. What cannot be
    printed, such as what tells a terminal to do something, is a question mark.

    Example:

    >>> print(markdown_text("<b> |E[D]| [a](b)"))
    &lt;b> \|E[D]\| [a]\(b)
    >>> print(markdown_text("* as measured"))
    \* as measured

    Args:
        text: Any text.

    Returns:
        One line of Markdown.
    """
    text = " ".join(text.split())
    text = "".join(each if each.isprintable() else "?" for each in text)
    text = text.replace("<", "&lt;").replace("|", r"\|")
    text = text.replace("](", r"]\(")
    return re.sub(r"^([#>*+-]+\s)", r"\\\1", text)


def number_words(number: float) -> str:
    """A number in the fewest digits that are no other number's.

    Example:

    >>> number_words(4.0), number_words(4.00000001), number_words(0.1)
    ('4', '4.00000001', '0.1')

    Args:
        number: A number.

    Returns:
        Words without blanks; other ones for another number.
    """
    return repr(float(number)).removesuffix(".0")


def duration_words(seconds: Any) -> str | None:
    """Say how long something took.

    Example:

    >>> [duration_words(seconds) for seconds in (4.86, 74.4, 3011, 86400)]
    ['4.9 s', '74 s', '50 min', '24 h']

    Args:
        seconds: A number; anything else has no words.

    Returns:
        Two or three digits and a unit, or `None`.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.3g} h"


class FoldedWords(str):
    """Words that stand for a longer text.

    Markdown shows the words alone, a page the text too, where a reader asks.

    Example:

    >>> words = FoldedWords("4 numbers", "[1, 2, 3, 4]")
    >>> words, words.whole
    ('4 numbers', '[1, 2, 3, 4]')

    Args:
        words: What is shown.
        whole: What it stands for.
    """

    whole: str

    def __new__(cls, words: str, whole: str) -> "FoldedWords":
        """Make the string, which holds no more than `words`."""
        self = super().__new__(cls, words)
        self.whole = whole
        return self


class LinkedWords(str):
    """Words with the anchor that they lead to.

    Example:

    >>> words = LinkedWords("vgg16", "run-1")
    >>> words, words.anchor
    ('vgg16', 'run-1')

    Args:
        words: What is shown; all of it in Markdown.
        anchor: The `id` of an element of the page, or the address of another.
    """

    anchor: str

    def __new__(cls, words: str, anchor: str) -> "LinkedWords":
        """Make the string, which holds no more than `words`."""
        self = super().__new__(cls, words)
        self.anchor = anchor
        return self


def percent_interval(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Say the interval over pictures of an accuracy, if it is of one seed.

    Example:

    >>> percent_interval([{"accuracy": 0.5, "accuracy_ci95": [0.45, 0.55]}])
    '45.0 to 55.0'

    Args:
        rows: Of all seeds, with `accuracy_ci95` in [0, 1], or without.

    Returns:
        `None` for several seeds: their mean has no interval over pictures.
    """
    interval = rows[0].get("accuracy_ci95") if len(rows) == 1 else None
    return interval and " to ".join(f"{100 * end:.1f}" for end in interval)


def percent_words(
    shares: Iterable[float], *, signed: bool = False
) -> str | None:
    """The mean in percent, and the standard deviation over several seeds.

    Example:

    >>> percent_words([0.5]), percent_words([0.25, 0.75]), percent_words([])
    ('50.0', '50.0 ± 35.4', None)

    Args:
        shares: Of each seed, in [0, 1], or their differences.
        signed: Whether to write a plus, too.

    Returns:
        The mean, of more than one ± the standard deviation (n - 1); `None` if
        there is none.
    """
    shares = list(shares)
    if not shares:
        return None
    words = f"{100 * np.mean(shares):{'+' if signed else ''}.1f}"
    if len(shares) > 1:
        words += f" ± {100 * np.std(shares, ddof=1):.1f}"
    return words


def score_words(
    row: Mapping[str, Any], metric: str, *, count: bool = True
) -> str:
    """A score, over several seeds its mean and standard deviation.

    Example:

    >>> score_words({"mae": 0.1234}, "mae")
    '0.123'
    >>> score_words(
    ...     {"spearman": 0.9456, "spearman_seed_sd": 0.0021, "seeds": [0, 1]},
    ...     "spearman",
    ... )
    '0.946 ± 0.002 (2 seeds)'

    Args:
        row: As `merge_seeds` makes it.
        metric: `"spearman"` or `"mae"`.
        count: Whether to say how many seeds.

    Returns:
        A few characters, three decimals.
    """
    words = f"{row[metric]:.3f}"
    deviation = row.get(f"{metric}_seed_sd")
    if deviation is not None:
        words += f" ± {deviation:.3f}"
        if count:
            words += f" ({len(row['seeds'])} seeds)"
    return words


def cell_words(value: Any) -> str:
    """A value in as few characters as tell it.

    Example:

    >>> [cell_words(value) for value in (3, 0.86314, 1e-6, None, True)]
    ['3', '0.863', '1.0e-06', '-', 'yes']
    >>> cell_words([0.881, 0.912])
    '[0.881, 0.912]'

    Args:
        value: A number, bool, string, `None`, or a list of such.

    Returns:
        Integers whole, other numbers with three decimals, or in exponent form
        where those would show nothing; `None` and NaN as `-`; strings as they
        are.
    """
    if value is None:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(value)
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return "-"
        if value != 0 and abs(value) < 0.0005:
            return f"{value:.1e}"
        return f"{value:.3f}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"[{', '.join(map(cell_words, value))}]"
    return str(value)


def is_number(value: Any) -> bool:
    """Whether a value stands on the right of its column.

    Example:

    >>> is_number(0.5), is_number(True), is_number("0.5")
    (True, False, False)

    Args:
        value: What a cell holds.

    Returns:
        Whether it is a number, and no bool.
    """
    return isinstance(value, (int, float, np.number)) and not isinstance(
        value, bool
    )


# What fits into a cell without a fold.
_SHORT = 4
_LONGEST = 60


def value_words(value: Any) -> Any:
    """What a table shows of a value of a row.

    Example:

    >>> value_words(0.5), value_words([0.1, 0.2]), value_words(None)
    (0.5, '[0.100, 0.200]', None)
    >>> value_words([[1, 2, 3], [4, 5, 6]])
    '6 numbers, 1 to 6'
    >>> value_words({"zeros": 0.5})
    '{"zeros": 0.5}'

    Args:
        value: Anything out of JSON.

    Returns:
        Numbers, bools, strings and `None` as they are. A list of up to four
        numbers in words; longer ones, and what is nested, in short, as
        `FoldedWords` where that leaves something out.
    """
    if value is None or isinstance(value, (bool, str)) or is_number(value):
        return value
    numbers = _numbers(value)
    if numbers is not None and len(numbers) <= _SHORT and _is_flat(value):
        return cell_words(value)
    whole = json.dumps(value, ensure_ascii=False)
    if numbers:
        return FoldedWords(
            f"{len(numbers)} numbers, {cell_words(min(numbers))} to "
            f"{cell_words(max(numbers))}",
            whole,
        )
    if len(whole) <= _LONGEST:
        return whole
    return FoldedWords(f"{whole[: _LONGEST - 1]}…", whole)


def flag_words(value: Any) -> str:
    """What somebody would type for a flag.

    Example:

    >>> flag_words(["zeros", "reflect"]), flag_words(None), flag_words(False)
    ('zeros,reflect', 'not set', 'false')

    Args:
        value: Out of config.json.

    Returns:
        A list with commas; the rest as JSON, strings without quotes.
    """
    if value is None:
        return "not set"
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(
        isinstance(item, (list, dict)) for item in value
    ):
        return ",".join(map(flag_words, value)) or "none"
    return json.dumps(value, ensure_ascii=False)


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_number, value))


def _numbers(value: Any) -> list[float] | None:
    """All numbers of lists within lists; `None` if there is anything else."""
    if is_number(value):
        return [value]
    if not isinstance(value, list):
        return None
    found = []
    for item in value:
        if item is None:
            continue  # NaN, in JSON.
        inside = _numbers(item)
        if inside is None:
            return None
        found += inside
    return found


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
