"""Seeds that have scores, and those that have not."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def is_scored(row: Mapping[str, Any]) -> bool:
    """Whether a row has scores.

    Example:

    >>> is_scored({"accuracy": 0.5}), is_scored({"reason": "diverged"})
    (True, False)

    Args:
        row: A row; one of a network whose training diverged has a `reason`.
    """
    return not row.get("reason")


def scored_seeds(rows: Sequence[Mapping[str, Any]]) -> int | str:
    """How many seeds there are; and of these, how many have scores.

    Example:

    >>> rows = [{"seed": 0, "accuracy": 0.5}, {"seed": 1, "reason": "diverged"}]
    >>> scored_seeds(rows[:1]), scored_seeds(rows)
    (1, '1 of 2')

    Args:
        rows: Of one network, one or more for each seed.
    """
    seeds = {row.get("seed") for row in rows}
    scored = {row.get("seed") for row in rows if is_scored(row)}
    if len(scored) == len(seeds):
        return len(seeds)
    return f"{len(scored)} of {len(seeds)}"


def unscored_notes(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> list[str]:
    """Say which networks have no scores, and why.

    Example:

    >>> unscored_notes(
    ...     [{"model": "vgg5", "seed": 1, "reason": "diverged"}], ["model"]
    ... )
    ['vgg5, seed 1: diverged']

    Args:
        rows: Of one or more networks.
        names: Columns that tell networks apart, but for the seed.

    Returns:
        A line for each network and seed.
    """
    return list(
        dict.fromkeys(
            ", ".join(
                [
                    *(str(row[name]) for name in names),
                    f"seed {row.get('seed')}: {row['reason']}",
                ]
            )
            for row in rows
            if not is_scored(row)
        )
    )
