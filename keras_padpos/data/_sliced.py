"""Read a slice off the end of a text."""

import re

_SLICED = re.compile(r"(?P<whole>.+)\[(?P<start>(-?\d+)?):(?P<stop>(-?\d+)?)\]")


def sliced(text: str) -> tuple[str, slice]:
    """Takes a text such as `"train[20:40]"` apart.

    Example:

    >>> sliced("train[:20]"), sliced("train")
    (('train', slice(None, 20, None)), ('train', slice(None, None, None)))

    Args:
        text: A name, with or without a Python slice after it.

    Returns:
        The name, and the slice; one of everything if there is none.
    """
    match = _SLICED.fullmatch(text)
    if match is None:
        return text, slice(None)
    bounds = [int(match[b]) if match[b] else None for b in ("start", "stop")]
    return match["whole"], slice(*bounds)
