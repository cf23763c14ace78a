"""Where a measurement stands in the papers' tables of read-outs."""

from collections.abc import Mapping
from typing import Any

from keras_padpos.runs.position_rows import HEAD

_Row = Mapping[str, Any]


def paper_place(row: _Row) -> tuple:
    """What a published cell measured, but for its network and pictures.

    Example:

    >>> paper_place({"target": "gaussian", "padding_mode": "none",
    ...              "stages": None, "kernel_size": 3, "head_layers": 1,
    ...              "head_padding": 0})
    ('gaussian', True, 'all', 3, 1, 0)

    Args:
        row: A row of `published.read_out_tables`.

    Returns:
        The target, whether the network has no padding, and the fields `HEAD`.
    """
    stages = row["stages"] or "all"
    head = [stages, *(row[name] for name in HEAD if name != "stages")]
    return (row["target"], is_bare(row), *head)


def is_at_place(row: _Row, place: tuple) -> bool:
    """Whether a row of ours measured the same.

    Example:

    >>> row = {"target": "gaussian", "backbone": "vgg16", "stages": "all",
    ...        "padding_mode": "zeros", "kernel_size": 3, "head_layers": 1,
    ...        "head_padding": 0}
    >>> is_at_place(row, ("gaussian", False, "all", 3, 1, 0))
    True
    >>> is_at_place(row, ("gaussian", True, "all", 3, 1, 0))
    False

    Args:
        row: As `position_rows` returns it.
        place: As `paper_place` returns it.

    Returns:
        Whether target, head and removed padding are the same. The bare
        picture has no padding to remove.
    """
    target, bare, *head = place
    return (
        row["target"] == target
        and [row[name] for name in HEAD] == head
        and (not bare if row["backbone"] == "rgb" else is_bare(row) == bare)
    )


def is_bare(row: _Row) -> bool:
    """Whether a row is of a network without padding.

    Example:

    >>> is_bare({"padding_mode": "none"})
    True

    Args:
        row: Holds `padding_mode`.

    Returns:
        Whether it is `"none"`.
    """
    return row["padding_mode"] == "none"
