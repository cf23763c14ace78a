"""Work directories, read without changing anything."""

import contextlib
import dataclasses
import itertools
import json
import os
import re
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.files import disk
from keras_padpos.report import run_files
from keras_padpos.report.cells import config_text
from keras_padpos.report.run_files import CONFIG_FILE
from keras_padpos.report.run_files import RESULTS_FILE

FINISHED, UNFINISHED, DAMAGED = "finished", "unfinished", "damaged"
"""The states of a run."""

# Rows are flat, or hold a grid or two.
_DEEPEST = 32

# Of metrics.jsonl: bytes of a line, curves, and lines of a curve.
_LONGEST_LINE = 1_000_000
_MOST_CURVES = 5_000
_MOST_LINES = 1_000

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

    @contextlib.contextmanager
    def open_arrays(self) -> Iterator[Mapping[str, np.ndarray]]:
        """Open arrays.npz, for a `with`: each array is read when asked for."""
        file = self.path / run_files.ARRAYS_FILE
        with (
            run_files.read_file(
                file, self.path, run_files.LARGEST_ARRAYS
            ) as stream,
            disk.open_arrays(stream) as arrays,
        ):
            yield arrays


def open_run(path: str | os.PathLike, *experiments: str) -> RunRecord:
    """Read what a finished run of experiments left, or raise `InputError`."""
    path = Path(path).expanduser()
    file = path / RESULTS_FILE
    try:
        if not file.exists():
            raise InputError(f"there is no {RESULTS_FILE}")
        run = _record(path, str(path), _load(file, path, _RESULTS))
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
        or bool(_read(CONFIG_FILE, path, _CONFIG, []))
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
        saved = _read(CONFIG_FILE, path, _CONFIG, problems)
    else:
        problems.append(f"{CONFIG_FILE} is missing.")
    if (path / RESULTS_FILE).exists():
        results = _read(RESULTS_FILE, path, _RESULTS, problems)
        state = FINISHED if results else DAMAGED
        saved |= results
    metrics, torn, beyond = (), 0, 0
    try:
        metrics, torn, beyond = _read_metrics(path)
    except (OSError, ValueError) as error:
        problems.append(
            f"{run_files.METRICS_FILE} cannot be read: {error_text(error)}."
        )
    if torn and state != UNFINISHED:
        problems.append(
            f"{run_files.METRICS_FILE}: {torn} lines cannot be read."
        )
    if beyond:
        problems.append(
            f"{run_files.METRICS_FILE}: {beyond:,} lines are left out, of "
            f"curves beyond the first {_MOST_CURVES:,}."
        )
    return dataclasses.replace(
        _record(path, name, saved),
        state=state,
        problems=tuple(problems),
        units=() if state == FINISHED else _read_units(path),
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


def _read(name, path, kinds, problems):
    """What JSON holds; empty, and a problem more, if it is not as it should."""
    try:
        return _load(path / name, path, kinds)
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{name} cannot be read: {error_text(error)}.")
        return {}


_CONFIG = {"experiment": str, "config": dict}
_RESULTS = {**_CONFIG, "rows": list, "provenance": dict}


def _load(file, path, kinds):
    with run_files.read_file(file, path) as stream:
        saved = json.loads(stream.read())
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


def _read_units(path: Path) -> tuple[str, ...]:
    """Keys of the units that have a checkpoint, in the order of saving."""
    units = []
    for file in (path / run_files.CHECKPOINTS).glob("*.json"):
        try:
            with run_files.read_file(file, path) as stream:
                key = json.loads(stream.read())["key"]
            units.append((file.stat().st_mtime, str(key)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    return tuple(key for _, key in sorted(units) if _UNDER_WAY not in key)


def _read_metrics(path: Path) -> tuple[tuple[dict[str, Any], ...], int, int]:
    """The lines that can be read, how many cannot, and how many are too many.

    Of many lines of one curve every second, fourth, ... is kept, and the last;
    of many curves the first.
    """
    file = path / run_files.METRICS_FILE
    if not os.path.lexists(file):
        return (), 0, 0
    curves: dict[tuple, _Thinned] = {}
    torn = beyond = 0
    with run_files.read_file(file, path, run_files.LARGEST_METRICS) as stream:
        # A line without end is one that cannot be read.
        for number in itertools.count():
            if not (text := stream.readline(_LONGEST_LINE)):
                break
            try:
                line = json.loads(text)
                if not isinstance(line, dict):
                    raise InputError("no object")
            except (ValueError, RecursionError):
                torn += bool(text.strip())
                continue
            key = tuple(
                (name, value if isinstance(value, str) else None)
                for name, value in line.items()
            )
            if len(curves) < _MOST_CURVES or key in curves:
                curves.setdefault(key, _Thinned()).add(number, line)
            else:
                beyond += 1
    kept = itertools.chain.from_iterable(
        each.kept() for each in curves.values()
    )
    # By their numbers, of which there are no two alike.
    lines = tuple(line for _, line in sorted(kept, key=lambda p: p[0]))
    return lines, torn, beyond


class _Thinned:
    """At most so many of a curve's lines, evenly, with their numbers."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, dict[str, Any]]] = []
        self._last: tuple[int, dict[str, Any]] | None = None
        self._count, self._step = 0, 1

    def add(self, number: int, line: dict[str, Any]) -> None:
        """Add a line, or leave it out."""
        self._last = number, line
        if self._count % self._step == 0:
            self._lines.append(self._last)
        self._count += 1
        if len(self._lines) > _MOST_LINES:
            self._lines = self._lines[::2]
            self._step *= 2

    def kept(self) -> list[tuple[int, dict[str, Any]]]:
        """What was not left out."""
        ends = [self._last] if self._last not in self._lines[-1:] else []
        return [*self._lines, *filter(None, ends)]


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
