"""The directory that a run works in."""

import contextlib
import errno
import json
import os
import re
import sys
import warnings
import zipfile
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from typing import BinaryIO

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.errors import printable
from keras_padpos.files import disk
from keras_padpos.path_lock import PathLock
from keras_padpos.report import run_files
from keras_padpos.report.cells import listed
from keras_padpos.runs.events import EventLog

# What reading a damaged file raises.
_DAMAGES = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


class WorkDirectory:
    """What a run leaves behind, and what a resumed run finds.

    ::

        config.json     experiment and flags, written when the directory is made
        results.json    experiment, config, rows, provenance: written last
        metrics.jsonl   one line a step or epoch
        events.*        the same and the results, for TensorBoard
        arrays.npz      maps and other arrays
        figures/        NAME.png, and the same as NAME.pdf
        models/         NAME.keras, what was trained
        checkpoints/    finished units of work

    A directory belongs to one experiment with one config. Without
    results.json it is unfinished, and opening it again goes on from its
    checkpoints. Every file but metrics.jsonl and events.* is whole or not
    there. One process at a time works in a directory: it holds a lock until
    the object is closed or forgotten, or the process ends. A finished run is
    opened without the lock and without writing anything.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp()
        >>> work = WorkDirectory(path, "count", {"seed": 0})
        >>> _ = work.save_checkpoint("first", [{"images": 3}])
        >>> again = WorkDirectory(path, "count", {"seed": 0})
        >>> again.checkpoint("first")
        ([{'images': 3}], {})

    Args:
        path: The directory; made if it is not there. `None` is
            `runs/EXPERIMENT` under the current directory.
        experiment: Name of the experiment, such as `"position_probe"`.
        config: The flags that decide the results, as `resolved_flags` returns
            them.
        resume: Whether to go on from what an unfinished run left; else that
            is removed.
        overwrite: Whether to remove what an earlier run left, finished or
            not, of whatever experiment and config; one line on standard
            error says what.

    Raises:
        InputError: If another process works in the directory, or it belongs to
            another experiment or config (one that holds nothing but such a
            config.json is taken over), holds files of others, cannot be
            written, or is finished while `resume` is `False`. Nothing in it
            is changed then.
    """

    def __init__(
        self,
        path: str | os.PathLike | None,
        experiment: str,
        config: Mapping[str, Any],
        resume: bool = True,
        overwrite: bool = False,
    ):
        self.path = Path("runs", experiment) if path is None else Path(path)
        self.path = self.path.expanduser()
        self.experiment = experiment
        self.config = disk.strict_json(config)
        # Keys of units: from checkpoints, and gone on with from their middle.
        self._loaded: set[str] = set()
        self._saved: set[str] = set()
        self._resumed: set[str] = set()
        self._lock: PathLock | None = None
        self._events = EventLog(
            self.path, {"experiment": experiment, **self.config}
        )
        with self._writing(self.path):
            self._open(resume, overwrite)

    def close(self) -> None:
        """Let other processes work in the directory."""
        self._events.close()
        self._lock = None

    @property
    def finished(self) -> bool:
        """Whether results.json is there."""
        return (self.path / run_files.RESULTS_FILE).exists()

    def load_results(self) -> dict[str, Any]:
        """Read results.json."""
        file = self.path / run_files.RESULTS_FILE
        try:
            results = self._read(file)
            for name, kind in ("rows", list), ("provenance", dict):
                if not isinstance(results[name], kind):
                    raise InputError(f"`{name}` is no {kind.__name__}")
        except _DAMAGES as error:
            raise InputError(
                f"Cannot read results from {str(file)!r}: {error_text(error)}. "
                "Remove the file to compute them again from the checkpoints."
            ) from error
        return results

    def checkpoint(
        self, key: str, *, arrays: bool = True
    ) -> tuple[list[Any], dict[str, np.ndarray]] | None:
        """Load a finished unit of work; `None` if there is none.

        A damaged checkpoint counts as none, with a warning; the log lines of
        its unit are dropped, since the unit will be computed again.

        Args:
            key: Names the unit, such as `"vgg16 zeros seed=0"`.
            arrays: Whether to read its arrays too; else the dict is empty.

        Returns:
            Its rows and arrays as `save_checkpoint` got them.
        """
        file = self._checkpoint_file(key)
        if not file.exists():
            return None
        try:
            saved = self._read(file)
            if saved["key"] != key:
                raise InputError(f"it belongs to {saved['key']!r}")
            rows, loaded = saved["rows"], {}
            if arrays and saved["arrays"] is not None:
                loaded = disk.read_arrays(
                    file.with_suffix(".npz"), saved["arrays"]
                )
        except _DAMAGES as error:
            warnings.warn(
                f"Checkpoint {str(file)!r} is damaged ({error_text(error)}); "
                f"{key!r} is computed again.",
                stacklevel=2,
            )
            if not self.finished:
                with self._writing(self.path / run_files.METRICS_FILE):
                    self._keep_lines(lambda unit: unit != key)
            return None
        if key not in self._saved:
            self._loaded.add(key)
        return rows, loaded

    def save_checkpoint(
        self,
        key: str,
        rows: Sequence[Any],
        arrays: Mapping[str, Any] | None = None,
    ) -> tuple[list[Any], dict[str, np.ndarray]]:
        """Save a finished unit of work, in place of an earlier one.

        Args:
            key: Names the unit.
            rows: What was measured, as for results.json.
            arrays: Arrays of numbers by name.

        Returns:
            Rows and arrays as `checkpoint` returns them, so that a run does
            the same with a unit it computed and with one it loaded.
        """
        file = self._checkpoint_file(key)
        rows = disk.strict_json(list(rows))
        numbers = disk.as_arrays(arrays or {})
        npz = file.with_suffix(".npz")
        saved = {"key": key, "rows": rows, "arrays": None}
        # JSON takes its name last: what it says, the digest of the arrays
        # included, decides whether the unit is finished. It is written before
        # the arrays take theirs: else a full disk would leave new arrays
        # beside old JSON.
        with self._atomic(file) as stream, contextlib.ExitStack() as stack:
            if numbers:
                packed = stack.enter_context(self._atomic(npz))
                saved["arrays"] = disk.write_arrays(packed, numbers)
            _put_json(stream, saved)
        self._saved.add(key)
        return list(rows), numbers

    def mark_resumed(self, key: str) -> None:
        """Count a unit as resumed that goes on from its middle."""
        self._resumed.add(key)

    def remove_checkpoint(self, key: str) -> None:
        """Remove a unit of work that is no longer needed, if it is there."""
        file = self._checkpoint_file(key)
        with self._writing(file):
            file.unlink(missing_ok=True)
            file.with_suffix(".npz").unlink(missing_ok=True)
        self._saved.discard(key)
        self._loaded.discard(key)

    def log(self, unit: str | None = None, **metrics: Any) -> None:
        """Append one line to metrics.jsonl."""
        metrics = disk.strict_json(metrics)
        line = disk.json_bytes({"unit": unit, **metrics}, indent=None)
        file = self.path / run_files.METRICS_FILE
        with self._writing(file), open(disk.writable(file), "ab") as stream:
            stream.write(line)
        self._events.log(unit, metrics)

    def save_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Write arrays.npz, in place of an earlier one."""
        with self._atomic(self.path / run_files.ARRAYS_FILE) as stream:
            disk.write_arrays(stream, disk.as_arrays(arrays))

    def figure_path(self, name: str) -> Path:
        """Say where a figure belongs, and make its directory."""
        if not re.fullmatch(run_files.FIGURE_NAME, name):
            raise InputError(
                "`name` must consist of letters, digits and `_.+=-`. "
                f"Received: name={name!r}. Leave out directories and blanks."
            )
        folder = self.path / run_files.FIGURES
        with self._writing(folder):
            folder.mkdir(exist_ok=True)
        return folder / f"{name}.png"

    def save_model(self, key: str, model: Any) -> str:
        """Write a model into `models/`, in place of an earlier one."""
        file = self._model_file(key)
        with self._writing(file):
            file.parent.mkdir(exist_ok=True)
            with disk.atomic_path(file) as hidden:
                model.save(hidden)
        return file.relative_to(self.path).as_posix()

    def load_model(self, key: str) -> Any:
        """Load what `save_model` wrote."""
        import keras

        from keras_padpos.models import plain_reason

        file = self._model_file(key)
        if not file.exists():
            raise InputError(
                f"{str(self.path)!r} holds no model of {key!r}: it was "
                "removed, or the run was one of an earlier version. Run it "
                "again with another --workdir."
            )
        try:
            with run_files.read_file(file, self.path, run_files.LARGEST_ARRAYS):
                pass
            return keras.saving.load_model(file, compile=False)
        except Exception as error:
            # Whatever a damaged archive makes of Keras, zipfile and h5py.
            raise InputError(
                f"Cannot read the model {str(file)!r}: {plain_reason(error)}. "
                "Run it again with another --workdir."
            ) from error

    def write_results(
        self, rows: Sequence[Any], provenance: Mapping[str, Any]
    ) -> None:
        """Write results.json, which finishes the run.

        To the provenance is added `resumed_units`, the number of units that
        came from checkpoints: if it is not 0, `wall_seconds` covers only the
        last session.
        """
        if self.finished:
            raise RuntimeError(
                f"`results.json` is written once. Received: rows for {self}, "
                "which is finished. Ask `finished` before computing."
            )
        results = {
            "experiment": self.experiment,
            "config": self.config,
            "rows": disk.strict_json(list(rows)),
            "provenance": {
                **disk.strict_json(provenance),
                "resumed_units": len(
                    (self._loaded - self._saved) | self._resumed
                ),
            },
        }
        with self._atomic(self.path / run_files.RESULTS_FILE) as stream:
            _put_json(stream, results)
            # Nothing takes the room of the results any more.
            self._events.finish(results["rows"])

    def __str__(self) -> str:
        return f"{str(self.path)!r}"

    def _open(self, resume: bool, overwrite: bool) -> None:
        if self._is_done(resume, overwrite):
            return
        self.path.mkdir(parents=True, exist_ok=True)
        # Better now than after an hour of computing.
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self._lock = PathLock.take(self.path, "--workdir")
        # Another process may have worked here since.
        if self._is_done(resume, overwrite):
            self.close()
        elif self._is_free():
            self._write_config()
        elif overwrite:
            self._start_anew()
        elif resume:
            files = run_files.half_written_files(self.path)
            run_files.remove_files(self.path, files)
            self._keep_lines(lambda key: self._checkpoint_file(key).exists())
        else:
            files = run_files.written_files(self.path)
            run_files.remove_files(self.path, files)

    def _is_done(self, resume: bool, overwrite: bool) -> bool:
        """Refuse what must not be touched, and tell if all is there."""
        if self.path.exists() and not self.path.is_dir():
            raise InputError(
                f"`workdir` must be a directory. Received: {self}, a file. "
                "Choose another --workdir."
            )
        if self._is_free():
            return False
        if not (self.path / run_files.CONFIG_FILE).exists():
            names = map(repr, self._shown_names())
            raise InputError(
                f"`workdir` {self} holds files but no {run_files.CONFIG_FILE}, "
                "so it is no work directory. Received: "
                f"{listed(names, 3, ', ', ' and {} more')}. Choose another "
                "--workdir."
            )
        self._check_config(any_run=overwrite)
        if overwrite or not self.finished:
            return False
        if not resume:
            raise InputError(
                f"`workdir` {self} is finished and is not started over. "
                "Choose another --workdir, or leave out --noresume to see "
                "its results, or add --overwrite to remove them."
            )
        return True

    def _shown_names(self) -> list[str]:
        # Hidden files are of no concern: the lock, what a killed process left
        # half written, what file managers leave.
        if not self.path.is_dir():
            return []
        names = (entry.name for entry in self.path.iterdir())
        return sorted(name for name in names if not name.startswith("."))

    def _is_free(self) -> bool:
        """Whether nothing is here, or only the config of a run that failed."""
        names = self._shown_names()
        if names == [run_files.CONFIG_FILE]:
            with contextlib.suppress(OSError, ValueError):
                run_files.read_config(self.path)
                return True
        return not names

    def _check_config(self, any_run: bool) -> None:
        """Refuse a directory of somebody else, or of another run."""
        try:
            experiment, config = run_files.read_config(self.path)
        except ValueError as error:
            raise InputError(f"{error}. Choose another --workdir.") from None
        if any_run:
            return
        if experiment != self.experiment:
            raise InputError(
                f"`workdir` {self} belongs to the experiment {experiment!r}. "
                f"Received: {self.experiment!r}. Choose another --workdir."
            )
        differences = run_files.config_differences(config, self.config)
        if differences:
            raise InputError(
                f"`workdir` {self} belongs to a run with other flags: "
                f"{'; '.join(differences)}. Choose another --workdir."
            )

    def _start_anew(self) -> None:
        """Remove what an earlier run left, and nothing else."""
        experiment, _ = run_files.read_config(self.path)
        files = run_files.written_files(self.path)
        removed = run_files.files_in_words(self.path, files)
        kind = "a finished" if self.finished else "an unfinished"
        run_files.remove_files(self.path, files)
        self._write_config()
        line = f"--overwrite removed {kind} run of {experiment} from {self}: "
        line += removed or run_files.CONFIG_FILE
        print(printable(line), file=sys.stderr, flush=True)

    def _write_config(self) -> None:
        with self._atomic(self.path / run_files.CONFIG_FILE) as stream:
            _put_json(
                stream, {"experiment": self.experiment, "config": self.config}
            )

    def _keep_lines(self, wanted: Callable[[str], bool]) -> None:
        """Keep what the wanted units logged."""
        file = self.path / run_files.METRICS_FILE
        self._events.restart(run_files.keep_lines(file, wanted))

    def _read(self, file: Path) -> Any:
        with run_files.read_file(file, self.path) as stream:
            return json.loads(stream.read())

    def _checkpoint_file(self, key: str) -> Path:
        name = run_files.unit_file(key, "json")
        return self.path / run_files.CHECKPOINTS / name

    def _model_file(self, key: str) -> Path:
        return self.path / run_files.MODELS / run_files.unit_file(key, "keras")

    @contextlib.contextmanager
    def _atomic(self, file: Path) -> Iterator[BinaryIO]:
        with self._writing(file):
            # Only checkpoints/ may be missing; a work directory removed
            # during the run stays an error.
            if file.parent != self.path:
                file.parent.mkdir(exist_ok=True)
            with disk.atomic_file(file) as stream:
                yield stream

    @contextlib.contextmanager
    def _writing(self, file: Path) -> Iterator[None]:
        """Say in one line why a file cannot be written."""
        try:
            yield
        except OSError as error:
            # The directory itself or a file in it, whichever failed.
            raise InputError(
                f"Cannot write {str(file)!r}: {error_text(error)}. What was "
                "written before is kept. Make room or permission for it and "
                "run the same command again, or choose another --workdir."
            ) from error


def _put_json(stream: BinaryIO, value: Any) -> None:
    stream.write(disk.json_bytes(value))
    # That there is room for it is certain only then.
    stream.flush()
    os.fsync(stream.fileno())
