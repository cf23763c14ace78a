"""Files of units of work."""

import hashlib
import re

_LONGEST = 80
_GAP = ".."
_UNIT_FILE = re.compile(
    rf"[\w.=+-]{{0,{_LONGEST}}}-[0-9a-f]{{8}}\.\w+", re.ASCII
)


def unit_file(key: str, ending: str) -> str:
    """Name the file of a unit of work.

    Example:
        >>> unit_file("vgg16 zeros", "json")
        'vgg16-zeros-15e584e8.json'
        >>> unit_file(f"{'long ' * 20}network-seed0", "json")[33:57]
        'g-long..-long-long-long-'

    Args:
        key: Names the unit; any words.
        ending: Ending of the file, without its dot.

    Returns:
        A plain file name, another one for each key. Of a long key the middle
        is left out: what tells keys apart stands at their ends.

    Raises:
        ValueError: If the key is empty, or no string.
    """
    if not isinstance(key, str) or not key:
        raise ValueError(
            "`key` must be a string that is not empty. "
            f"Received: key={key!r}. Name the unit of work."
        )
    readable = re.sub(r"[^\w.=+-]+", "-", key, flags=re.ASCII)
    if len(readable) > _LONGEST:
        half = (_LONGEST - len(_GAP)) // 2
        readable = f"{readable[:half]}{_GAP}{readable[-half:]}"
    # Two keys may read the same.
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{readable}-{digest}.{ending}"


def is_unit_file(name: str) -> bool:
    """Whether `unit_file` gives such names.

    Example:
        >>> is_unit_file("vgg16-zeros-15e584e8.json")
        True
        >>> is_unit_file("mine.json")
        False

    Args:
        name: A file name, without directory.
    """
    return _UNIT_FILE.fullmatch(name) is not None
