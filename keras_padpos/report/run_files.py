"""The files of a work directory: their names, and which there are."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import BinaryIO

from keras_padpos.errors import InputError
from keras_padpos.files.disk import atomic_file
from keras_padpos.files.disk import json_bytes

CONFIG_FILE = "config.json"
RESULTS_FILE = "results.json"
METRICS_FILE = "metrics.jsonl"
ARRAYS_FILE = "arrays.npz"
CHECKPOINTS = "checkpoints"
FIGURES = "figures"
MODELS = "models"
FIGURE_NAME = r"[\w][\w.+=-]*"
LARGEST_FILE = 200_000_000
"""Bytes of the largest file of text that is read."""
LARGEST_METRICS = 2_000_000_000
"""Bytes of the largest metrics.jsonl that is read."""
LARGEST_ARRAYS = 4_000_000_000
"""Bytes of the largest file of arrays that is read."""
EVENTS_SUFFIX = ".keras_padpos"

_EVENTS = rf"events\.out\.tfevents\..*{re.escape(EVENTS_SUFFIX)}"
# Of atomic_file and atomic_path, in a process that was killed.
_HALF_WRITTEN = r"\.(.+\.\d+-[0-9a-f]{8}\.tmp|\d+-[0-9a-f]{8}\.tmp\..+)"
_LONGEST = 80
_GAP = ".."
# Without the ending.
_UNIT_FILE = rf"(?a:[\w.=+-]{{0,{_LONGEST}}})-[0-9a-f]{{8}}"


def read_file(
    file: Path, folder: str | os.PathLike, most: int = LARGEST_FILE
) -> BinaryIO:
    """Open a file of a work directory, which may be a stranger's.

    It does not wait, whatever the file is.

    Args:
        file: The file.
        folder: The work directory, in which the file must really lie.
        most: The largest size, in bytes.

    Returns:
        The file, open for reading bytes.

    Raises:
        InputError: If it is no regular file, lies elsewhere or is too large.
        OSError: If it cannot be opened.
    """
    if not Path(os.path.realpath(file)).is_relative_to(
        os.path.realpath(folder)
    ):
        raise InputError("it leads out of the work directory")
    about = os.stat(file)
    # To open a pipe would wait for somebody who writes, and a device may have
    # no end.
    if not stat.S_ISREG(about.st_mode):
        raise InputError("it is no regular file")
    if about.st_size > most:
        raise InputError(f"it is larger than {most / 1e6:.0f} MB")
    return open(file, "rb")


def keep_lines(
    file: Path, wanted: Callable[[str], bool]
) -> list[dict[str, Any]]:
    r"""Keep the lines of wanted units; drop all others, and torn ones."""
    if not file.exists():
        return []
    kept, kept_metrics = [], []
    try:
        with read_file(file, file.parent, LARGEST_METRICS) as stream:
            lines = stream.readlines()
    except InputError as error:
        raise InputError(f"{str(file)!r}: {error}") from error
    for line in lines:
        try:
            metrics = json.loads(line)
            unit = metrics["unit"]
        except (ValueError, KeyError, TypeError):
            continue
        if unit is not None and wanted(unit) and line.endswith(b"\n"):
            kept.append(line)
            kept_metrics.append(metrics)
    if kept != lines:
        with atomic_file(file) as stream:
            stream.writelines(kept)
    return kept_metrics


def read_config(path: str | os.PathLike) -> tuple[str, dict[str, Any]]:
    """The experiment and the flags in a directory's config.json."""
    try:
        with read_file(Path(path) / CONFIG_FILE, path) as stream:
            saved = json.loads(stream.read())
        experiment, config = saved["experiment"], dict(saved["config"])
        if not isinstance(experiment, str):
            raise InputError("`experiment` is no name")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(
            f"`workdir` {str(path)!r} holds a {CONFIG_FILE} that this package "
            "did not write"
        ) from None
    return experiment, config


def config_differences(
    saved: Mapping[str, Any], now: Mapping[str, Any]
) -> list[str]:
    """Say in which flags a saved config and the present one differ."""
    return [
        f"--{name} is {_shown(saved, name)} there and {_shown(now, name)} now"
        for name in dict.fromkeys([*saved, *now])
        if _shown(saved, name) != _shown(now, name)
    ]


def _shown(config: Mapping[str, Any], name: str) -> str:
    if name not in config:
        return "not set"
    return json_bytes(config[name], indent=None).decode().rstrip("\n")


def unit_file(key: str, ending: str) -> str:
    """Name the file of a unit of work; of a long key the middle is left out."""
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
    # A name of a file may be no UTF-8.
    content = key.encode(errors="backslashreplace")
    digest = hashlib.sha256(content).hexdigest()[:8]
    return f"{readable}-{digest}.{ending}"


def written_files(path: str | os.PathLike) -> list[Path]:
    """What a run has written, results.json first; not config.json, the lock."""
    path = Path(path)
    files = [
        *(
            path / name
            for name in (RESULTS_FILE, METRICS_FILE, ARRAYS_FILE)
            if (path / name).is_file()
        ),
        *event_files(path),
        *_in(path / CHECKPOINTS, rf"{_UNIT_FILE}\.(json|npz)"),
        *_in(path / FIGURES, rf"{FIGURE_NAME}\.png"),
        *_in(path / MODELS, rf"{_UNIT_FILE}\.keras"),
        *half_written_files(path),
    ]
    # Some half-written files have the ending of a whole one.
    return list(dict.fromkeys(files))


def event_files(path: str | os.PathLike) -> list[Path]:
    """List the files for TensorBoard that a run has written."""
    return _in(Path(path), _EVENTS)


def half_written_files(path: str | os.PathLike) -> list[Path]:
    """List what a killed process was writing."""
    return [
        file
        for folder in ("", CHECKPOINTS, FIGURES, MODELS)
        for file in _in(Path(path, folder), _HALF_WRITTEN)
    ]


def remove_files(path: str | os.PathLike, files: Sequence[Path]) -> None:
    """Remove files of a run, and its folders where they are empty then."""
    for file in files:
        file.unlink()
    for folder in (CHECKPOINTS, FIGURES, MODELS):
        try:
            Path(path, folder).rmdir()
        except OSError:
            pass  # Not there, or somebody else's files are left in it.


def files_in_words(path: str | os.PathLike, files: Sequence[Path]) -> str:
    """Say in one line which files there are."""
    counts: dict[str, int] = {}
    for file in files:
        if re.fullmatch(_HALF_WRITTEN, file.name):
            continue
        first = file.relative_to(path).parts[0]
        if re.fullmatch(_EVENTS, first):
            first = "events.*"
        counts[first] = counts.get(first, 0) + 1
    return ", ".join(
        f"{name} ({count} file{'s' if count > 1 else ''})"
        if name in (CHECKPOINTS, FIGURES, MODELS)
        else name
        for name, count in counts.items()
    )


def _in(folder: Path, pattern: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if re.fullmatch(pattern, file.name)
        and (file.is_file() or file.is_symlink())
    )
