"""Which of the runs' measurements have fewer seeds than others."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

# What tells measurements apart, wherever rows have it.
_CONDITIONS = (
    "test",
    "task",
    "backbone",
    "model",
    "network",
    "weights",
    "padding_mode",
    "convolution",
    "splits",
    "train",
    "solver",
)


def seed_gaps(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which networks and conditions lack seeds that others have.

    Example:

    >>> seed_gaps([
    ...     {"padding_mode": mode, "weights": "random", "seed": seed}
    ...     for mode, seeds in {"zeros": (0, 1, 2), "reflect": (0, 1)}.items()
    ...     for seed in seeds
    ... ])
    ['reflect: 2 seeds of 3, 2 is missing']

    Args:
        rows: Of runs that share their tables.

    Returns:
        A line for each that lacks some, in order of first appearance. An
        exact read-out of trained weights is the same whatever the seed, and
        needs but one.
    """
    found: dict[tuple, set[int]] = {}
    for row in rows:
        seed = row.get("seed")
        if isinstance(seed, int) and not _is_fixed(row):
            condition = tuple(str(row.get(name)) for name in _CONDITIONS)
            found.setdefault(condition, set()).add(seed)
    whole = set().union(*found.values())
    differing = [
        len({condition[place] for condition in found}) > 1
        for place in range(len(_CONDITIONS))
    ]
    lines = []
    for condition, seeds in found.items():
        if missing := sorted(whole - seeds):
            words = ", ".join(
                word
                for word, differs in zip(condition, differing, strict=True)
                if differs and word != "None"
            )
            lines.append(
                f"{words or 'one'}: {len(seeds)} "
                f"seed{'s' if len(seeds) > 1 else ''} of {len(whole)}, "
                f"{_ranges(missing)} {'are' if len(missing) > 1 else 'is'} "
                "missing"
            )
    return lines


def _is_fixed(row):
    return row.get("solver") == "exact" and row.get("weights") != "random"


def _ranges(numbers):
    """Such as `1 to 4, 7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(
        f"{each[0]} to {each[-1]}"
        if len(each) > 2
        else ", ".join(map(str, each))
        for each in found
    )
