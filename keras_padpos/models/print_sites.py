"""Padding sites as a table."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from keras_padpos import padding
from keras_padpos.models.padding_site import PaddingSite
from keras_padpos.models.sites_rows import sites_rows

# Wider than any table: what is not a terminal has no margin to wrap at.
_WIDE = 1000


def print_sites(sites: Sequence[PaddingSite], to: Any = None) -> None:
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
        to: A `padding_mode` that they are converted to, to be told beside
            the present one.
    """
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    rows = sites_rows(sites)
    if to is not None:
        name = to if isinstance(to, str) else padding.get(to).name
        rows = [{**row, "mode": f"{row['mode']} -> {name}"} for row in rows]
    table = Table(box=box.MARKDOWN)
    for column in rows[0] if rows else ():
        table.add_column(column)
    for row in rows:
        table.add_row(*row.values())
    with console.capture() as printed:
        console.print(table)
    lines = printed.get().splitlines()
    print("\n".join(line.rstrip() for line in lines if line.strip()))
