"""A line for each run."""

from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.page.duration_words import duration_words
from keras_padpos.runs.page.linked_words import LinkedWords
from keras_padpos.runs.page.provenance_words import start_words
from keras_padpos.runs.page.run_record import FINISHED
from keras_padpos.runs.page.run_record import RunRecord


def run_anchor(runs: Sequence[RunRecord], run: RunRecord) -> str:
    """The place of a run on the page.

    Example:

    >>> from pathlib import Path
    >>> runs = [RunRecord(Path(name), name, "count") for name in "ab"]
    >>> run_anchor(runs, runs[1])
    'run-2'

    Args:
        runs: All runs of the page.
        run: One of them.

    Returns:
        An `id`.
    """
    return f"run-{[each.path for each in runs].index(run.path) + 1}"


def overview_table(runs: Sequence[RunRecord]) -> dict[str, Any]:
    """Lay out which runs there are.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", rows=({"n": 1},),
    ...                 provenance={"seed": 3})
    >>> (line,) = overview_table([run])["rows"]
    >>> line["run"], line["state"], line["results"], line["seed"]
    ('a', 'finished', 1, 3)

    Args:
        runs: All runs of the page.

    Returns:
        Arguments of `print_table`; names of runs are `LinkedWords`. A machine
        that made all of them is named below.
    """
    machines = dict.fromkeys(
        str(machine["line"])
        for run in runs
        if isinstance(machine := run.provenance.get("machine"), dict)
        and machine.get("line")
    )
    notes = [f"All on: {machine}." for machine in machines]
    return {
        "title": "Runs",
        "columns": [
            "run",
            "experiment",
            "state",
            ("results", "rows"),
            "seed",
            ("started", "started (UTC)"),
            "took",
            "commit",
            *(["machine"] if len(machines) > 1 else []),
        ],
        "rows": [_line(runs, run) for run in runs],
        "notes": notes if len(machines) == 1 else [],
    }


def _line(runs, run):
    about = run.provenance
    machine = about.get("machine")
    commit = about.get("commit")
    words = None
    if commit:
        words = str(commit)[:7]
        words += "-dirty" if str(commit).endswith("-dirty") else ""
    return {
        "run": LinkedWords(run.name, run_anchor(runs, run)),
        "experiment": run.experiment,
        "state": run.state,
        "results": len(run.rows) if run.state == FINISHED else None,
        "seed": about.get("seed", run.config.get("seed")),
        "started": start_words(about["start"]) if "start" in about else None,
        "took": duration_words(about.get("wall_seconds")),
        "commit": words,
        "machine": machine.get("line") if isinstance(machine, dict) else None,
    }
