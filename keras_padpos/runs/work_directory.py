"""The directory that a run works in."""

import contextlib
import errno
import hashlib
import json
import os
import re
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

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.atomic_path import atomic_path
from keras_padpos.runs.strict_json import strict_json
from keras_padpos.runs.user_error import UserError

_CONFIG = "config.json"
_RESULTS = "results.json"
_METRICS = "metrics.jsonl"
_ARRAYS = "arrays.npz"
_CHECKPOINTS = "checkpoints"
_FIGURES = "figures"
_MODELS = "models"


class WorkDirectory:
    """What a run leaves behind, and what a resumed run finds.

    ```
    config.json     experiment and flags, written when the directory is made
    results.json    experiment, config, rows, provenance: written last
    metrics.jsonl   one line a step or epoch
    arrays.npz      maps and other arrays
    figures/        NAME.png
    models/         NAME.keras, what was trained
    checkpoints/    finished units of work
    ```

    A directory belongs to one experiment with one config. Without
    results.json it is unfinished, and opening it again goes on from its
    checkpoints. Every file but metrics.jsonl and the figures is whole or not
    there. One process at a time may work in a directory.

    Example:
        >>> import tempfile
        >>> path = tempfile.mkdtemp()
        >>> work = WorkDirectory(path, "count", {"seed": 0})
        >>> work.checkpoint("first") is None
        True
        >>> _ = work.save_checkpoint("first", [{"images": 3}])
        >>> again = WorkDirectory(path, "count", {"seed": 0})
        >>> again.checkpoint("first")
        ([{'images': 3}], {})
        >>> again.write_results([{"images": 3}], {})
        >>> again.finished
        True

    Args:
        path: The directory; made if it is not there. `None` is
            `runs/EXPERIMENT` under the current directory.
        experiment: Name of the experiment, such as `"position_probe"`.
        config: The flags that decide the results, as `resolved_flags` returns
            them.
        resume: Whether to go on from what an unfinished run left. With
            `False` its checkpoints, metrics, arrays, figures and models are
            removed.

    Raises:
        UserError: If the directory belongs to another experiment or config
            (one that holds nothing but such a config.json is taken over),
            holds files but no config.json, cannot be written, or is finished
            while `resume` is `False`. Nothing in it is changed then.
    """

    def __init__(
        self,
        path: str | os.PathLike | None,
        experiment: str,
        config: Mapping[str, Any],
        resume: bool = True,
    ):
        self.path = Path("runs", experiment) if path is None else Path(path)
        self.path = self.path.expanduser()
        self.experiment = experiment
        self.config = strict_json(config)
        self._found = set()
        self._saved = set()
        self._resumed = set()
        with self._writing(self.path):
            self._open(resume)

    @classmethod
    def open_finished(
        cls, path: str | os.PathLike, experiment: str
    ) -> "WorkDirectory":
        """Open what a finished run left, whatever its config.

        Args:
            path: The directory.
            experiment: Name of the experiment that must have written it.

        Returns:
            The work directory; `config` tells the flags of the run.

        Raises:
            UserError: If it is not that of a finished run of the experiment.
        """
        path = Path(path).expanduser()
        try:
            results = (path / _RESULTS).read_text(encoding="utf-8")
            saved = json.loads(results)
            found, config = saved["experiment"], dict(saved["config"])
            if found != experiment:
                raise ValueError(f"it is one of {found}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, FileNotFoundError):
                error = ValueError(f"there is no {_RESULTS}")
            raise UserError(
                f"{str(path)!r} is no work directory of a finished run of "
                f"{experiment} ({_reason(error)})."
            ) from error
        return cls(path, experiment, config)

    @property
    def finished(self) -> bool:
        """Whether results.json is there."""
        return (self.path / _RESULTS).exists()

    def load_results(self) -> dict[str, Any]:
        """Read results.json.

        Returns:
            A dict with `experiment`, `config`, `rows` and `provenance`.

        Raises:
            UserError: If it is not there or cannot be read.
        """
        file = self.path / _RESULTS
        try:
            results = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(results["rows"], list):
                raise ValueError("`rows` is no list")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"Cannot read results from {str(file)!r}: {_reason(error)}. "
                "Remove the file to compute them again from the checkpoints."
            ) from error
        return results

    def checkpoint(
        self, key: str, *, arrays: bool = True
    ) -> tuple[list[Any], dict[str, np.ndarray]] | None:
        """Load a finished unit of work.

        A damaged checkpoint counts as none, with a warning; the log lines of
        its unit are dropped, since the unit will be computed again.

        Args:
            key: Names the unit, such as `"vgg16 zeros seed=0"`.
            arrays: Whether to read its arrays too; if not, they are not
                looked at, and the dict is empty.

        Returns:
            Its rows and arrays as `save_checkpoint` got them, or `None`.
        """
        file = self._checkpoint_file(key)
        try:
            saved = json.loads(file.read_text(encoding="utf-8"))
            if saved["key"] != key:
                raise ValueError(f"it belongs to {saved['key']!r}")
            rows, found = saved["rows"], {}
            if arrays and saved["arrays"] is not None:
                npz = file.with_suffix(".npz")
                if _digest(npz) != saved["arrays"]:
                    raise ValueError(f"{npz.name} does not belong to it")
                found = _read_arrays(npz)
        except FileNotFoundError as error:
            # A unit whose JSON is there lacks only its arrays: damaged.
            if error.filename is None or Path(error.filename) == file:
                return None
            damage = error
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            zipfile.BadZipFile,
        ) as error:
            damage = error
        else:
            if key not in self._saved:
                self._found.add(key)
            return rows, found
        warnings.warn(
            f"Checkpoint {str(file)!r} is damaged ({_reason(damage)}); "
            f"{key!r} is computed again.",
            stacklevel=2,
        )
        with self._writing(self.path / _METRICS):
            self._keep_lines(lambda unit: unit != key)
        return None

    def save_checkpoint(
        self,
        key: str,
        rows: Sequence[Any],
        arrays: Mapping[str, Any] | None = None,
    ) -> tuple[list[Any], dict[str, np.ndarray]]:
        """Save a finished unit of work.

        Args:
            key: Names the unit. A unit saved before under it is replaced.
            rows: What was measured, as for results.json.
            arrays: Arrays of numbers by name.

        Returns:
            Rows and arrays as `checkpoint` returns them, so that a run does
            the same with a unit it computed and with one it found.

        Raises:
            UserError: If the file cannot be written.
            ValueError: If an array does not hold numbers.
            TypeError: If a row cannot be written as JSON.
        """
        file = self._checkpoint_file(key)
        rows = strict_json(list(rows))
        arrays = _as_arrays(arrays or {})
        npz = file.with_suffix(".npz")
        saved = {"key": key, "rows": rows, "arrays": None}
        # JSON comes last: what it says, the digest of the arrays included,
        # decides whether the unit is finished.
        if arrays:
            saved["arrays"] = self._write_arrays(npz, arrays)
        self._write_json(file, saved)
        self._saved.add(key)
        return rows, arrays

    def mark_resumed(self, key: str) -> None:
        """Count a unit as resumed that goes on from its middle.

        Args:
            key: Names the unit.
        """
        self._resumed.add(key)

    def remove_checkpoint(self, key: str) -> None:
        """Remove a unit of work that is no longer needed, if it is there.

        Args:
            key: Names the unit.

        Raises:
            UserError: If a file cannot be removed.
        """
        file = self._checkpoint_file(key)
        with self._writing(file):
            file.unlink(missing_ok=True)
            file.with_suffix(".npz").unlink(missing_ok=True)
        self._saved.discard(key)
        self._found.discard(key)

    def log(self, unit: str | None = None, **metrics: Any) -> None:
        """Append one line to metrics.jsonl.

        A line stays with its unit. When an unfinished directory is opened
        again, only the lines of units with a checkpoint are kept: all others
        will be logged anew, so no line stands there twice.

        Args:
            unit: Key of the unit of work, as given to `save_checkpoint`;
                `None` for what is logged in every session.
            **metrics: Names and values, such as `epoch=3, loss=0.1`.

        Raises:
            UserError: If the line cannot be written.
            TypeError: If a value cannot be written as JSON.
        """
        line = _dump({"unit": unit, **strict_json(metrics)})
        file = self.path / _METRICS
        with self._writing(file):
            with open(file, "a", encoding="utf-8") as stream:
                stream.write(line + "\n")

    def save_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Write arrays.npz, in place of an earlier one.

        Args:
            arrays: Arrays of numbers by name.

        Raises:
            UserError: If the file cannot be written.
            ValueError: If an array does not hold numbers.
        """
        self._write_arrays(self.path / _ARRAYS, _as_arrays(arrays))

    def figure_path(self, name: str) -> Path:
        """Say where a figure belongs, and make its directory.

        Args:
            name: Name of the figure, without directory and ending.

        Returns:
            The path `figures/NAME.png` in the work directory.

        Raises:
            UserError: If the directory cannot be made.
            ValueError: If `name` is no plain file name.
        """
        if not re.fullmatch(r"[\w][\w.+=-]*", name):
            raise ValueError(
                "`name` must consist of letters, digits and `_.+=-`. "
                f"Received: name={name!r}. Leave out directories and blanks."
            )
        folder = self.path / _FIGURES
        with self._writing(folder):
            folder.mkdir(exist_ok=True)
        return folder / f"{name}.png"

    def save_model(self, key: str, model: Any) -> None:
        """Write a model into `models/`, in place of an earlier one.

        Args:
            key: Names the unit of work that it belongs to.
            model: A Keras model.

        Raises:
            UserError: If the file cannot be written.
        """
        file = self._unit_file(_MODELS, key, "keras")
        with self._writing(file):
            file.parent.mkdir(exist_ok=True)
            with atomic_path(file) as hidden:
                model.save(hidden)

    def load_model(self, key: str) -> Any:
        """Load what `save_model` wrote.

        Args:
            key: Names the unit of work that it belongs to.

        Returns:
            The Keras model, not compiled.

        Raises:
            UserError: If it is not there or cannot be read.
        """
        import keras

        file = self._unit_file(_MODELS, key, "keras")
        if not file.exists():
            raise UserError(
                f"{str(self.path)!r} holds no model of {key!r}: it was "
                "removed, or the run was one of an earlier version. Run it "
                "again with another --workdir."
            )
        try:
            return keras.saving.load_model(file, compile=False)
        except Exception as error:
            # Whatever a damaged archive makes of Keras, zipfile and h5py.
            raise UserError(
                f"Cannot read the model {str(file)!r}: {_reason(error)}. Run "
                "it again with another --workdir."
            ) from error

    def write_results(
        self, rows: Sequence[Any], provenance: Mapping[str, Any]
    ) -> None:
        """Write results.json, which finishes the run.

        Args:
            rows: What was measured, a flat mapping a row.
            provenance: As `Provenance.as_dict` returns it. `resumed_units`,
                the number of units that came from checkpoints, is added: if
                it is not 0, `wall_seconds` covers only the last session.

        Raises:
            UserError: If the file cannot be written.
            RuntimeError: If it is already there.
            TypeError: If a row cannot be written as JSON.
        """
        if self.finished:
            raise RuntimeError(
                f"`results.json` is written once. Received: rows for {self}, "
                "which is finished. Ask `finished` before computing."
            )
        results = {
            "experiment": self.experiment,
            "config": self.config,
            "rows": strict_json(list(rows)),
            "provenance": {
                **strict_json(provenance),
                "resumed_units": len(
                    (self._found - self._saved) | self._resumed
                ),
            },
        }
        self._write_json(self.path / _RESULTS, results)

    def __str__(self) -> str:
        return f"{str(self.path)!r}"

    def _open(self, resume: bool) -> None:
        if (self.path / _CONFIG).exists() and not self._is_blank():
            self._check_same_run()
            if not resume and self.finished:
                raise UserError(
                    f"`workdir` {self} is finished and is not started over. "
                    "Choose another --workdir, or leave out --noresume to see "
                    "its results."
                )
            if not self.finished:
                # Better now than after an hour of computing.
                if not os.access(self.path, os.W_OK | os.X_OK):
                    code = errno.EACCES
                    raise PermissionError(code, os.strerror(code))
                if not resume:
                    self._remove_own_files()
                self._keep_lines(
                    lambda unit: self._checkpoint_file(unit).exists()
                )
            return
        if self.path.exists() and not self.path.is_dir():
            raise UserError(
                f"`workdir` must be a directory. Received: {self}, a file. "
                "Choose another --workdir."
            )
        if self.path.is_dir():
            # Hidden files are of no concern: none of ours has such a name,
            # but for what a killed process left half written.
            found = sorted(
                entry.name
                for entry in self.path.iterdir()
                if not entry.name.startswith(".")
            )
            if found and not self._is_blank():
                raise UserError(
                    f"`workdir` {self} holds files but no {_CONFIG}, so it is "
                    f"no work directory. Received: {_some(found)}. Choose "
                    "another --workdir."
                )
        self.path.mkdir(parents=True, exist_ok=True)
        self._write_json(
            self.path / _CONFIG,
            {"experiment": self.experiment, "config": self.config},
        )

    def _is_blank(self) -> bool:
        """Whether a run failed here before it finished anything.

        Its config.json is then nobody's: flags that were wrong must not keep
        the right ones out.
        """
        names = {entry.name for entry in self.path.iterdir()}
        if names != {_CONFIG}:
            return False
        try:
            saved = json.loads(
                (self.path / _CONFIG).read_text(encoding="utf-8")
            )
            return isinstance(saved["experiment"], str) and isinstance(
                saved["config"], dict
            )
        except (OSError, ValueError, TypeError, KeyError):
            return False

    def _check_same_run(self) -> None:
        file = self.path / _CONFIG
        text = file.read_text(encoding="utf-8", errors="replace")
        try:
            there = json.loads(text)
            experiment, config = there["experiment"], dict(there["config"])
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"`workdir` {self} holds a {_CONFIG} that this package did "
                "not write. Choose another --workdir."
            ) from None
        if experiment != self.experiment:
            raise UserError(
                f"`workdir` {self} belongs to the experiment {experiment!r}. "
                f"Received: {self.experiment!r}. Choose another --workdir."
            )
        differences = [
            f"--{name} is {_shown(config, name)} there and "
            f"{_shown(self.config, name)} now"
            for name in dict.fromkeys([*config, *self.config])
            if _shown(config, name) != _shown(self.config, name)
        ]
        if differences:
            raise UserError(
                f"`workdir` {self} belongs to a run with other flags: "
                f"{'; '.join(differences)}. Choose another --workdir."
            )

    def _remove_own_files(self) -> None:
        """Remove what this class has written, and nothing else."""
        for folder, endings in (
            (_CHECKPOINTS, ("json", "npz")),
            (_FIGURES, ("png",)),
            (_MODELS, ("keras",)),
        ):
            for ending in endings:
                for file in (self.path / folder).glob(f"*.{ending}"):
                    file.unlink()
            # Somebody else's files may be left in it.
            with contextlib.suppress(OSError):
                (self.path / folder).rmdir()
        for name in (_ARRAYS, _METRICS):
            (self.path / name).unlink(missing_ok=True)

    def _keep_lines(self, wanted: Callable[[str], bool]) -> None:
        """Keep the metrics of the wanted units; drop torn lines too."""
        file = self.path / _METRICS
        if not file.exists():
            return
        kept = []
        lines = file.read_bytes().splitlines(keepends=True)
        for line in lines:
            try:
                unit = json.loads(line)["unit"]
            except (ValueError, KeyError, TypeError):
                continue
            if unit is not None and wanted(unit) and line.endswith(b"\n"):
                kept.append(line)
        if kept != lines:
            with atomic_file(file) as stream:
                stream.writelines(kept)

    def _checkpoint_file(self, key: str) -> Path:
        return self._unit_file(_CHECKPOINTS, key, "json")

    def _unit_file(self, folder: str, key: str, ending: str) -> Path:
        if not isinstance(key, str) or not key:
            raise ValueError(
                "`key` must be a string that is not empty. "
                f"Received: key={key!r}. Name the unit of work."
            )
        readable = re.sub(r"[^\w.=+-]+", "-", key, flags=re.ASCII)[:80]
        # Two keys may read the same.
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        return self.path / folder / f"{readable}-{digest}.{ending}"

    def _write_json(self, file: Path, value: Any) -> None:
        text = _dump(value, indent=2) + "\n"
        with self._atomic(file) as stream:
            stream.write(text.encode())

    def _write_arrays(self, file: Path, arrays: dict[str, np.ndarray]) -> str:
        """Write arrays and return the digest of the file."""
        with self._atomic(file) as stream:
            with zipfile.ZipFile(stream, "w") as archive:
                for name, array in arrays.items():
                    # Without a date in it, the same arrays are the same file.
                    entry = zipfile.ZipInfo(f"{name}.npy")
                    with archive.open(entry, "w", force_zip64=True) as member:
                        np.lib.format.write_array(
                            member, array, allow_pickle=False
                        )
            stream.seek(0)
            return hashlib.file_digest(stream, "sha256").hexdigest()

    @contextlib.contextmanager
    def _atomic(self, file: Path) -> Iterator[BinaryIO]:
        with self._writing(file):
            # Only checkpoints/ may be missing; a work directory removed
            # during the run stays an error.
            if file.parent != self.path:
                file.parent.mkdir(exist_ok=True)
            with atomic_file(file) as stream:
                yield stream

    @contextlib.contextmanager
    def _writing(self, file: Path) -> Iterator[None]:
        """Say in one line why a file cannot be written."""
        try:
            yield
        except OSError as error:
            # The directory itself or a file in it, whichever failed.
            raise UserError(
                f"Cannot write {str(file)!r}: {_reason(error)}. What was "
                "written before is kept. Make room or permission for it and "
                "run the same command again, or choose another --workdir."
            ) from error


def _as_arrays(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    converted = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in converted.items():
        # Python objects need pickle, which can run code when read; dtypes
        # from outside NumPy (bfloat16) come back as raw bytes.
        if array.dtype.kind not in "biufcSU":
            raise ValueError(
                f"`arrays` must hold numbers. Received: {name!r} of dtype "
                f"{array.dtype}. Convert it, to float32 say."
            )
    return converted


def _read_arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _dump(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False)


def _shown(config: Mapping[str, Any], name: str) -> str:
    return _dump(config[name]) if name in config else "not set"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return str(error) or type(error).__name__
