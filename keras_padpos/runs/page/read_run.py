"""Read a work directory, however damaged."""

import json
from pathlib import Path
from typing import Any

from keras_padpos.runs.page.run_record import DAMAGED
from keras_padpos.runs.page.run_record import FINISHED
from keras_padpos.runs.page.run_record import UNFINISHED
from keras_padpos.runs.page.run_record import RunRecord

_CONFIG, _RESULTS = "config.json", "results.json"

# Rows are flat, or hold a grid or two.
_DEEPEST = 32

# Of a run that is under way: how far it is, no unit that is finished.
_UNDER_WAY = " under way "


def read_run(path: Path, name: str) -> RunRecord:
    """Read what a run left, and change nothing.

    `WorkDirectory` opens a directory to work in it, and refuses one that is
    damaged; a page tells what is wrong instead.

    Example:

    >>> import tempfile
    >>> from keras_padpos.runs import WorkDirectory
    >>> path = Path(tempfile.mkdtemp())
    >>> WorkDirectory(path, "count", {"seed": 0}).write_results([{"n": 3}], {})
    >>> run = read_run(path, "counted")
    >>> run.experiment, run.state, run.rows
    ('count', 'finished', ({'n': 3},))

    Args:
        path: A directory that `is_work_directory`.
        name: What the page calls it.

    Returns:
        The record. Nothing in its files makes this raise, but the operating
        system may.
    """
    problems: list[str] = []
    about: dict[str, Any] = {}
    state = UNFINISHED
    if (path / _CONFIG).exists():
        about = _read(path / _CONFIG, _check_config, problems)
    else:
        problems.append(f"{_CONFIG} is missing.")
    if (path / _RESULTS).exists():
        results = _read(path / _RESULTS, _check_results, problems)
        state = FINISHED if results else DAMAGED
        about |= results
    metrics, torn = _metrics(path / "metrics.jsonl")
    if torn and state != UNFINISHED:
        problems.append(f"metrics.jsonl: {torn} lines cannot be read.")
    return RunRecord(
        path,
        name,
        about.get("experiment", "").strip() or "unknown",
        about.get("config", {}),
        state,
        tuple(problems),
        tuple(about.get("rows", ())),
        about.get("provenance", {}),
        () if state == FINISHED else _units(path / "checkpoints"),
        metrics,
        tuple(sorted((path / "figures").glob("*.png"))),
    )


def is_work_directory(path: Path) -> bool:
    """Whether a folder is, or was, the work directory of a run.

    Example:

    >>> is_work_directory(Path("."))
    False

    Args:
        path: The folder.

    Returns:
        Whether it holds a results.json, or a config.json of a run. Other
        programs write files of this name too.
    """
    if (path / _RESULTS).is_file():
        return True
    file = path / _CONFIG
    if not file.is_file():
        return False
    if (path / "checkpoints").is_dir():
        return True
    problems: list[str] = []
    return bool(_read(file, _check_config, problems))


def _read(file, check, problems):
    """What JSON holds; empty, and a problem more, if it is not as it should."""
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        _check_depth(saved)
        check(saved)
    except (OSError, ValueError, RecursionError) as error:
        words = getattr(error, "strerror", None) or error
        problems.append(f"{file.name} cannot be read: {words}.")
        return {}
    return saved


def _check_config(saved):
    if not isinstance(saved, dict):
        raise ValueError("it holds no object")
    _check(saved, "experiment", str)
    _check(saved, "config", dict)


def _check_results(saved):
    _check_config(saved)
    _check(saved, "rows", list)
    if not all(isinstance(row, dict) for row in saved["rows"]):
        raise ValueError("a row is no object")
    saved.setdefault("provenance", {})
    _check(saved, "provenance", dict)


def _check(saved, name, kind):
    if not isinstance(saved.get(name), kind):
        raise ValueError(f"`{name}` is missing or no {kind.__name__}")


def _check_depth(value):
    """Refuse what would be too deep for those who walk through it."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            item
            for each in level
            if isinstance(each, (dict, list))
            for item in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError(f"it is nested more than {_DEEPEST} deep")


def _units(folder: Path) -> tuple[str, ...]:
    """Keys of the units that have a checkpoint, in the order of saving."""
    found = []
    for file in folder.glob("*.json"):
        try:
            key = json.loads(file.read_text(encoding="utf-8"))["key"]
            found.append((file.stat().st_mtime, str(key)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(key for _, key in sorted(found) if _UNDER_WAY not in key)


def _metrics(file: Path) -> tuple[tuple[dict[str, Any], ...], int]:
    """The lines that can be read, and how many cannot."""
    if not file.is_file():
        return (), 0
    lines, torn = [], 0
    for text in file.read_bytes().splitlines():
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if isinstance(line, dict):
            lines.append(line)
        elif text.strip():
            torn += 1
    return tuple(lines), torn
