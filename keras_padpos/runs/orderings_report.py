"""What the orderings of the papers' tables come to in ours, as tables."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.interval_note import interval_note
from keras_padpos.runs.orderings import HOLDS
from keras_padpos.runs.orderings import NOT_TESTED
from keras_padpos.runs.orderings import REVERSED
from keras_padpos.runs.orderings import UNDECIDED
from keras_padpos.runs.orderings import evaluate_orderings
from keras_padpos.runs.position_words import set_words
from keras_padpos.runs.table import print_table
from keras_padpos.runs.table_markdown import table_markdown
from keras_padpos.runs.work_directory import WorkDirectory

_Rows = Sequence[Mapping[str, Any]]


def print_orderings(works: Sequence[WorkDirectory]) -> None:
    """Print which of the papers' orderings hold for which network.

    Args:
        works: Directories of finished runs of `position_probe`.

    Raises:
        UserError: If a run is not finished, or its arrays are missing.
    """
    for table in orderings_tables(evaluate_orderings(works)):
        print_table(**table)


def orderings_markdown(works: Sequence[WorkDirectory]) -> str:
    """What `print_orderings` prints, as Markdown.

    Args:
        works: Directories of finished runs of `position_probe`.

    Returns:
        The text, without a line break at its end.

    Raises:
        UserError: If a run is not finished, or its arrays are missing.
    """
    return "\n\n".join(
        table_markdown(**table)
        for table in orderings_tables(evaluate_orderings(works))
    )


def orderings_tables(rows: _Rows) -> list[dict[str, Any]]:
    """Lay out what `evaluate_orderings` found.

    Example:

    >>> row = {"statement": "Larger is better", "where": "Table 2b",
    ...        "network": "vgg16", "test_set": "photographs",
    ...        "target": "gaussian", "lesser": "1x1", "greater": "3x3",
    ...        "difference": 0.1, "difference_ci95": (0.05, 0.15),
    ...        "images": 48, "verdict": "holds", "remark": ""}
    >>> orderings_tables([row, {**row, "verdict": "reversed"}])[0]["rows"]
    [{'statement': 'Larger is better', 'where': 'Table 2b', 'vgg16': '1 of 2 \
hold, 1 reversed'}]

    Args:
        rows: As `evaluate_orderings` returns them.

    Returns:
        Arguments of `print_table`. For each test set two tables: a line an
        ordering and a column a network, then a line a comparison.
    """
    tested = [row for row in rows if row["network"] is not None]
    tables = []
    for test_set in dict.fromkeys(row["test_set"] for row in tested):
        mine = [row for row in tested if row["test_set"] == test_set]
        networks = list(dict.fromkeys(row["network"] for row in mine))
        lines: dict[tuple, dict[str, Any]] = {}
        for row in rows:
            key = row["statement"], row["where"]
            lines.setdefault(
                key, dict(zip(("statement", "where"), key, strict=True))
            )
        for (statement, _), line in lines.items():
            for network in networks:
                cell = [
                    row
                    for row in mine
                    if (row["statement"], row["network"])
                    == (statement, network)
                ]
                if cell:
                    line[network] = verdict_words(cell)
        tables.append(
            {
                "title": "Orderings of Islam et al. (ICLR 2020), by SPC on "
                f"{set_words(test_set)}",
                "columns": ["statement", "where", *networks],
                "rows": list(lines.values()),
                "notes": [
                    *_untested(lines, mine, rows),
                    "A comparison holds if the 95 % interval of the paired "
                    "difference is above 0, is reversed if below, undecided "
                    "if it covers 0. -: the ordering is not about this "
                    "network.",
                    interval_note([test_set]),
                ],
            }
        )
        compared = [row for row in mine if row["verdict"] != NOT_TESTED]
        if compared:
            tables.append(_comparisons(test_set, compared))
    return tables


def verdict_words(rows: _Rows) -> str:
    """Say how many comparisons of an ordering hold.

    Example:

    >>> verdict_words([{"verdict": "holds"}] * 2)
    'holds (2 of 2)'
    >>> verdict_words([{"verdict": "holds"}, {"verdict": "undecided"},
    ...                {"verdict": "not tested"}])
    '1 of 2 hold, 1 undecided, 1 not tested'
    >>> verdict_words([{"verdict": "not tested"}])
    'not tested'

    Args:
        rows: Comparisons as `evaluate_orderings` returns them.

    Returns:
        A few words; an ordering `holds` if all its comparisons do.
    """
    counts = Counter(row["verdict"] for row in rows)
    tested = len(rows) - counts[NOT_TESTED]
    if not tested:
        return NOT_TESTED
    if counts[HOLDS] == len(rows):
        return f"{HOLDS} ({tested} of {tested})"
    return ", ".join(
        [
            f"{counts[HOLDS]} of {tested} hold",
            *(
                f"{counts[verdict]} {verdict}"
                for verdict in (REVERSED, UNDECIDED, NOT_TESTED)
                if counts[verdict]
            ),
        ]
    )


def _untested(lines, mine, rows):
    """Why orderings were not tested at all on a test set."""
    for statement, _ in lines:
        about = [
            row
            for row in (*mine, *(r for r in rows if r["network"] is None))
            if row["statement"] == statement
        ]
        if all(row["verdict"] == NOT_TESTED for row in about):
            reasons = list(dict.fromkeys(row["remark"] for row in about))
            if reasons:
                more = f"; {len(reasons) - 2} more" if len(reasons) > 2 else ""
                yield (
                    f"Not tested: {statement}: {'; '.join(reasons[:2])}{more}."
                )


def _comparisons(test_set: str, rows: _Rows) -> dict[str, Any]:
    remarks = any(row["remark"] for row in rows)
    return {
        "title": f"Their comparisons on {set_words(test_set)}",
        "columns": [
            "where",
            "network",
            "target",
            "head",
            ("lesser", "should be lower"),
            ("greater", "should be higher"),
            ("difference", "difference in SPC"),
            ("difference_ci95", "95 % interval"),
            "verdict",
            *(["remark"] if remarks else []),
        ],
        "rows": [
            {**row, "target": row["target"] and row["target"].replace("_", " ")}
            for row in rows
        ],
    }
