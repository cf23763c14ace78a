"""Where a run's numbers come from, in words."""

import json
from collections.abc import Mapping
from typing import Any

from keras_padpos.report.cells import duration_words
from keras_padpos.report.cells import flag_words
from keras_padpos.report.read_runs import RunRecord

_KNOWN = (
    "command",
    "start",
    "wall_seconds",
    "resumed_units",
    "commit",
    "seed",
    "machine",
    "devices",
    "backend",
    "versions",
    "skipped",
)


def provenance_words(run: RunRecord) -> list[tuple[str, str]]:
    """Say how a run was made: what is known first, then what else is there.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("runs/a"), "a", "count", provenance={
    ...     "seed": 0, "wall_seconds": 74.4, "resumed_units": 2})
    >>> for name, words in provenance_words(run):
    ...     print(f"{name}: {words}")
    directory: runs/a
    took: 74 s in its last session; 2 units were done before
    seed: 0

    Args:
        run: The run.

    Returns:
        Pairs of a name and words, the run's flags last.
    """
    about = run.provenance
    found = [("directory", str(run.path))]
    if "command" in about:
        found.append(("command", str(about["command"])))
    if "start" in about:
        found.append(("started", start_words(about["start"]) + " UTC"))
    took = duration_words(about.get("wall_seconds"))
    if took:
        resumed = about.get("resumed_units")
        if resumed:
            took += f" in its last session; {resumed} units were done before"
        found.append(("took", took))
    if about.get("commit"):
        found.append(("commit", str(about["commit"])))
    if about.get("seed") is not None:
        found.append(("seed", str(about["seed"])))
    machine = about.get("machine")
    if machine:
        found.append(("machine", _machine(machine)))
    for name in ("devices", "backend", "versions"):
        if about.get(name):
            found.append((name, _words(about[name])))
    found += [
        (name.replace("_", " "), _words(value))
        for name, value in about.items()
        if name not in _KNOWN and value not in (None, {}, [])
    ]
    flags = " ".join(
        f"--{name}={flag_words(value)}"
        for name, value in run.config.items()
        if value is not None
    )
    return [*found, ("config", flags)] if flags else found


def start_words(start: Any) -> str:
    """A start without its seconds and zone, which is UTC.

    Example:

    >>> start_words("2026-11-22T05:43:04+00:00")
    '2026-11-22 05:43'

    Args:
        start: As in provenance.

    Returns:
        Date and time.
    """
    return str(start)[:16].replace("T", " ")


def skipped_words(run: RunRecord) -> list[str]:
    """Which pictures a run left out.

    Example:

    >>> from pathlib import Path
    >>> run = RunRecord(Path("a"), "a", "count", provenance={
    ...     "skipped": {"photos": ["torn.png: no picture"]}})
    >>> skipped_words(run)
    ['photos: 1 left out (torn.png: no picture)']

    Args:
        run: The run.

    Returns:
        A line for each set of pictures, with up to three reasons.
    """
    skipped = run.provenance.get("skipped")
    if not isinstance(skipped, Mapping):
        return []
    lines = []
    for name, reasons in skipped.items():
        reasons = reasons if isinstance(reasons, list) else [reasons]
        if reasons:
            more = f"; {len(reasons) - 3} more" if len(reasons) > 3 else ""
            lines.append(
                f"{name}: {len(reasons)} left out "
                f"({'; '.join(map(str, reasons[:3]))}{more})"
            )
    return lines


def _machine(machine):
    if not isinstance(machine, Mapping):
        return str(machine)
    rest = [
        str(value)
        for name, value in machine.items()
        if name == "platform" and value
    ]
    return "; ".join([str(machine.get("line", "")), *rest])


def _words(value):
    if isinstance(value, Mapping):
        return ", ".join(
            f"{name} {_item(item)}" for name, item in value.items()
        )
    if isinstance(value, list):
        return ", ".join(map(_item, value))
    return str(value)


def _item(value):
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
