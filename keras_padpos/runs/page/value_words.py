"""Values of flags, rows and provenance in words."""

import json
from typing import Any

from keras_padpos.runs.page.folded_words import FoldedWords
from keras_padpos.runs.table_cells import cell_words
from keras_padpos.runs.table_cells import is_number

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
