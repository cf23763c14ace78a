"""A length of time as a person would say it."""

from typing import Any


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
