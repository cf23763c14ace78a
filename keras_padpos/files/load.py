"""Load saved Keras models."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.files.disk import existing_file


def load_keras_model(
    path: str | os.PathLike,
    argument: str = "--model",
    *,
    compiled: bool = False,
) -> Any:
    """Load a `.keras` file, layers of this package included.

    Keras' safe mode is on: code inside the file is not run.

    Args:
        path: The file.
        argument: Its name on the command line, for messages.
        compiled: Whether to compile the model as it was when it was saved.
            If that needs classes that are not registered, it stays
            uncompiled, with a warning.

    Returns:
        The Keras model.

    Raises:
        InputError: If there is no such file, it has another ending, or Keras
            cannot load it.
    """
    import keras

    from keras_padpos.models import plain_reason

    _register_layers()
    path = existing_file(path, ".keras", argument)
    reason = None
    if compiled:
        try:
            return keras.saving.load_model(path)
        except Exception as error:
            # The file is damaged, or only the compiled state is unknown.
            reason = plain_reason(error)
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        # A damaged or foreign file makes Keras raise almost anything.
        raise InputError(
            f"{argument} must be a .keras file that Keras can load. Received: "
            f"{str(path)!r} ({plain_reason(error)})"
        ) from error
    if reason:
        warnings.warn(
            f"{path} is loaded uncompiled, and so are copies of it: {reason}",
            stacklevel=2,
        )
    return model


def load_model_beside(folder: Path) -> tuple[Any, str]:
    """The Keras model that `export_model` left beside a graph.

    Returns:
        The model with random weights, or `None`, and why there is none: `""`
        if nothing was left.
    """
    import keras

    from keras_padpos.models import plain_reason

    file = folder / "assets.extra" / "model.json"
    if not file.is_file():
        return None, ""
    _register_layers()
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        return keras.models.model_from_json(json.dumps(about["model"])), ""
    except Exception as error:
        # Another program's file of that name, or classes not registered here.
        return None, plain_reason(error)


def _register_layers() -> None:
    from keras_padpos import layers  # noqa: F401
    from keras_padpos import tasks  # noqa: F401
