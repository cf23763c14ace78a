"""The experiments, one a file, each declared as a `Study`.

Importing this imports neither Keras nor a backend.
"""

import importlib
from typing import TYPE_CHECKING

from keras_padpos.studies._position_network import position_network

if TYPE_CHECKING:
    from keras_padpos.studies.study import Study

STUDIES = (
    "position_probe",
    "padding_pattern",
    "pattern_formation",
    "prediction_agreement",
    "fconv_tests",
    "location_task",
    "semantic_head",
    "robustness",
    "texture",
    "shift_consistency",
)
"""Names of the studies, as of their binaries."""


def get(name: str) -> "Study":
    """The study of a name.

    Example:

    >>> get("texture").crossed
    ['backbone', 'weights', 'padding_mode', 'train']

    Args:
        name: One of `STUDIES`.
    """
    return importlib.import_module(f"{__name__}.{name}").STUDY


__all__ = ["STUDIES", "get", "position_network"]
