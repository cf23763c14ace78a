"""The folder that a sweep fills."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import error_words
from keras_padpos.files.disk import atomic_file
from keras_padpos.runs.directory_lock import DirectoryLock
from keras_padpos.sweep.run import SweepEntry
from keras_padpos.sweep.run import SweepLog
from keras_padpos.sweep.run import SweepRun

_SWEEP = "sweep.json"
_RESULTS = "results.json"


class SweepFolder:
    """The folder that a sweep fills.

    ```
    sweep.json        the runs: flags, state, seconds, node
    NAME-DIGEST/      a run's work directory
    logs/             what each run has printed, and Ray
    ```

    A run's directory is found by the digest of its flags, so a grid may grow
    or be written otherwise, and its finished runs stay finished.

    Example:
        >>> import tempfile
        >>> folder = SweepFolder(tempfile.mkdtemp())
        >>> run = SweepRun("experiments.count", {"seed": 1})
        >>> entry, = folder.entries([run])
        >>> os.path.basename(entry.workdir) == run.name
        True

    Args:
        path: The folder; it need not be there.
    """

    def __init__(self, path: str | os.PathLike):
        # Nodes of a cluster start elsewhere.
        self.path = Path(path).expanduser().absolute()
        self._lock = None

    @property
    def ray_log(self) -> Path:
        """Where Ray's own words go."""
        return self.path / "logs" / "ray.log"

    def entries(self, runs: Sequence[SweepRun]) -> list[SweepEntry]:
        """Look at what is there of some runs.

        Args:
            runs: The runs.

        Returns:
            An entry for each. Those with results.json are finished, with what
            sweep.json knows of them.

        Raises:
            InputError: If the folder cannot be read.
        """
        try:
            names = os.listdir(self.path) if self.path.exists() else []
        except OSError as error:
            raise InputError(
                f"Cannot read --out={self.path}: {error_words(error)}."
            ) from error
        there: dict[str, list[str]] = {}
        for name in sorted(names):
            if (self.path / name).is_dir():
                there.setdefault(name.rpartition("-")[2], []).append(name)
        known = self._known()
        entries = []
        for run in runs:
            # Copies may lie beside it: its own name first, then what is
            # finished.
            name = min(
                there.get(run.digest, [run.name]),
                key=lambda name, run=run: (
                    name != run.name,
                    not (self.path / name / _RESULTS).exists(),
                ),
            )
            workdir = self.path / name
            log = SweepLog(self.path / "logs" / f"{name}.log")
            entry = SweepEntry(run, str(workdir), log)
            if (workdir / _RESULTS).exists():
                entry.state, entry.before = "finished", True
                told = known.get(str(workdir), {})
                entry.attempts = told.get("attempts", 0)
                entry.node = told.get("node")
                entry.seconds = told.get("seconds")
            entries.append(entry)
        return entries

    def open(self) -> None:
        """Make the folder, and keep other sweeps out while this one lives.

        Raises:
            InputError: If it cannot be made or written, or another sweep is
                at work in it.
        """
        try:
            (self.path / "logs").mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock.take(self.path)
        except InputError as error:
            holder = str(error).partition(". Wait")[0]
            raise InputError(
                f"{holder}: another sweep. Wait until it has ended, or choose "
                "another --out."
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error

    def save(self, entries: Sequence[SweepEntry]) -> None:
        """Write sweep.json.

        Args:
            entries: All runs.

        Raises:
            InputError: If it cannot be written.
        """
        content = {"runs": [entry.as_dict() for entry in entries]}
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        try:
            with atomic_file(self.path / _SWEEP) as file:
                file.write(text.encode())
        except OSError as error:
            raise self._unwritable(error) from error

    def _known(self) -> dict[str, dict[str, Any]]:
        try:
            text = (self.path / _SWEEP).read_text(encoding="utf-8")
            return {run["workdir"]: run for run in json.loads(text)["runs"]}
        except (OSError, ValueError, KeyError, TypeError):
            # It only embellishes what the work directories say.
            return {}

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(
            f"Cannot write --out={self.path}: {error_words(error)}. What is "
            "there is kept; the same command goes on."
        )
