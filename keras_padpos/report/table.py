"""Tables of rows, declared: what a line is, and what its columns hold."""

import dataclasses
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import mean_sd
from keras_padpos.report.names import distinct_parts
from keras_padpos.report.names import path_end

Row = Mapping[str, Any]
Rows = Sequence[Row]


def is_scored(row: Row) -> bool:
    """Whether a row has scores; one of a diverged training has a `reason`."""
    return not row.get("reason")


def mean(form: str = ".1f", factor: float = 1.0) -> Callable[..., str | None]:
    """A column's format: `mean_sd` over the values of its rows."""
    return lambda values: mean_sd(values, form, factor)


percent = mean(factor=100)
"""A column's format: mean ± standard deviation of shares, in percent."""


def digits(values: Sequence[float | None]) -> str | None:
    """A column's format: mean to three digits ± standard deviation to two.

    Example:

    >>> digits([0.51234, 0.5]), digits([2.0, None]), digits([0, 0])
    ('0.506 ± 0.0087', '2', '0')
    """
    numbers = [value for value in values if value is not None]
    if numbers and not any(numbers):
        return "0"
    return mean_sd(numbers, ".3g", sd_form=".2g")


def first(values: Sequence[Any]) -> Any:
    """A column's format: the first value, for what is the same in all rows."""
    return next((value for value in values if value is not None), None)


def interval(
    form: str = ".1f", factor: float = 100.0
) -> Callable[..., str | None]:
    """A column's format: the interval of one seed.

    That of several is none: their mean has no interval over pictures.
    """

    def text(values: Sequence[Any]) -> str | None:
        if len(values) != 1 or not values[0]:
            return None
        return " to ".join(f"{factor * end:{form}}" for end in values[0])

    return text


def seed_count(rows: Rows) -> int | str | None:
    """How many seeds there are; and of these, how many have scores."""
    seeds = values_of(rows, "seed")
    scored = values_of(filter(is_scored, rows), "seed")
    if len(scored) == len(seeds):
        return len(seeds) or None
    return f"{len(scored)} of {len(seeds)}"


@dataclasses.dataclass(frozen=True)
class Column:
    """What a column holds.

    `field` is a row's, or makes a value of a row; `form` makes the cell of the
    values of a line's rows: `mean(...)`, `percent`, `first`, `interval(...)`,
    or a function. `where` says which of a line's rows count: fields and their
    values. With `rows`, `form` gets the rows instead of values, those without
    scores among them.
    """

    heading: str
    field: str | Callable[[Row], Any] = ""
    form: Callable[[Sequence[Any]], Any] = first
    where: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    rows: bool = False

    def cell(self, rows: Rows) -> Any:
        """The cell of one line, of the rows that the line stands for."""
        if self.rows:
            return self.form(rows)
        counted = [
            row
            for row in rows
            if is_scored(row)
            and all(row.get(key) == value for key, value in self.where.items())
        ]
        field = self.field
        return self.form(
            [
                field(row) if callable(field) else row.get(field)
                for row in counted
            ]
        )


def same(field: str, heading: str | None = None) -> Column:
    """A column of a field that is the same in all rows, scored or not."""
    return Column(
        heading or field.replace("_", " "),
        form=lambda rows: first([row.get(field) for row in rows]),
        rows=True,
    )


def columns(
    form: Callable[[Sequence[Any]], Any], **headings: str
) -> dict[str, Column]:
    """Columns of one format, by field; each keyword is a field's heading."""
    return {
        name: Column(heading, name, form) for name, heading in headings.items()
    }


SEEDS = {"seeds": Column("seeds", form=seed_count, rows=True)}
"""How many seeds a line stands for."""

SIZES = {
    "train_images": same("train_images", "trained on"),
    "test_images": same("test_images", "tested on"),
    "steps": same("steps"),
}
"""How much a network was trained and tested on."""


