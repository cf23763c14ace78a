"""Which layer of Keras belongs to which of ours."""

import keras

from keras_padpos import layers

PADDED: dict[type, type] = {
    getattr(keras.layers, name.replace("Padding", "ZeroPadding")): getattr(
        layers, name
    )
    for name in layers.__all__
    if hasattr(keras.layers, name.replace("Padding", "ZeroPadding"))
}
"""From a layer class of Keras to the one with a `padding_mode`."""

STOCK: dict[type, type] = {ours: stock for stock, ours in PADDED.items()}
"""The way back."""
