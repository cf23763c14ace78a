"""Run a saved network on pictures of any size, in tiles."""

from keras_padpos.tools.predict_tiles import TOOL

if __name__ == "__main__":
    TOOL.run()
