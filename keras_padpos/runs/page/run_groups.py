"""Runs whose rows belong into the same tables."""

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.page.value_words import flag_words


def run_groups(
    runs: Sequence[RunRecord], told: Collection[str]
) -> list[list[RunRecord]]:
    """Put runs together that differ only in what their tables tell.

    Example:

    >>> from pathlib import Path
    >>> runs = [
    ...     RunRecord(Path(str(n)), str(n), "count", config, rows=({"n": n},))
    ...     for n, config in enumerate(
    ...         [{"seed": 0, "epochs": 1}, {"seed": 1, "epochs": 1},
    ...          {"seed": 0, "epochs": 9}, {"seed": 0, "epochs": 1}])
    ... ]
    >>> [[run.name for run in group] for group in run_groups(runs, {"seed"})]
    [['0', '1'], ['2'], ['3']]

    Args:
        runs: Of one experiment.
        told: Flags that the tables tell.

    Returns:
        Groups in order of their first run. All flags that are not in `told`
        are alike in a group, and no two runs in it have the same flags, or
        rows that say the same of themselves: such runs repeat each other, and
        a table would hold both without a word.
    """
    groups: list[tuple[tuple, list[RunRecord], set[tuple]]] = []
    for run in runs:
        rest = _flags(run.config, set(run.config) - set(told))
        mine = {_flags(run.config, run.config), *map(_about, run.rows)}
        for same, group, taken in groups:
            if same == rest and not taken & mine:
                group.append(run)
                taken |= mine
                break
        else:
            groups.append((rest, [run], mine))
    return [group for _, group, _ in groups]


def _flags(config: Mapping[str, Any], names: Collection[str]) -> tuple:
    # A flag that an earlier version did not know is as if not set.
    return tuple(
        (name, flag_words(config[name]))
        for name in sorted(names)
        if config[name] is not None
    )


def _about(row: Mapping[str, Any]) -> tuple:
    """What a row says of itself, but for what was measured."""
    return (
        "row",
        *(
            (name, value)
            for name, value in sorted(row.items())
            if name != "arrays" and isinstance(value, (str, int))
        ),
    )
