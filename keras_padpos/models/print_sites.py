"""Padding sites as a table."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from keras_padpos.models.padding_site import PaddingSite
from keras_padpos.models.sites_rows import sites_rows

# Wider than any table: what is not a terminal has no margin to wrap at.
_WIDE = 1000


def print_sites(
    sites: Sequence[PaddingSite], after: Sequence[PaddingSite] | None = None
) -> None:
    """Print sites as a table.

    Example:

    >>> import keras
    >>> from keras_padpos.models import find_padding_sites
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> model = keras.Sequential([keras.Input((9, 9, 3)), conv])
    >>> print_sites(find_padding_sites(model))
    | layer | kind        | kernel | stride | cells     | uneven | mode  |
    |-------|-------------|--------|--------|-----------|--------|-------|
    | conv  | convolution | 3x3    | 1x1    | 1,1 / 1,1 |        | zeros |

    Args:
        sites: What `find_padding_sites` gave.
        after: Sites of the network that they were converted to, to be told
            beside them; those that are missing there add no cells any more.
    """
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    rows = sites_rows(sites)
    if after is not None:
        later = {row["layer"]: row for row in sites_rows(after)}
        for row in rows:
            new = later.get(row["layer"], {"cells": "none", "mode": "none"})
            for column in ("cells", "mode"):
                if new[column] != row[column] or column == "mode":
                    row[column] += f" -> {new[column]}"
    table = Table(box=box.MARKDOWN)
    for column in rows[0] if rows else ():
        table.add_column(column)
    for row in rows:
        table.add_row(*row.values())
    with console.capture() as printed:
        console.print(table)
    lines = printed.get().splitlines()
    print("\n".join(line.rstrip() for line in lines if line.strip()))
