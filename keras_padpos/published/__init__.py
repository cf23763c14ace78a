"""The papers' tables as data files, each number with its source and table."""

from keras_padpos.published._counterpart import counterpart
from keras_padpos.published._position_tables import CONTROLS
from keras_padpos.published._position_tables import probe_tables
from keras_padpos.published._position_tables import table_heads
from keras_padpos.published._position_tables import table_targets
from keras_padpos.published.orderings import load_orderings
from keras_padpos.published.orderings import row_fits
from keras_padpos.published.tables import PublishedTable
from keras_padpos.published.tables import list_tables
from keras_padpos.published.tables import load_table
from keras_padpos.published.tables import lookup

__all__ = [
    "CONTROLS",
    "PublishedTable",
    "counterpart",
    "list_tables",
    "load_orderings",
    "load_table",
    "lookup",
    "probe_tables",
    "row_fits",
    "table_heads",
    "table_targets",
]
