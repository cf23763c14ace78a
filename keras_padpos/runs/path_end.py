"""The end of a path."""

from pathlib import PurePath


def path_end(path: str | None, parts: int = 1) -> str:
    """The last parts of a path; a name that is none stays as it is.

    Example:
        >>> path_end("a/one/net.h5", 2), path_end("vgg16", 2)
        ('one/net.h5', 'vgg16')

    Args:
        path: A path, a plain name, or nothing.
        parts: How many parts; `distinct_parts` counts.
    """
    return PurePath(*PurePath(path).parts[-parts:]).as_posix() if path else ""
