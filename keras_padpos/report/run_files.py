"""What a run has written into its directory."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.files.disk import atomic_file


def keep_lines(
    file: Path, wanted: Callable[[str], bool]
) -> list[dict[str, Any]]:
    r"""Keep the lines of wanted units; drop all others, and torn ones.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "metrics.jsonl")
        >>> _ = file.write_text('{"unit": "a"}\n{"unit": "b"}\n{"uni')
        >>> keep_lines(file, lambda unit: unit == "b")
        [{'unit': 'b'}]
        >>> file.read_text()
        '{"unit": "b"}\n'

    Args:
        file: The file; it need not be there.
        wanted: Tells by its key whether a unit's lines are kept. Lines of no
            unit are not.

    Returns:
        The lines that are kept.

    Raises:
        OSError: If the file cannot be read or written.
    """
    if not file.exists():
        return []
    kept, found = [], []
    lines = file.read_bytes().splitlines(keepends=True)
    for line in lines:
        try:
            metrics = json.loads(line)
            unit = metrics["unit"]
        except (ValueError, KeyError, TypeError):
            continue
        if unit is not None and wanted(unit) and line.endswith(b"\n"):
            kept.append(line)
            found.append(metrics)
    if kept != lines:
        with atomic_file(file) as stream:
            stream.writelines(kept)
    return found


CONFIG_FILE = "config.json"
"""Name of the file that says so: experiment and flags."""


def read_config(path: str | os.PathLike) -> tuple[str, dict[str, Any]]:
    """Read the config.json of a directory.

    Args:
        path: The directory.

    Returns:
        The name of the experiment, and the flags.

    Raises:
        ValueError: If this package did not write it.
        OSError: If it is not there or cannot be read.
    """
    file = Path(path) / CONFIG_FILE
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        there = json.loads(text)
        experiment, config = there["experiment"], dict(there["config"])
        if not isinstance(experiment, str):
            raise InputError("`experiment` is no name")
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"`workdir` {str(path)!r} holds a {CONFIG_FILE} that this package "
            "did not write"
        ) from None
    return experiment, config


def config_differences(
    there: Mapping[str, Any], now: Mapping[str, Any]
) -> list[str]:
    """Say in which flags two configs differ.

    Example:
        >>> config_differences({"a": 1, "b": 2}, {"a": True, "b": 2})
        ['--a is 1 there and true now']

    Args:
        there: Flags of the run that the directory belongs to.
        now: Flags of this run.

    Returns:
        A few words for each flag that differs, in the flags' order.
    """
    return [
        f"--{name} is {_shown(there, name)} there and {_shown(now, name)} now"
        for name in dict.fromkeys([*there, *now])
        if _shown(there, name) != _shown(now, name)
    ]


def _shown(config: Mapping[str, Any], name: str) -> str:
    if name not in config:
        return "not set"
    return json.dumps(config[name], allow_nan=False, ensure_ascii=False)


_LONGEST = 80
_GAP = ".."
_UNIT_FILE = re.compile(
    rf"[\w.=+-]{{0,{_LONGEST}}}-[0-9a-f]{{8}}\.\w+", re.ASCII
)


def unit_file(key: str, ending: str) -> str:
    """Name the file of a unit of work.

    Example:
        >>> unit_file("vgg16 zeros", "json")
        'vgg16-zeros-15e584e8.json'
        >>> unit_file(f"{'long ' * 20}network-seed0", "json")[33:57]
        'g-long..-long-long-long-'

    Args:
        key: Names the unit; any words.
        ending: Ending of the file, without its dot.

    Returns:
        A plain file name, another one for each key. Of a long key the middle
        is left out: what tells keys apart stands at their ends.

    Raises:
        ValueError: If the key is empty, or no string.
    """
    if not isinstance(key, str) or not key:
        raise InputError(
            "`key` must be a string that is not empty. "
            f"Received: key={key!r}. Name the unit of work."
        )
    readable = re.sub(r"[^\w.=+-]+", "-", key, flags=re.ASCII)
    if len(readable) > _LONGEST:
        half = (_LONGEST - len(_GAP)) // 2
        readable = f"{readable[:half]}{_GAP}{readable[-half:]}"
    # Two keys may read the same.
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{readable}-{digest}.{ending}"


def is_unit_file(name: str) -> bool:
    """Whether `unit_file` gives such names.

    Example:
        >>> is_unit_file("vgg16-zeros-15e584e8.json")
        True
        >>> is_unit_file("mine.json")
        False

    Args:
        name: A file name, without directory.
    """
    return _UNIT_FILE.fullmatch(name) is not None


RESULTS_FILE = "results.json"
METRICS_FILE = "metrics.jsonl"
ARRAYS_FILE = "arrays.npz"
CHECKPOINTS = "checkpoints"
FIGURES = "figures"
MODELS = "models"
FIGURE_NAME = r"[\w][\w.+=-]*"
EVENTS_SUFFIX = ".keras_padpos"

_EVENTS = re.compile(rf"events\.out\.tfevents\..*{re.escape(EVENTS_SUFFIX)}")
# Of atomic_file and atomic_path, in a process that was killed.
_HALF_WRITTEN = re.compile(
    r"\.(.+\.\d+-[0-9a-f]{8}\.tmp|\d+-[0-9a-f]{8}\.tmp\..+)"
)


def written_files(path: str | os.PathLike) -> list[Path]:
    """List what a run has written, but for config.json and the lock.

    Files of other names are somebody else's and are left out.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("results.json", "notes.txt"):
        ...     _ = (folder / name).write_text("")
        >>> [file.name for file in written_files(folder)]
        ['results.json']

    Args:
        path: The directory.

    Returns:
        The files, results.json first: without it a run is unfinished.
    """
    path = Path(path)
    files = [
        *(
            path / name
            for name in (RESULTS_FILE, METRICS_FILE, ARRAYS_FILE)
            if (path / name).is_file()
        ),
        *event_files(path),
        *_in(path / CHECKPOINTS, _is_of_unit("json", "npz")),
        *_in(path / FIGURES, re.compile(rf"{FIGURE_NAME}\.png").fullmatch),
        *_in(path / MODELS, _is_of_unit("keras")),
        *half_written_files(path),
    ]
    # Some half-written files have the ending of a whole one.
    return list(dict.fromkeys(files))


def event_files(path: str | os.PathLike) -> list[Path]:
    """List the files for TensorBoard that a run has written.

    Args:
        path: The directory.

    Returns:
        The files; those of other writers are left out.
    """
    return _in(Path(path), _EVENTS.fullmatch)


def half_written_files(path: str | os.PathLike) -> list[Path]:
    """List what a killed process was writing.

    Args:
        path: The directory; no process may be writing into it.

    Returns:
        The hidden files.
    """
    return [
        file
        for folder in ("", CHECKPOINTS, FIGURES, MODELS)
        for file in _in(Path(path, folder), _HALF_WRITTEN.fullmatch)
    ]


def remove_files(path: str | os.PathLike, files: Sequence[Path]) -> None:
    """Remove files of a run, and its folders where they are empty then.

    Args:
        path: The directory.
        files: Files in it, removed in this order.

    Raises:
        OSError: If a file cannot be removed.
    """
    for file in files:
        file.unlink()
    for folder in (CHECKPOINTS, FIGURES, MODELS):
        try:
            Path(path, folder).rmdir()
        except OSError:
            pass  # Not there, or somebody else's files are left in it.


def files_in_words(path: str | os.PathLike, files: Sequence[Path]) -> str:
    """Say in one line which files there are.

    Example:
        >>> files = [Path("run/results.json"), Path("run/figures/a.png"),
        ...          Path("run/figures/b.png")]
        >>> files_in_words("run", files)
        'results.json, figures (2 files)'

    Args:
        path: The directory.
        files: Files in it.
    """
    counts: dict[str, int] = {}
    for file in files:
        if _HALF_WRITTEN.fullmatch(file.name):
            continue
        first = file.relative_to(path).parts[0]
        if _EVENTS.fullmatch(first):
            first = "events.*"
        counts[first] = counts.get(first, 0) + 1
    return ", ".join(
        f"{name} ({count} file{'s' if count > 1 else ''})"
        if name in (CHECKPOINTS, FIGURES, MODELS)
        else name
        for name, count in counts.items()
    )


def _is_of_unit(*endings: str) -> Callable[[str], bool]:
    def test(name: str) -> bool:
        return is_unit_file(name) and name.rpartition(".")[2] in endings

    return test


def _in(folder: Path, wanted: Callable[[str], object]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if wanted(file.name) and (file.is_file() or file.is_symlink())
    )
