"""Make a copy of a saved Keras model that pads another way, weights kept."""

from keras_padpos.tools.convert_padding import TOOL

if __name__ == "__main__":
    TOOL.run()
