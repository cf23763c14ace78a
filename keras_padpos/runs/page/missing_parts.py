"""What a report over runs lacks."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.page.provenance_words import skipped_words
from keras_padpos.runs.page.run_record import DAMAGED
from keras_padpos.runs.page.run_record import UNFINISHED
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.page.seed_gaps import seed_gaps

_MOST_UNITS = 8
_MOST_LINES = 20


def missing_parts(
    runs: Sequence[RunRecord],
    experiments: Mapping[str, Sequence[Any]],
    coverage: Sequence[Mapping[str, Any]],
    refused: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """Say what is not there, or not as it should be.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", state="unfinished",
    ...                 units=("one", "two"))
    >>> missing_parts([run], {}, [], {})
    {'Runs that are not finished': ['a (count): finished: one, two.']}

    Args:
        runs: All runs.
        experiments: From each experiment to its groups of runs.
        coverage: As `paper_coverage` returns it.
        refused: From names of runs, and of parts of the page, to why they
            cannot be shown as they should.

    Returns:
        From what is missing to lines; nothing that is all there.
    """
    found = {
        "Runs that are not finished": [
            _progress(run) for run in runs if run.state == UNFINISHED
        ],
        "Damaged results": [
            f"{run.name} ({run.experiment}): {' '.join(run.problems)}"
            for run in runs
            if run.state == DAMAGED
        ],
        "Files that are not as they should be": [
            *(
                f"{run.name}: {' '.join(run.problems)}"
                for run in runs
                if run.problems and run.state != DAMAGED
            ),
            *(
                f"{name}: {line}"
                for name, lines in refused.items()
                for line in lines
            ),
        ],
        "Papers' numbers that no run has beside": [
            f"{line['cite']}, {line['table']}: "
            f"{line['cells'] - line['covered']} of {line['cells']} "
            f"({line['without']})."
            for line in coverage
            # Who ran no such experiment misses nothing.
            if line["covered"] and line["without"]
        ],
        "Seeds that differ": [
            f"{name}: {line}."
            for name, groups in experiments.items()
            for group in groups
            for line in seed_gaps(
                [row for run in group.runs for row in run.rows]
            )
        ],
        "Versions that differ": _versions(runs),
        "Pictures that were left out": [
            f"{run.name}: {line}."
            for run in runs
            for line in skipped_words(run)
        ],
    }
    return {what: _some(lines) for what, lines in found.items() if lines}


def _progress(run):
    about = f"{run.name} ({run.experiment}): "
    if not run.units:
        return f"{about}no unit of work is finished."
    units = ", ".join(run.units[-_MOST_UNITS:])
    before = "… " if len(run.units) > _MOST_UNITS else ""
    return f"{about}finished: {before}{units}."


def _versions(runs):
    found: dict[str, dict[str, list[str]]] = {}
    for run in runs:
        versions = run.provenance.get("versions")
        if isinstance(versions, Mapping):
            for name, version in versions.items():
                mine = found.setdefault(str(name), {})
                mine.setdefault(str(version), []).append(run.name)
    return [
        f"{name}: "
        + "; ".join(
            f"{version} ({_names(names)})" for version, names in mine.items()
        )
        + "."
        for name, mine in found.items()
        if len(mine) > 1
    ]


def _names(names):
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _some(lines):
    if len(lines) <= _MOST_LINES:
        return lines
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"and {more} more."]
