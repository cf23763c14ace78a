"""Whether a `.keras` file can be written."""

import os
from pathlib import Path

from keras_padpos.runs.user_error import UserError


def check_keras_file(
    path: str | os.PathLike, argument: str, overwrite: bool = False
) -> Path:
    """Tell at once whether a `.keras` file can be written.

    Example:
        >>> check_keras_file("reflecting.keras", "OUT.keras").name
        'reflecting.keras'

    Args:
        path: The file to write.
        argument: What the command line calls it, for messages.
        overwrite: Whether a file of that name may be replaced.

    Returns:
        The path, with the home directory put in for `~`.

    Raises:
        UserError: If it has another ending, is there already, or its folder
            is not there or not writable.
    """
    path = Path(path).expanduser()
    if path.suffix != ".keras":
        raise UserError(
            f"{argument} must have the ending .keras. Received: {str(path)!r}"
        )
    if path.is_dir():
        raise UserError(
            f"{argument} must be a file. Received: {str(path)!r}, a folder"
        )
    if path.exists() and not overwrite:
        raise UserError(
            f"{argument} must be a new file. {str(path)!r} is there already; "
            "choose another, or add --overwrite to replace it"
        )
    if not path.parent.is_dir():
        raise UserError(
            f"{argument} must lie in a folder that is there. Received: "
            f"{str(path)!r}"
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(
            f"{argument} must lie in a folder that can be written. "
            f"Received: {str(path)!r}"
        )
    return path
