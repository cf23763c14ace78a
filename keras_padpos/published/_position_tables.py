"""Islam et al.'s tables of position probes."""

from collections.abc import Sequence
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.published.tables import PublishedTable
from keras_padpos.published.tables import list_tables
from keras_padpos.published.tables import load_table

CONTROLS = ("black", "white", "noise")
"""Test sets without content; all others are photographs."""


_PREFIX = "islam2020_table"


def probe_tables(
    tables: Sequence[str] | None = None,
) -> dict[str, PublishedTable]:
    """The tables of Islam et al. (ICLR 2020) that hold position probes.

    Example:

    >>> list(probe_tables())
    ['1', '2a', '2b', '3', '4', '6']

    Args:
        tables: Numbers of tables as the paper prints them; all if not given.

    Returns:
        From the number of each table to the table, in the order asked for.

    Raises:
        ValueError: If there is no such table, or it holds no probes.
    """
    names = {
        name.removeprefix(_PREFIX): name
        for name in list_tables()
        if name.startswith(_PREFIX) and _holds_heads(load_table(name).rows)
    }
    if tables is None:
        tables = list(names)
    unknown = [table for table in tables if table not in names]
    if unknown:
        raise InputError(
            f"`tables` must be among {', '.join(names)}. "
            f"Received: {', '.join(map(repr, unknown))}"
        )
    return {table: load_table(names[table]) for table in tables}


def _holds_heads(rows: Sequence[dict[str, Any]]) -> bool:
    return all("kernel_size" in row for row in rows)


_FIELDS = ("stages", "kernel_size", "head_layers", "head_padding")


def table_heads(
    tables: Sequence[str],
    backbone: str,
    padding_mode: str,
) -> list[dict[str, Any]]:
    """The probes of one network that Islam et al.'s tables need.

    Example:

    >>> for head in table_heads(["4"], "rgb", "none"):
    ...     print(head)
    {'stages': 'all', 'kernel_size': 3, 'head_layers': 1, 'head_padding': 0}
    {'stages': 'all', 'kernel_size': 3, 'head_layers': 1, 'head_padding': 1}
    {'stages': 'all', 'kernel_size': 3, 'head_layers': 1, 'head_padding': 2}
    >>> [head["stages"] for head in table_heads(["3"], "vgg16", "zeros")]
    ['1', '2', '3', '4', '5', 'all']

    Args:
        tables: Numbers of tables; see `probe_tables`.
        backbone: `"rgb"` takes the tables' PosENet rows, a head on the bare
            picture; any other network all others.
        padding_mode: Of the network. `"none"` takes the rows of networks
            without padding, if one of the tables has such rows (Table 4); any
            other mode, and `"none"` elsewhere, those of padded ones.

    Returns:
        A dict a probe, each once, in the order of print: `stages` (`"all"`
        or a number from 1, as a string), `kernel_size`, `head_layers` and
        `head_padding`. Empty where the tables have no row for such a network,
        such as Table 3 for the bare picture. Single stages are VGG16's five,
        whatever the network has.

    Raises:
        ValueError: If there is no such table.
    """
    rows = [
        row for table in probe_tables(tables).values() for row in table.rows
    ]
    if backbone == "rgb":
        rows = [
            {**row, "stages": "all"}
            for row in rows
            if row["model"] == "PosENet"
        ]
    else:
        rows = [row for row in rows if row["model"] != "PosENet"]
        bare = [row for row in rows if row["padding_mode"] == "none"]
        if padding_mode == "none" and bare:
            rows = bare
        else:
            rows = [row for row in rows if row["padding_mode"] != "none"]
    heads = []
    for row in rows:
        head = {field: row[field] for field in _FIELDS}
        if head not in heads:
            heads.append(head)
    return heads


def table_targets(tables: Sequence[str]) -> list[str]:
    """The target maps of Islam et al.'s tables.

    Example:

    >>> table_targets(["3", "4"])
    ['horizontal', 'gaussian', 'horizontal_stripes']

    Args:
        tables: Numbers of tables; see `probe_tables`.

    Returns:
        Names of targets, each once, in the order of print.

    Raises:
        ValueError: If there is no such table.
    """
    return list(
        dict.fromkeys(
            row["target"]
            for table in probe_tables(tables).values()
            for row in table.rows
        )
    )
