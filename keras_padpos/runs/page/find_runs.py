"""Find the work directories that somebody names."""

from collections.abc import Sequence
from pathlib import Path

from keras_padpos.runs.page.natural_key import natural_key
from keras_padpos.runs.page.read_run import is_work_directory
from keras_padpos.runs.page.read_run import read_run
from keras_padpos.runs.page.run_record import RunRecord
from keras_padpos.runs.user_error import UserError


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
        UserError: If a path is no folder, or one without work directories.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        path = Path(given).expanduser()
        if not path.is_dir():
            what = "a file" if path.exists() else "it is not there"
            raise UserError(
                "DIR must be a work directory or a folder of such. Received: "
                f"{str(given)!r} ({what})."
            )
        inside = [path] if is_work_directory(path) else _inside(path)
        if not inside:
            raise UserError(
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
