"""Which maps the papers' tables predict."""

from collections.abc import Sequence

from keras_padpos.published._probe_tables import probe_tables


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
