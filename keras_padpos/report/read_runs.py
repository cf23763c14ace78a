"""Read a work directory, however damaged."""

import dataclasses
import json
import re
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.cells import flag_words


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts `run10` after `run9`.

    Example:

    >>> sorted(["run10", "run9", "run", "2", "10"], key=natural_key)
    ['2', '10', 'run', 'run9', 'run10']

    Args:
        name: Any string.

    Returns:
        A key; numbers come before words.
    """
    return [
        (0, int(part), part) if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", name)
        if part
    ]


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
        raise InputError("it holds no object")
    _check(saved, "experiment", str)
    _check(saved, "config", dict)


def _check_results(saved):
    _check_config(saved)
    _check(saved, "rows", list)
    if not all(isinstance(row, dict) for row in saved["rows"]):
        raise InputError("a row is no object")
    saved.setdefault("provenance", {})
    _check(saved, "provenance", dict)


def _check(saved, name, kind):
    if not isinstance(saved.get(name), kind):
        raise InputError(f"`{name}` is missing or no {kind.__name__}")


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
    raise InputError(f"it is nested more than {_DEEPEST} deep")


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


def find_runs(paths: Sequence[str]) -> list[RunRecord]:
    """Read work directories, and those that lie in other folders.

    Example:

    >>> import tempfile
    >>> from keras_padpos.runs import WorkDirectory
    >>> folder = tempfile.mkdtemp()
    >>> for seed in range(2):
    ...     _ = WorkDirectory(f"{folder}/{seed}", "count", {"seed": seed})
    >>> [(run.name, run.state) for run in find_runs([folder])]
    [('0', 'unfinished'), ('1', 'unfinished')]

    Args:
        paths: Work directories, finished or not, and folders that hold some,
            such as the output of a sweep; their folders' folders are not
            looked into.

    Returns:
        The runs in the order of the paths, those of a folder by name; each
        once. A run is called by the end of its path, as long as it takes to
        tell it from the others.

    Raises:
        InputError: If a path is no folder, or one without work directories.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        path = Path(given).expanduser()
        if not path.is_dir():
            what = "a file" if path.exists() else "it is not there"
            raise InputError(
                "DIR must be a work directory or a folder of such. Received: "
                f"{str(given)!r} ({what})."
            )
        inside = [path] if is_work_directory(path) else _inside(path)
        if not inside:
            raise InputError(
                "DIR must be a work directory or a folder of such. Received: "
                f"{str(given)!r} (no config.json or results.json of a run in "
                "it, nor in the folders in it)."
            )
        for each in inside:
            found.setdefault(each.resolve(), each)
    names = _names(list(found))
    return [read_run(path, names[whole]) for whole, path in found.items()]


def _inside(folder: Path) -> list[Path]:
    return sorted(
        (
            path
            for path in folder.iterdir()
            if path.is_dir()
            and not path.name.startswith(".")
            and is_work_directory(path)
        ),
        key=lambda path: natural_key(path.name),
    )


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """The shortest ends that tell paths apart, each as short as can be."""
    names = {}
    for path in paths:
        others = [other.parts for other in paths if other != path]
        parts = 1
        while parts < len(path.parts) and any(
            other[-parts:] == path.parts[-parts:] for other in others
        ):
            parts += 1
        names[path] = "/".join(path.parts[-parts:])
    return names
