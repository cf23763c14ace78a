"""How much of paths must be shown."""

from collections.abc import Iterable
from pathlib import PurePath


def distinct_parts(paths: Iterable[str]) -> int:
    """How many parts of paths, from their ends, tell them apart.

    Example:
        >>> distinct_parts(["one/net.h5", "two/net.h5", "vgg16"])
        2
        >>> distinct_parts(["one/net.h5", "one/other.h5"])
        1

    Args:
        paths: Paths, or plain names.

    Returns:
        At least 1.
    """
    split = {PurePath(path).parts for path in paths}
    parts = 1
    while len({path[-parts:] for path in split}) < len(split):
        parts += 1
    return parts
