"""The papers' tables as data files, each number with its source and table."""

from keras_padpos.published._counterpart import counterpart
from keras_padpos.published._load_orderings import load_orderings
from keras_padpos.published._probe_tables import probe_tables
from keras_padpos.published._row_fits import row_fits
from keras_padpos.published._table_heads import table_heads
from keras_padpos.published._table_targets import table_targets
from keras_padpos.published.controls import CONTROLS
from keras_padpos.published.published_orderings import PublishedOrderings
from keras_padpos.published.published_table import PublishedTable
from keras_padpos.published.tables import list_tables
from keras_padpos.published.tables import load_table
from keras_padpos.published.tables import lookup

__all__ = [
    "CONTROLS",
    "PublishedOrderings",
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
