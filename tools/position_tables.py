"""The papers' tables and orderings over finished runs of position_probe."""

from keras_padpos.tools.position_tables import TOOL

if __name__ == "__main__":
    TOOL.run()
