"""Where a saved model pads, and how far that reaches."""

from keras_padpos.tools.inspect_model import TOOL

if __name__ == "__main__":
    TOOL.run()
