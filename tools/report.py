"""One page over finished runs: tables, figures, curves, provenance."""

from keras_padpos.tools.report import TOOL

if __name__ == "__main__":
    TOOL.run()
