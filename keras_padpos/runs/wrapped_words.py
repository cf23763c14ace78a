"""Words in lines that are not too long."""

import re


def wrapped_words(words: str, width: int) -> str:
    r"""Break lines that are too long, as names of files are.

    A line is broken at blanks and after hyphens, underscores, commas and
    slashes, and anywhere if it has none of them. Lines that fit stay.

    Example:

    >>> print(wrapped_words("a-net-of-mine.keras (file)\nown padding", 12))
    a-net-of-
    mine.keras
    (file)
    own padding

    Args:
        words: One line or more.
        width: The most characters of a line, at least 1.
    """
    some = f".{{1,{width}}}"
    pattern = rf"{some}(?:(?<=[-_,/])|(?=\s)|$)|{some}"
    lines = []
    for line in words.split("\n"):
        parts = [line]
        if len(line) > width:
            parts = [part.strip() for part in re.findall(pattern, line)]
        lines += [part for part in parts if part] or [""]
    return "\n".join(lines)
