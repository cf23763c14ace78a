"""What a run has written into its directory."""

import os
import re
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path

from keras_padpos.runs.unit_file import is_unit_file

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
