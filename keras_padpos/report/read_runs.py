"""Work directories, read without changing anything."""

import contextlib
import dataclasses
import itertools
import json
import os
import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.report import run_files
from keras_padpos.report.cells import config_text
from keras_padpos.report.run_files import CONFIG_FILE
from keras_padpos.report.run_files import RESULTS_FILE

FINISHED, UNFINISHED, DAMAGED = "finished", "unfinished", "damaged"
"""The states of a run."""

# Rows are flat, or hold a grid or two.
_DEEPEST = 32

# In the key of a checkpoint of a unit that is not finished.
_UNDER_WAY = " under way "


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """What a run left in its work directory.

    `name` is the end of its path that no other run of the page has,
    `experiment` is `"unknown"` where nothing tells, `config` holds the flags.
    `state` is `UNFINISHED` without results.json, `DAMAGED` with one that cannot
    be read; `problems` are sentences on its files, `units` the finished units
    of work of an unfinished run, `metrics` the lines of metrics.jsonl.
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

    def open_arrays(self) -> Any:
        """Open arrays.npz, for a `with`: each array is read when asked for."""
        return np.load(self.path / run_files.ARRAYS_FILE, allow_pickle=False)


def open_run(path: str | os.PathLike, *experiments: str) -> RunRecord:
    """Read what a finished run of experiments left, or raise `InputError`."""
    path = Path(path).expanduser()
    file = path / RESULTS_FILE
    try:
        if not file.exists():
            raise InputError(f"there is no {RESULTS_FILE}")
        run = _record(path, str(path), _load(file, _RESULTS))
        if run.experiment not in experiments:
            raise InputError(f"it is one of {run.experiment}")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{str(path)!r} is no work directory of a finished run of "
            f"{', '.join(experiments)} ({error_text(error)})."
        ) from error
    return run


def find_runs(paths: Sequence[str]) -> list[RunRecord]:
    """Read work directories, and those that lie in other folders.

    Args:
        paths: Work directories, finished or not, and folders that hold some,
            such as the output of a sweep.

    Returns:
        The runs in the order of the paths, those of a folder by name; each
        once. Nothing in a run's files is an error: the record says what is
        wrong with them.

    Raises:
        InputError: If a path is no folder, or one without work directories.
    """
    folders: dict[Path, Path] = {}
    for name in paths:
        path = Path(name).expanduser()
        reason = (
            "no config.json or results.json of a run in it, nor in the folders "
            "in it"
        )
        inside = []
        if not path.is_dir():
            reason = "a file" if path.exists() else "it is not there"
        elif _is_work_directory(path):
            inside = [path]
        else:
            inside = sorted(
                filter(_is_work_directory, path.glob("[!.]*")), key=_natural_key
            )
        if not inside:
            raise InputError(
                "DIR must be a work directory or a folder of such. Received: "
                f"{str(name)!r} ({reason})."
            )
        for each in inside:
            folders.setdefault(each.resolve(), each)
    return [
        _read_run(path, _short_name(whole, folders))
        for whole, path in folders.items()
    ]


def _is_work_directory(path: Path) -> bool:
    """Whether a folder holds a results.json, or a config.json of a run."""
    if (path / RESULTS_FILE).is_file():
        return True
    # Other programs write a config.json too.
    return (path / CONFIG_FILE).is_file() and (
        (path / run_files.CHECKPOINTS).is_dir()
        or bool(_read(path / CONFIG_FILE, _CONFIG, []))
    )


def _natural_key(path: Path) -> list[int | str]:
    """Sort key that puts `run10` after `run9`: texts and numbers in turn."""
    parts = re.split(r"(\d+)", path.name)
    return [int(part) if part.isdecimal() else part for part in parts]


def _short_name(path: Path, paths: Iterable[Path]) -> str:
    """The shortest end that no other path has."""
    parts, others = 1, [other.parts for other in paths if other != path]
    while path.parts[-parts:] in [other[-parts:] for other in others]:
        parts += 1
    return "/".join(path.parts[-parts:])


def _read_run(path, name):
    """Read what a run left, whatever it is; the record has the problems."""
    problems: list[str] = []
    saved, state = {}, UNFINISHED
    if (path / CONFIG_FILE).exists():
        saved = _read(path / CONFIG_FILE, _CONFIG, problems)
    else:
        problems.append(f"{CONFIG_FILE} is missing.")
    if (path / RESULTS_FILE).exists():
        results = _read(path / RESULTS_FILE, _RESULTS, problems)
        state = FINISHED if results else DAMAGED
        saved |= results
    metrics, torn = _read_metrics(path / run_files.METRICS_FILE)
    if torn and state != UNFINISHED:
        problems.append(
            f"{run_files.METRICS_FILE}: {torn} lines cannot be read."
        )
    return dataclasses.replace(
        _record(path, name, saved),
        state=state,
        problems=tuple(problems),
        units=()
        if state == FINISHED
        else _read_units(path / run_files.CHECKPOINTS),
        metrics=metrics,
        figures=tuple(sorted((path / run_files.FIGURES).glob("*.png"))),
    )


def _record(path, name, saved):
    return RunRecord(
        path,
        name,
        saved.get("experiment", "").strip() or "unknown",
        saved.get("config", {}),
        rows=tuple(saved.get("rows", ())),
        provenance=saved.get("provenance", {}),
    )


def _read(file, kinds, problems):
    """What JSON holds; empty, and a problem more, if it is not as it should."""
    try:
        return _load(file, kinds)
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{file.name} cannot be read: {error_text(error)}.")
        return {}


_CONFIG = {"experiment": str, "config": dict}
_RESULTS = {**_CONFIG, "rows": list, "provenance": dict}


def _load(file, kinds):
    saved = json.loads(file.read_text(encoding="utf-8"))
    # What would be too deep for those who walk through it.
    level = [saved]
    for _ in range(_DEEPEST):
        lists = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, (dict, list))
        ]
        level = list(itertools.chain(*lists))
    if level:
        raise InputError(f"it is nested more than {_DEEPEST} deep")
    if not isinstance(saved, dict):
        raise InputError("it holds no object")
    for name, kind in kinds.items():
        if name == "provenance":
            saved.setdefault(name, {})
        if not isinstance(saved.get(name), kind):
            raise InputError(f"`{name}` is missing or no {kind.__name__}")
    if "rows" in kinds and not all(isinstance(r, dict) for r in saved["rows"]):
        raise InputError("a row is no object")
    return saved


def _read_units(folder: Path) -> tuple[str, ...]:
    """Keys of the units that have a checkpoint, in the order of saving."""
    units = []
    for file in folder.glob("*.json"):
        try:
            key = json.loads(file.read_text(encoding="utf-8"))["key"]
            units.append((file.stat().st_mtime, str(key)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(key for _, key in sorted(units) if _UNDER_WAY not in key)


def _read_metrics(file: Path) -> tuple[tuple[dict[str, Any], ...], int]:
    """The lines that can be read, and how many cannot."""
    lines = []
    texts = file.read_bytes().splitlines() if file.is_file() else []
    texts = [text for text in texts if text.strip()]
    for text in texts:
        with contextlib.suppress(ValueError, RecursionError):
            lines.append(json.loads(text))
    lines = [line for line in lines if isinstance(line, dict)]
    return tuple(lines), len(texts) - len(lines)


def differing_flags(runs: Iterable[RunRecord]) -> list[str]:
    """Names of the flags that are not alike in all runs."""
    configs = [run.config for run in runs]
    names = dict.fromkeys(name for config in configs for name in config)
    return [
        name
        for name in names
        if len({config_text(config.get(name)) for config in configs}) > 1
    ]


def run_groups(
    runs: Sequence[RunRecord], key: Collection[str]
) -> list[list[RunRecord]]:
    """Put runs of one experiment together that can share their tables."""
    groups: list[tuple[tuple, list[RunRecord], set[tuple]]] = []
    for run in runs:
        # A flag that an earlier version did not know is as if not set.
        flags = {
            name: config_text(value)
            for name, value in sorted(run.config.items())
            if value is not None
        }
        rest = tuple(item for item in flags.items() if item[0] not in key)
        keys = {tuple(flags.items()), *map(_row_key, run.rows)}
        for same, group, taken in groups:
            if same == rest and not taken & keys:
                group.append(run)
                taken |= keys
                break
        else:
            groups.append((rest, [run], keys))
    return [group for _, group, _ in groups]


def _row_key(row: Mapping[str, Any]) -> tuple:
    """All of a row but what was measured."""
    return "row", *(
        (name, value)
        for name, value in sorted(row.items())
        if name != "arrays" and isinstance(value, (str, int))
    )
