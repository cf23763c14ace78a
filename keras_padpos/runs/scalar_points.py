"""Numbers of a line of metrics.jsonl, as points of curves."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

_STEPS = ("step", "epoch")


def scalar_points(
    unit: str | None, metrics: Mapping[str, Any]
) -> tuple[int | None, dict[str, float]]:
    """Say where the numbers of a line belong.

    The words of a line tell its curves from those of other lines.

    Example:
        >>> line = {"head": "1x1", "epoch": 2, "loss": 0.5, "note": None}
        >>> scalar_points("vgg16", line)
        (2, {'vgg16/1x1/loss': 0.5})

    Args:
        unit: The unit of work that logged it.
        metrics: Names and values, as JSON holds them.

    Returns:
        The step: `step`, or else `epoch`, if that is a whole number, else
        `None`. And from each curve's name, `UNIT/WORDS/NAME`, to its value;
        of lists and mappings a curve for each number.
    """
    step, axis = None, None
    for name in _STEPS:
        value = metrics.get(name)
        if is_number(value) and value == int(value):
            step, axis = int(value), name
            break
    words = [unit] if unit else []
    words += [value for value in metrics.values() if isinstance(value, str)]
    return step, {
        "/".join([*words, name]): float(value)
        for name, value in _numbers(metrics)
        if name != axis
    }


def is_number(value: Any) -> bool:
    """Whether a value is one of JSON's numbers.

    Example:
        >>> is_number(1), is_number(0.5), is_number(True)
        (True, True, False)

    Args:
        value: The value.
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbers(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    if is_number(value):
        yield name, value
        return
    items = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _numbers(item, f"{name}/{key}" if name else str(key))
