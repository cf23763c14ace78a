"""A `.keras` file that stands on a command line."""

import os
import warnings
from pathlib import Path
from typing import Any

from keras_padpos.runs.load_keras_model import load_keras_model
from keras_padpos.runs.user_error import UserError


def open_keras_file(
    path: str | os.PathLike, argument: str, compiled: bool = False
) -> Any:
    """Load the model of a `.keras` file that an argument names.

    Example:
        >>> import tempfile
        >>> import keras
        >>> path = f"{tempfile.mkdtemp()}/model.keras"
        >>> layers = [keras.Input((4,)), keras.layers.ReLU()]
        >>> keras.Sequential(layers).save(path)
        >>> open_keras_file(path, "IN.keras").output_shape
        (None, 4)

    Args:
        path: The file.
        argument: What the command line calls it, for messages.
        compiled: Whether to compile the model as it was when it was saved.
            If that takes classes that are not known here, it stays
            uncompiled, with a warning.

    Returns:
        The model.

    Raises:
        UserError: If there is no such file, it has another ending, or Keras
            cannot load it.
    """
    import keras

    from keras_padpos import layers  # noqa: F401  registers them

    path = Path(path).expanduser()
    if path.suffix != ".keras":
        raise UserError(
            f"{argument} must be a file with the ending .keras. "
            f"Received: {str(path)!r}"
        )
    reason = None
    if compiled and path.is_file():
        try:
            return keras.saving.load_model(path)
        except Exception as error:
            # Either the file is damaged, or only what it is compiled with.
            reason = " ".join(str(error).split()) or type(error).__name__
    try:
        model = load_keras_model(path, argument)
    except UserError as error:
        # It is no flag.
        raise UserError(str(error).removeprefix("--")) from error
    if reason:
        warnings.warn(
            f"{path} is not compiled here, and so will no copy of it be: "
            f"{reason}",
            stacklevel=2,
        )
    return model
