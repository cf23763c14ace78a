"""Which published tables hold Islam et al.'s position probes."""

from collections.abc import Sequence
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.published.published_table import PublishedTable
from keras_padpos.published.tables import list_tables
from keras_padpos.published.tables import load_table

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
