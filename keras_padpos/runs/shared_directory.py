"""The work directory of a run of several processes."""

import functools
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.files.disk import strict_json
from keras_padpos.runs.flags import active_flags
from keras_padpos.runs.work_directory import WorkDirectory

if TYPE_CHECKING:
    from keras_padpos.training import OneDevice


def _in_first(method):
    """A method that only process 0 calls."""

    @functools.wraps(method)
    def call(self, *arguments, **options):
        if self._leads:
            return method(self, *arguments, **options)
        return None

    return call


class _SharedDirectory(WorkDirectory):
    """Process 0 writes; all others go on from what it finds."""

    def __init__(
        self,
        devices: "OneDevice",
        path: str | os.PathLike | None,
        experiment: str,
        config: Mapping[str, Any],
        **options: bool,
    ) -> None:
        self._devices = devices
        self._leads = devices.process == 0
        problem = ""
        if not self._leads:
            self._private = tempfile.TemporaryDirectory()
            path = self._private.name
        try:
            super().__init__(path, experiment, config, **options)
        except InputError as error:
            problem = str(error)
        for each in devices.gather({"problem": np.array(problem)}):
            if str(each["problem"]):
                raise InputError(str(each["problem"]))

    def checkpoint(
        self, key: str, *, arrays: bool = True
    ) -> tuple[list[Any], dict[str, np.ndarray]] | None:
        """Load a finished unit of work of process 0; see `WorkDirectory`."""
        from keras_padpos import training

        state = {}
        saved = super().checkpoint(key, arrays=arrays) if self._leads else None
        if saved is not None:
            text = np.array(json.dumps(saved[0]))
            state = training.flat_state({"rows": text, "arrays": saved[1]})
        state = self._devices.gather(state)[0]
        if not state:
            return None
        rows = json.loads(str(state["rows"]))
        return rows, training.sub_state(state, "arrays")

    def save_checkpoint(
        self,
        key: str,
        rows: Sequence[Any],
        arrays: Mapping[str, Any] | None = None,
    ) -> tuple[list[Any], dict[str, np.ndarray]]:
        """Save a finished unit of work, in process 0; see `WorkDirectory`."""
        if self._leads:
            return super().save_checkpoint(key, rows, arrays)
        return strict_json(list(rows)), {
            name: np.asarray(each) for name, each in (arrays or {}).items()
        }

    log = _in_first(WorkDirectory.log)
    save_arrays = _in_first(WorkDirectory.save_arrays)
    save_model = _in_first(WorkDirectory.save_model)

    def write_results(
        self, rows: Sequence[Any], provenance: Mapping[str, Any]
    ) -> None:
        """Write results.json, in process 0."""
        if not self._leads:
            raise SystemExit(0)
        super().write_results(rows, provenance)


def open_work_directory(
    experiment: str,
    config: Mapping[str, Any],
    devices: "OneDevice | None" = None,
) -> WorkDirectory:
    """Open what `--workdir` names, as `--resume` and `--overwrite` say.

    Args:
        experiment: Name of the experiment, such as `"position_probe"`.
        config: The flags that decide the results, as `resolved_flags` returns
            them.
        devices: What the run uses; with several processes only the first
            writes the directory.

    Returns:
        The work directory.

    Raises:
        InputError: See `WorkDirectory`.
    """
    values = active_flags()
    options: dict[str, Any] = {
        "resume": values["resume"].value,
        "overwrite": values["overwrite"].value,
    }
    path = values["workdir"].value
    if devices is None or devices.processes == 1:
        return WorkDirectory(path, experiment, config, **options)
    work = _SharedDirectory(devices, path, experiment, config, **options)
    finished = {"finished": np.array(work.finished)}
    if devices.gather(finished)[0]["finished"] and devices.process:
        print(f"{experiment}: process 0 has the results", file=sys.stderr)
        raise SystemExit(0)
    return work
