"""The work directory of a run of several processes."""

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


class SharedDirectory(WorkDirectory):
    """Process 0 writes; all others go on from what it finds.

    The others have a directory of their own, which nobody else sees and which
    is gone when they end. Every process must ask for the same checkpoints in
    the same order.

    Args:
        devices: The processes; see `training.OneDevice`.
        path: The directory, on the machine of process 0.
        experiment: See `WorkDirectory`.
        config: See `WorkDirectory`.
        **options: See `WorkDirectory`.

    Raises:
        InputError: In every process, if process 0 cannot work in it.
    """

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
        self._private = None
        problem = ""
        if not self._leads:
            self._private = tempfile.TemporaryDirectory()
            path = self._private.name
        try:
            super().__init__(path, experiment, config, **options)
        except InputError as error:
            problem = str(error)
        problems = devices.gather({"problem": np.array(problem)})
        if any(str(each["problem"]) for each in problems):
            raise InputError(
                next(filter(None, (str(each["problem"]) for each in problems)))
            )

    def checkpoint(
        self, key: str, *, arrays: bool = True
    ) -> tuple[list[Any], dict[str, np.ndarray]] | None:
        """Load a finished unit of work of process 0; see `WorkDirectory`."""
        mine = {}
        if self._leads:
            found = super().checkpoint(key, arrays=arrays)
            if found is not None:
                mine = {"rows": np.array(json.dumps(found[0]))}
                mine |= {
                    f"arrays/{name}": each for name, each in found[1].items()
                }
        theirs = self._devices.gather(mine)[0]
        if not theirs:
            return None
        return json.loads(str(theirs.pop("rows"))), {
            name.removeprefix("arrays/"): each for name, each in theirs.items()
        }

    def save_checkpoint(
        self,
        key: str,
        rows: Sequence[Any],
        arrays: Mapping[str, Any] | None = None,
    ) -> tuple[list[Any], dict[str, np.ndarray]]:
        """Save a finished unit of work, in process 0; see `WorkDirectory`."""
        if self._leads:
            return super().save_checkpoint(key, rows, arrays)
        arrays = {
            name: np.asarray(each) for name, each in (arrays or {}).items()
        }
        return strict_json(list(rows)), arrays

    def save_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Write arrays.npz, in process 0."""
        if self._leads:
            super().save_arrays(arrays)

    def save_model(self, key: str, model: Any) -> None:
        """Write a model, in process 0."""
        if self._leads:
            super().save_model(key, model)

    def log(self, unit: str | None = None, **metrics: Any) -> None:
        """Append one line to metrics.jsonl, in process 0."""
        if self._leads:
            super().log(unit, **metrics)

    def write_results(
        self, rows: Sequence[Any], provenance: Mapping[str, Any]
    ) -> None:
        """Write results.json, in process 0."""
        if not self._leads:
            raise SystemExit(0)
        super().write_results(rows, provenance)

    def agree_on_finished(self) -> bool:
        """Whether process 0 has finished the run before."""
        mine = {"finished": np.array(self.finished)}
        return bool(self._devices.gather(mine)[0]["finished"])


def open_work_directory(
    experiment: str,
    config: Mapping[str, Any],
    devices: "OneDevice | None" = None,
) -> WorkDirectory:
    """Open what `--workdir` names, as `--resume` and `--overwrite` say.

    Example:
        >>> import tempfile
        >>> from absl import flags
        >>> from keras_padpos.runs.flags import define_common_flags
        >>> define_common_flags()
        >>> _ = flags.FLAGS(["count", f"--workdir={tempfile.mkdtemp()}"])
        >>> open_work_directory("count", {"seed": 0}).finished
        False

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
    options = {
        "resume": values["resume"].value,
        "overwrite": values["overwrite"].value,
    }
    path = values["workdir"].value
    if devices is None or devices.processes == 1:
        return WorkDirectory(path, experiment, config, **options)
    work = SharedDirectory(devices, path, experiment, config, **options)
    if work.agree_on_finished() and devices.process:
        print(f"{experiment}: process 0 has the results", file=sys.stderr)
        raise SystemExit(0)
    return work
