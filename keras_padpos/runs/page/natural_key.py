"""Names in the order in which people count."""

import re


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts `run10` after `run9`.

    Example:

    >>> sorted(["run10", "run9", "run", "2", "10"], key=natural_key)
    ['2', '10', 'run', 'run9', 'run10']

    Args:
        name: Any string.

    Returns:
        A key; numbers come before words.
    """
    return [
        (0, int(part), part) if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]
