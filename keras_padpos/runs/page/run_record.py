"""What lies in a work directory, whatever its state."""

import dataclasses
from pathlib import Path
from typing import Any

FINISHED, UNFINISHED, DAMAGED = "finished", "unfinished", "damaged"
"""The states of a run."""


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """What a run left, read without changing anything.

    Example:

    >>> run = RunRecord(Path("runs/vgg16"), "vgg16", "position_probe")
    >>> run.state, run.rows
    ('finished', ())

    Args:
        path: The work directory.
        name: The end of its path that no other run of the page has.
        experiment: Name of the experiment; `"unknown"` where nothing tells.
        config: The flags of the run.
        state: `FINISHED`; `UNFINISHED`, without results.json; or `DAMAGED`,
            with one that cannot be read.
        problems: What is wrong with its files, in words.
        rows: Rows of results.json.
        provenance: Out of results.json.
        units: Names of the finished units of work of an unfinished run.
        metrics: Lines of metrics.jsonl.
        figures: Files in `figures/`, sorted.
    """

    path: Path
    name: str
    experiment: str
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    state: str = FINISHED
    problems: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)
    units: tuple[str, ...] = ()
    metrics: tuple[dict[str, Any], ...] = ()
    figures: tuple[Path, ...] = ()
