"""Write a network for use without Keras: as SavedModel, ONNX or LiteRT."""

from keras_padpos.tools.export_saved_model import TOOL

if __name__ == "__main__":
    TOOL.run()
