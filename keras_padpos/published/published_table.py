"""One table of a paper, as printed."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class PublishedTable:
    """One table of a paper, as printed.

    Example:

    >>> from keras_padpos.published import load_table
    >>> table = load_table("islam2020_table1")
    >>> table.paper["arxiv"], table.table, len(table.rows)
    ('2001.08248', 'Table 1', 60)

    Args:
        name: The name that `load_table` knows it by.
        paper: The paper: `cite` (short), `authors`, `title`, `venue`, and
            `arxiv`, its number there, or `None`.
        table: The table's name in the paper, such as `"Table 2b"`.
        caption: What the table shows, in our words.
        source: How the numbers came here.
        reproduction: Whether others than the paper's authors measured them.
        metrics: From the name of each metric in the rows to its meaning,
            unit and range.
        notes: What a reader of the numbers should know.
        rows: One flat dict a cell of the table: what was measured on what,
            and the numbers as printed. `None` stands for "does not apply"
            (a probe of the bare picture has no backbone and so no
            `stages` and no `padding_mode`), and among the metrics for a
            printed NaN. A row with a `note` has something odd in print.
    """

    name: str
    paper: dict[str, str | None]
    table: str
    caption: str
    source: str
    reproduction: bool
    metrics: dict[str, str]
    notes: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
