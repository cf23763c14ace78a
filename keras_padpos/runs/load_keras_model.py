"""A model that somebody saved."""

import os
from pathlib import Path
from typing import Any

from keras_padpos.runs.user_error import UserError


def load_keras_model(path: str | os.PathLike, argument: str = "--model") -> Any:
    """Load a `.keras` file, layers of this package included.

    Example:
        >>> import tempfile
        >>> import keras
        >>> from keras_padpos import layers
        >>> path = f"{tempfile.mkdtemp()}/model.keras"
        >>> pool = layers.MaxPooling2D(2, padding_mode="reflect")
        >>> keras.Sequential([keras.Input((8, 8, 3)), pool]).save(path)
        >>> load_keras_model(path).output_shape
        (None, 4, 4, 3)

    Args:
        path: The file.
        argument: What the command line calls it, for messages.

    Returns:
        The Keras model, not compiled.

    Raises:
        UserError: If there is no such file, or Keras cannot load it.
    """
    import keras

    from keras_padpos import layers  # noqa: F401  registers them

    path = Path(path).expanduser()
    if not path.is_file():
        raise UserError(
            f"{argument} must be a .keras file. There is no file at "
            f"{str(path)!r}"
        )
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:
        # A damaged or foreign file makes Keras raise almost anything.
        raise UserError(
            f"{argument} must be a .keras file that Keras can load. Received: "
            f"{str(path)!r} ({str(error) or type(error).__name__})"
        ) from error
