"""By what a reader can choose what the page shows."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.page.run_record import RunRecord

# From what a filter is called to the fields that may hold its value.
_FACETS = {
    "experiment": (),
    "backbone": ("backbone", "model"),
    "padding mode": ("padding_mode",),
    "target": ("target",),
}


class PageFilters:
    """Numbers the values of each filter, and marks what has which.

    Marks go into the page in the place of the values, which are anybody's
    text: `e0 b2` is the first experiment and the third backbone.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=(
    ...     {"backbone": "vgg16", "padding_mode": "zeros"},
    ...     {"backbone": "vgg16", "padding_mode": "reflect"}))
    >>> filters = PageFilters([run])
    >>> filters.choices()
    [('padding mode', 'p', ['zeros', 'reflect'])]
    >>> filters.marks({"backbone": "vgg16", "padding_mode": "reflect"})
    'b0 p1'

    Args:
        runs: All runs of the page.
    """

    def __init__(self, runs: Sequence[RunRecord]):
        self._values: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
        for run in runs:
            _number(self._values["experiment"], run.experiment)
            for row in run.rows:
                for facet, value in _values(row):
                    _number(self._values[facet], value)

    def choices(self) -> list[tuple[str, str, list[str]]]:
        """The filters that have something to choose.

        Returns:
            A triple each: what it is called, its letter in marks, and its
            values in the order of their numbers.
        """
        return [
            (facet, facet[0], list(values))
            for facet, values in self._values.items()
            if len(values) > 1
        ]

    def marks(
        self, row: Mapping[str, Any], experiment: str | None = None
    ) -> str:
        """What a row of a table has, by number.

        Args:
            row: Any mapping; what is not in a run's rows has no mark.
            experiment: The row's, if it is to be marked too.

        Returns:
            Marks with blanks between them.
        """
        found = list(_values(row))
        if experiment is not None:
            found.insert(0, ("experiment", experiment))
        return " ".join(self._marks(found))

    def run_marks(self, runs: Iterable[RunRecord]) -> str:
        """What runs have in any of their rows.

        Args:
            runs: Some of the page's runs.

        Returns:
            Marks with blanks between them.
        """
        found: dict[tuple[str, str], None] = {}
        for run in runs:
            found["experiment", run.experiment] = None
            for row in run.rows:
                found |= dict.fromkeys(_values(row))
        return " ".join(self._marks(found))

    def column_marks(self, key: str) -> str:
        """What a column is about that is called by a value.

        Args:
            key: The column's key, such as the name of a target.

        Returns:
            A mark, or nothing.
        """
        about = (("target", key.replace("_", " ")), ("padding mode", key))
        return " ".join(self._marks(about))

    def _marks(self, found: Iterable[tuple[str, str]]) -> Iterable[str]:
        for facet, value in found:
            number = self._values[facet].get(value)
            if number is not None:
                yield f"{facet[0]}{number}"


def _values(row):
    for facet, fields in _FACETS.items():
        for field in fields:
            value = row.get(field)
            if isinstance(value, str) and value:
                # Tables write targets without their underscores.
                if facet == "target":
                    value = value.replace("_", " ")
                yield facet, value
                break


def _number(values, value):
    values.setdefault(value, len(values))
