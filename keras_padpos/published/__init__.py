"""The papers' tables as data files, each number with its source and table."""

from keras_padpos.published.counterpart import counterpart
from keras_padpos.published.published_table import PublishedTable
from keras_padpos.published.tables import list_tables
from keras_padpos.published.tables import load_table
from keras_padpos.published.tables import lookup

__all__ = [
    "counterpart",
    "PublishedTable",
    "list_tables",
    "load_table",
    "lookup",
]
