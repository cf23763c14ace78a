"""The programs around the package, one a file, each declared as a `Program`.

Importing this imports neither Keras nor a backend.
"""

import importlib

from keras_padpos.runs import Program

TOOLS = (
    "convert_padding",
    "inspect_model",
    "predict_tiles",
    "export_saved_model",
    "report",
    "position_tables",
    "sweep",
)
"""Names of the tools, as of their commands."""


def get(name: str) -> Program:
    """The tool of a name.

    Example:
        >>> get("report").arguments
        ['DIR...']

    Args:
        name: One of `TOOLS`.
    """
    return importlib.import_module(f"{__name__}.{name}").TOOL


__all__ = ["TOOLS", "get"]
