"""A network that somebody saved as a `.keras` file."""

import os
from typing import Any

import keras

from keras_padpos import layers  # noqa: F401  registers them
from keras_padpos.errors import InputError
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph.graph_walk import check_graph

_ENDING = ".keras"
_CHANNELS = 3


def is_model_file(name: Any) -> bool:
    """Whether the name of a backbone is the path of a file.

    Example:

    >>> is_model_file("nets/mine.keras"), is_model_file("vgg16")
    (True, False)

    Args:
        name: What names a backbone: see `backbone`.

    Returns:
        Whether it ends in `.keras`; whether there is such a file is not
        looked at.
    """
    return isinstance(name, (str, os.PathLike)) and str(name).endswith(_ENDING)


def find_model_file(name: str | os.PathLike) -> str:
    """The path of a file, with the home directory put in for `~`."""
    path = os.path.expanduser(name)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            "`name` must be the name of a backbone or the path of a .keras "
            f"file. There is no file at {str(path)!r}"
        )
    return path


def load_model_file(name: str | os.PathLike) -> keras.Model:
    """Load a network that takes pictures, layers of this package included.

    Keras' safe mode stays on: code inside the file is not run unless
    `keras.config.enable_unsafe_deserialization` was called.

    Example:

    >>> import tempfile
    >>> path = f"{tempfile.mkdtemp()}/net.keras"
    >>> convolution = layers.Conv2D(4, 3, padding="same")
    >>> keras.Sequential([keras.Input((8, 8, 3)), convolution]).save(path)
    >>> load_model_file(path).output_shape
    (None, 8, 8, 4)

    Args:
        name: A path that ends in `.keras`.

    Returns:
        The model, not compiled: functional or Sequential, with one input
        `(batch, height, width, 3)`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If Keras cannot load it, or it is no such model.
    """
    path = find_model_file(name)
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        # A damaged or foreign file makes Keras raise almost anything.
        raise InputError(
            f"`name` must be a file that Keras can load. Received: {path!r} "
            f"({plain_reason(error)})"
        ) from error
    check_graph(model)
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][3] != _CHANNELS:
        raise InputError(
            "`name` must be a file of a model with one input, pictures "
            "(batch, height, width, 3). "
            f"Received: {path!r}, which takes {', '.join(map(str, shapes))}"
        )
    return model
