"""Whether a row is one that criteria speak of."""

from collections.abc import Mapping
from typing import Any


def row_fits(row: Mapping[str, Any], criteria: Mapping[str, Any]) -> bool:
    """Whether a row has what criteria ask for.

    Example:

    >>> row = {"backbone": "vgg16", "weights": "bundled"}
    >>> row_fits(row, {"backbone": ["vgg16", "vgg19"]})
    True
    >>> row_fits(row, {"backbone": "vgg16", "weights": {"not": ["bundled"]}})
    False

    Args:
        row: What was measured.
        criteria: From a field to its value, to a list of values of which it
            must be one, or to `{"not": [...]}`, values which it must not be.
            A row that lacks the field does not fit.

    Returns:
        Whether all criteria are met.
    """
    return all(
        field in row and _meets(row[field], wanted)
        for field, wanted in criteria.items()
    )


def _meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return value not in wanted["not"]
    return value in (wanted if isinstance(wanted, list) else [wanted])
