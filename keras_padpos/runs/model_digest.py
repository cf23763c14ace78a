"""Which model a path holds."""

import hashlib
import os
from pathlib import Path

from keras_padpos.runs.user_error import UserError


def model_digest(path: str | os.PathLike) -> str:
    """The SHA-256 of a `.keras` file, or of a SavedModel's graph.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "empty.keras"
        >>> path.touch()
        >>> model_digest(path)[:8]
        'e3b0c442'

    Args:
        path: The file, or the SavedModel's folder.

    Returns:
        Hexadecimal digits.

    Raises:
        UserError: If it is neither.
    """
    path = Path(path).expanduser()
    file = path / "saved_model.pb" if path.is_dir() else path
    if not file.is_file():
        raise UserError(
            "PATH must be a .keras file or the folder of a SavedModel, which "
            f"holds saved_model.pb. There is no file at {str(file)!r}"
        )
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