@dataclasses.dataclass(frozen=True)
class Table:
    """A line for each combination of some fields, with columns beside.

    Example:

    >>> table = Table(
    ...     "Accuracy in percent", {"model": "model"},
    ...     {**SEEDS, "accuracy": Column("accuracy", "accuracy", percent)},
    ... )
    >>> (laid_out,) = table.lay_out(
    ...     [{"model": "vgg5", "seed": seed, "accuracy": 0.5 + seed / 10}
    ...      for seed in (0, 1)]
    ... )
    >>> laid_out["rows"]
    [{'model': 'vgg5', 'seeds': 2, 'accuracy': '55.0 ± 7.1'}]

    Args:
        title: The line above; this, columns and notes may be functions of the
            table's rows.
        by: Fields that the rows of a line have in common, with headings.
        columns: Columns by key.
        notes: Lines below.
        rows: Which rows are of this table.
        split: Fields, or what makes a value of a row: rows that differ in it
            have tables of their own.
        shorten: Fields of `by` that may hold paths: files are shown with as
            many of their folders as tell them apart.
        derive: From all rows to those that are laid out, with fields that
            only all rows together tell; several for one that counts in
            several lines, none for no table. Before `rows` and `split`.
        networks: The fields of `by` that tell networks apart; all if not
            given.
    """

    title: str | Callable[[Rows], str]
    by: Mapping[str, str]
    columns: Mapping[str, Column] | Callable[[Rows], Mapping[str, Column]]
    notes: Sequence[str] | Callable[[Rows], Sequence[str]] = ()
    rows: Callable[[Row], bool] = lambda row: True
    split: Callable[[Row], Any] = lambda row: None
    shorten: Sequence[str] = ()
    derive: Callable[[Rows], Iterable[Row]] = lambda rows: rows
    networks: Sequence[str] | None = None

    def lay_out(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """Lay rows of runs out, as arguments of `print_table`.

        One for each value of `split`; none if no row is of this table. What
        diverged has a line in the notes.
        """
        tables: dict[Any, list[Row]] = {}
        for row in filter(self.rows, self.derive(list(rows))):
            tables.setdefault(self.split(row), []).append(row)
        return [self._laid_out(part) for part in tables.values()]

    def _laid_out(self, rows):
        columns = _made(self.columns, rows)
        labels = short_labels(rows, self.by, self.shorten)
        lines = [
            labels(own[0])
            | {name: each.cell(own) for name, each in columns.items()}
            for own in grouped(rows, self.by).values()
        ]
        return {
            "title": _made(self.title, rows),
            "columns": [
                *self.by.items(),
                *((key, each.heading) for key, each in columns.items()),
            ],
            "rows": lines,
            "notes": [*_made(self.notes, rows), *self._diverged(rows, labels)],
        }

    def _diverged(self, rows, labels):
        """Lines on networks without scores, and why."""
        names = self.by if self.networks is None else self.networks
        return dict.fromkeys(
            "".join(f"{labels(row)[name]}, " for name in names)
            + f"seed {row.get('seed')}: {row['reason']}"
            for row in rows
            if not is_scored(row)
        )


def short_labels(
    rows: Iterable[Row], fields: Iterable[str], paths: Iterable[str]
) -> Callable[[Row], dict[str, Any]]:
    """From a row to its fields; paths have the folders that tell them apart.

    Example:

    >>> rows = [{"weights": f"{name}/net.h5", "seed": 0} for name in "ab"]
    >>> short_labels(rows, ["weights", "seed"], ["weights"])(rows[0])
    {'weights': 'a/net.h5', 'seed': 0}
    """
    rows, fields = list(rows), tuple(fields)
    parts = {name: distinct_parts(values_of(rows, name)) for name in paths}

    def labels(row: Row) -> dict[str, Any]:
        own = {name: row.get(name) for name in fields}
        return own | {
            name: path_end(own[name], parts[name])
            for name in parts
            if own.get(name) is not None
        }

    return labels


def grouped(
    rows: Iterable[Row], fields: Iterable[str]
) -> dict[tuple[Any, ...], list[Row]]:
    """Rows that are alike in some fields, in order of first appearance."""
    fields = tuple(fields)
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row.get(name) for name in fields)
        groups.setdefault(key, []).append(row)
    return groups


def values_of(rows: Iterable[Row], field: str) -> list[Any]:
    """The values of a field, each once, in order of first appearance."""
    values = dict.fromkeys(row.get(field) for row in rows)
    return [value for value in values if value is not None]


def _made(value, rows):
    return value(rows) if callable(value) else value
