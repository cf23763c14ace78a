"""The error of an export that computes something else."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.user_error import UserError


class ExportMismatch(UserError):
    """What was exported does not give the Keras model's numbers.

    Example:
        >>> raise ExportMismatch("'conv' differs.", rows=[])
        Traceback (most recent call last):
        ...
        keras_padpos.runs.export_mismatch.ExportMismatch: 'conv' differs.

    Attributes:
        rows: What was compared, as `export_model` returns it.
    """

    def __init__(self, message: str, rows: Sequence[Mapping[str, Any]]):
        super().__init__(message)
        self.rows = list(rows)
